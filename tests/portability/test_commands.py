"""`alquimista tenants export | restore | offboard | keep`, as a person types them."""

import asyncio
import os
import pwd
import socket

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.audit import service as audit
from alquimista.cli.main import run
from alquimista.config import variable
from portability.test_signing import key_of


@pytest.fixture
def command(here, monkeypatch):
    monkeypatch.setenv(variable("database_url"), here.db.settings.database_url)
    monkeypatch.setenv(variable("secret_key"), here.db.settings.secret_key)

    async def tenants(*options: object) -> int:
        return await asyncio.to_thread(run, ["tenants", *map(str, options)])

    return tenants


async def test_a_company_is_exported_and_not_restored_over_itself(command, companies, tmp_path, capsys):
    one, _ = companies
    file = tmp_path / "one.zip"
    assert await command("export", one.tenant_id, "--out", file) == 0
    assert "Sample:" in capsys.readouterr().out
    assert await command("restore", file) == 2
    assert "has a customer with this id" in capsys.readouterr().err


async def test_a_company_leaves_and_stays_after_all(command, companies, tmp_path, capsys):
    one, _ = companies
    out = ("--out", tmp_path / "one.zip")
    assert await command("offboard", one.tenant_id, "--reason", "Fim do contrato", *out, "--days", 5) == 0
    assert "alquimista tenants keep" in capsys.readouterr().out
    assert await command("keep", one.tenant_id) == 0
    assert await command("keep", one.tenant_id) == 2


@pytest.mark.parametrize("name", ["x", "01890a5d-ac96-774b-bcce-b302099a8057"])
async def test_a_company_that_is_none_is_one_sentence(command, here, tmp_path, capsys, name):
    assert await command("export", name, "--out", tmp_path / "x.zip") == 2
    assert capsys.readouterr().err.strip()
    assert not (tmp_path / "x.zip").exists()


async def test_a_file_that_is_no_export_is_one_sentence(command, here, tmp_path, capsys):
    (tmp_path / "x.zip").write_text("no zip")
    assert await command("restore", tmp_path / "x.zip") == 2
    assert "not a whole export" in capsys.readouterr().err


ACTS = """
    SELECT a.action, a.actor_kind, a.actor_id, a.actor_role, p.actor_email, p.details->'command_line'
    FROM alquimista_platform.audit_logs AS a
    JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id
    WHERE a.tenant_id = %s AND a.action LIKE 'tenant.%%' ORDER BY a.occurred_at, a.id
"""
TYPED = {"user": pwd.getpwuid(os.getuid()).pw_name, "host": socket.gethostname()}


async def test_the_audit_names_who_typed_it_and_the_member_of_the_staff(command, here, companies, tmp_path):
    (one, _), ana = companies, await factories.make_user(here.db, role=Role.INTERNAL_ADMIN)
    before = len(here.execute(ACTS, one.tenant_id))
    out = ("--out", tmp_path / "one.zip")
    named = ("--as", f" {ana.email.upper()}")
    assert await command("export", one.tenant_id, *out, *named) == 0
    assert await command("offboard", one.tenant_id, "--reason", "Fim do contrato", *out, *named) == 0
    assert await command("keep", one.tenant_id) == 0
    found = here.execute(ACTS, one.tenant_id)[before:]
    hers, nobodys = ("system", ana.id, "INTERNAL_ADMIN", ana.email, TYPED), ("system", None, None, "", TYPED)
    acts = {action: who for action, *who in found}
    assert {action: tuple(who) for action, who in acts.items()} == {
        "tenant.exported": hers,
        "tenant.inactive": hers,
        "tenant.offboarding_requested": hers,
        "tenant.offboarding_cancelled": nobodys,
        "tenant.active": nobodys,
    }
    asked = here.rows("alquimista_platform.tenant_offboardings", one.tenant_id)
    assert str(ana.id) in [row["requested_by"] for row in asked]


async def test_a_restore_names_who_typed_it(command, here, there, tmp_path, monkeypatch):
    company, ana = await factories.make_tenant(here.db), await factories.make_user(there.db, role=Role.INTERNAL_ADMIN)
    file = tmp_path / "one.zip"
    assert await command("export", company.id, "--out", file) == 0
    monkeypatch.setenv(variable("database_url"), there.db.settings.database_url)
    monkeypatch.setenv(variable("secret_key"), there.db.settings.secret_key)
    trusted = key_of(audit.signer(here.db.settings))
    assert await command("restore", file, "--trust", trusted, "--as", ana.email) == 0
    (restored,) = [one for one in there.execute(ACTS, company.id) if one[0] == "tenant.restored"]
    assert restored[1:] == ("system", ana.id, "INTERNAL_ADMIN", ana.email, TYPED)


@pytest.mark.parametrize("who", ["stranger", "customer", "deactivated"])
async def test_only_an_active_member_of_the_staff_can_be_named(command, here, companies, tmp_path, capsys, who):
    one, _ = companies
    of = (await factories.make_tenant(here.db)).id if who == "customer" else PLATFORM_TENANT
    person = await factories.make_user(here.db, of)
    if who == "deactivated":
        left = "UPDATE alquimista_platform.tenant_users SET status = 'deactivated' WHERE user_id = %s"
        here.execute(left, person.id)
    email = "nobody@example.com" if who == "stranger" else person.email
    before = len(here.execute(ACTS, one.tenant_id))
    options = ("--reason", "Fim", "--out", tmp_path / "x.zip", "--as", email)
    assert await command("offboard", one.tenant_id, *options) == 2
    assert f"{email} is no active member of the staff" in capsys.readouterr().err
    assert not (tmp_path / "x.zip").exists()
    assert len(here.execute(ACTS, one.tenant_id)) == before
