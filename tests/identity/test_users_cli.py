"""`alquimista users` as a person runs it."""

import os
import re
import subprocess
import sys

import pytest

from alquimista.access import PLATFORM_TENANT
from factories import MadeUser, make_tenant, make_user


@pytest.fixture
def alquimista(settings):
    def run(*arguments, typed=""):
        env = {
            "PATH": os.environ["PATH"],
            "ALQUIMISTA_DATABASE_URL": settings.database_url,
            "ALQUIMISTA_SECRET_KEY": settings.secret_key,
        }
        command = [sys.executable, "-m", "alquimista.cli.main", "users", *arguments]
        return subprocess.run(command, env=env, input=typed, capture_output=True, text=True, timeout=60, check=False)

    return run


async def signs_in(process, email, output, role):
    password = re.search(r"shown only now\): (\S+)", output)[1]
    tokens = await process.login(MadeUser(None, email, password, None, role), password)
    return (await process.me(tokens["access_token"])).json()


async def test_staff_and_a_companys_people_are_made_with_a_password_shown_once(first, db, alquimista):
    made = alquimista("create-internal", "--email", "Op@example.com", "--name", "Op", "--role", "INTERNAL_ADMIN")
    assert made.returncode == 0, made.stderr
    assert "second INTERNAL_ADMIN" in made.stdout
    assert (await signs_in(first, "op@example.com", made.stdout, None))["role"] == "INTERNAL_ADMIN"
    tenant = await make_tenant(db)
    made = alquimista("create-tenant", "--tenant-id", str(tenant.id), "--email", "d@example.com", "--name", "Dona")
    me = await signs_in(first, "d@example.com", made.stdout, None)
    assert (me["role"], me["tenant_id"]) == ("TENANT_ADMIN", str(tenant.id))


async def test_a_reset_ends_every_session(first, db, alquimista):
    user = await make_user(db, (await make_tenant(db)).id)
    old = await first.login(user)
    done = alquimista("reset-password", "--email", user.email)
    assert done.returncode == 0, done.stderr
    assert (await signs_in(first, user.email, done.stdout, None))["id"] == str(user.id)
    answer = await first.client().post("/auth/refresh", json={"refresh_token": old["refresh_token"]})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("create-internal", "--email", "x", "--name", "X"), "e-mail address"),
        (("create-internal", "--email", "x@y.co", "--name", "X", "--role", "TENANT_USER"), "INTERNAL_ADMIN"),
        (("create-internal", "--email", "x@y.co", "--name", "X", "--role", "ROOT"), "ROOT"),
        (("create-tenant", "--tenant-id", "x", "--email", "x@y.co", "--name", "X"), "x"),
        (("create-tenant", "--tenant-id", str(PLATFORM_TENANT), "--email", "x@y.co", "--name", "X"), "INTERNAL"),
        (
            (
                "create-tenant",
                "--tenant-id",
                "01890a5d-ac96-774b-bcce-b302099a8057",
                "--email",
                "x@y.co",
                "--name",
                "X",
            ),
            "no customer",
        ),
        (("reset-password", "--email", "nobody@example.com"), "no account"),
        (("reset-password",), "email"),
    ],
)
def test_mistakes_are_one_sentence_and_exit_2(alquimista, arguments, said):
    done = alquimista(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
