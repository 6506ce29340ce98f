"""Passwords: the rules, the hash, and getting a new one."""

import asyncio
import threading
from datetime import timedelta

import bcrypt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista import clock
from alquimista.errors import Invalid, Unavailable
from alquimista.identity.jobs import JOBS
from alquimista.identity.models.passwords import MAX_LENGTH, check_password, prehash
from alquimista.identity.service import hashing
from alquimista.identity.service.hashing import PasswordHasher
from alquimista.identity.service.passwords import ResetOf, send_reset_link
from factories import PASSWORD, make_tenant, make_user
from support.identity import bearer, link_token

NEW = "Outra-Frase-7-Longa"


def broken(password, email="ana@empresa.com.br"):
    try:
        check_password(password, email)
    except Invalid as problem:
        return {error.code for error in problem.errors}
    return set()


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        (PASSWORD, set()),
        ("Ipê-roxo 7 flores", set()),
        ("Ab1cdef", {"length"}),
        ("a" * MAX_LENGTH + "B1", {"length"}),
        ("tudo-minusculo-9", {"upper"}),
        ("TUDO-MAIUSCULO-9", {"lower"}),
        ("Sem-Algarismo-x", {"digit"}),
        ("", {"length", "upper", "lower", "digit"}),
    ],
)
def test_length_and_kinds_of_characters(password, codes):
    assert broken(password) == codes


@pytest.mark.parametrize(
    "password",
    [
        "Senha123",
        "Senha@2024",
        "S3nh4123!",
        "Password1",
        "P@ssw0rd",
        "Pa55word1",
        "Brasil2024",
        "BRASIl2026!!",
        "Flamengo81",
        "Qwerty123",
        "1Q2w3e4r",
        "Mudar123",
        "Admin1234",
        "Abcd1234",
        "Aaaaaaa1",
        "SenhaSenha1",
        "123Senha",
        "Verão2025",
        "Alquimista1",
        "Jesus777",
    ],
)
def test_common_passwords_are_refused_however_they_are_dressed(password):
    assert broken(password) == {"common"}


@pytest.mark.parametrize("password", ["Ana@empresa.com.br1", "1Ana@Empresa.Com.Br", "Contato2024"])
def test_the_own_address_is_no_password(password):
    assert "email" in broken(password, "ana@empresa.com.br") | broken(password, "contato@empresa.com.br")


@given(st.text(max_size=300), st.text(max_size=300))
def test_the_prehash_fits_bcrypt_and_tells_passwords_apart(one, other):
    assert len(prehash(one)) == 44
    assert b"\0" not in prehash(one)
    assert prehash(one + "x") != prehash(one)


async def test_long_passwords_and_those_with_nul_count_to_the_end():
    hasher = PasswordHasher(cost=4)
    for password in ("a" * 100, "a\0b", "é" * 72):
        stored = await hasher.hash(password)
        assert await hasher.verify(password, stored)
        assert not await hasher.verify(password + "x", stored)
        assert not await hasher.verify(password[:-1], stored)
    assert await hasher.verify("e\u0301", await hasher.hash("\u00e9")), "however the keyboard composes accents"
    hasher.close()


async def test_hashing_runs_off_the_loop_in_bounded_threads_and_refuses_a_flood(monkeypatch):
    hasher, busy, release, seen = PasswordHasher(cost=4), threading.Event(), threading.Event(), set()
    real = bcrypt.checkpw

    def slow(prehashed, stored):
        seen.add(threading.current_thread().name)
        busy.set()
        release.wait(10)
        return real(prehashed, stored)

    monkeypatch.setattr(hashing.bcrypt, "checkpw", slow)
    most = hashing.WAITING_PER_THREAD * hasher._threads
    tasks = [asyncio.create_task(hasher.verify("x", None)) for _ in range(most)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await hasher.verify("x", None)
    release.set()
    assert await asyncio.gather(*tasks) == [False] * most
    assert all(name.startswith("bcrypt") for name in seen)
    assert len(seen) <= hasher._threads
    hasher.close()


@pytest.fixture
async def user(db):
    return await make_user(db, (await make_tenant(db)).id)


async def run_reset_jobs(process, sql):
    """What the worker does with the promised links."""
    rows = await sql("DELETE FROM alquimista_platform.job_queue WHERE entrypoint = %s RETURNING payload", JOBS[0].name)
    for (payload,) in rows:
        data = msgspec.json.decode(payload)["data"]
        await send_reset_link(process.services, None, msgspec.convert(data, ResetOf))


async def test_a_forgotten_password_is_reset_by_a_mailed_link_once(first, second, user, sql):
    session = await first.login(user)
    known = await first.client().post("/auth/password/forgot", json={"email": user.email.upper()})
    unknown = await first.client().post("/auth/password/forgot", json={"email": "nobody@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (202, b"")
    await run_reset_jobs(first, sql)
    token = await link_token(sql, user.email)
    weak = await second.client().post("/auth/password/reset", json={"token": token, "password": "Senha123"})
    assert (weak.status_code, weak.json()["errors"][0]["field"]) == (400, "password")
    done = await second.client().post("/auth/password/reset", json={"token": token, "password": NEW})
    assert done.status_code == 204
    again = await first.client().post("/auth/password/reset", json={"token": token, "password": NEW})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_link")
    assert (await second.me(session["access_token"])).status_code == 401
    refresh = {"refresh_token": session["refresh_token"]}
    assert (await first.client().post("/auth/refresh", json=refresh)).status_code == 401
    assert (
        await first.client().post("/auth/login", json={"email": user.email, "password": PASSWORD})
    ).status_code == 401
    assert await first.login(user, NEW)


async def test_a_reset_opens_a_locked_account(first, user, sql):
    for _ in range(5):
        await first.client().post("/auth/login", json={"email": user.email, "password": "Wrong-Horse-9"})
    assert (
        await first.client().post("/auth/login", json={"email": user.email, "password": PASSWORD})
    ).status_code == 401
    await first.client().post("/auth/password/forgot", json={"email": user.email})
    await run_reset_jobs(first, sql)
    token = await link_token(sql, user.email)
    assert (
        await first.client().post("/auth/password/reset", json={"token": token, "password": NEW})
    ).status_code == 204
    assert await first.login(user, NEW)


async def test_a_link_expires_and_a_newer_reset_ends_the_older_links(first, user, sql):
    tokens = []
    for _ in range(4):
        await first.client().post("/auth/password/forgot", json={"email": user.email})
        await run_reset_jobs(first, sql)
        tokens.append(await link_token(sql, user.email))
    assert len(set(tokens)) == 3, "three links an hour at most"
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        late = await first.client().post("/auth/password/reset", json={"token": tokens[0], "password": NEW})
        assert late.status_code == 400
    assert (
        await first.client().post("/auth/password/reset", json={"token": tokens[1], "password": NEW})
    ).status_code == 204
    assert (
        await first.client().post("/auth/password/reset", json={"token": tokens[2], "password": NEW})
    ).status_code == 400


async def test_two_resets_with_one_link_at_once_set_one_password(first, second, user, sql):
    await first.client().post("/auth/password/forgot", json={"email": user.email})
    await run_reset_jobs(first, sql)
    token = await link_token(sql, user.email)
    bodies = [{"token": token, "password": f"{NEW}{i}"} for i in range(4)]
    processes = (first, second, first, second)
    answers = await asyncio.gather(
        *(p.client().post("/auth/password/reset", json=b) for p, b in zip(processes, bodies, strict=True))
    )
    assert sorted(a.status_code for a in answers) == [204, 400, 400, 400]


async def test_changing_the_password_ends_the_other_sessions_only(first, second, user, sql):
    here, there = await first.login(user), await first.login(user)
    client, headers = first.client(), bearer(here["access_token"])
    wrong = await client.post(
        "/auth/password/change", headers=headers, json={"current_password": "Wrong-9", "password": NEW}
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "current_password")
    done = await client.post(
        "/auth/password/change", headers=headers, json={"current_password": PASSWORD, "password": NEW}
    )
    assert done.status_code == 204
    assert (await second.me(here["access_token"])).status_code == 200
    assert (await second.me(there["access_token"])).status_code == 401
    assert await sql("SELECT 1 FROM alquimista_platform.mails WHERE recipient = %s", user.email)
