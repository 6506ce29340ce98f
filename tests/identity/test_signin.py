"""Signing in: who gets in, and that nobody learns from a refusal which accounts exist."""

import asyncio
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.identity.models.passwords import lock_until
from alquimista.identity.service.hashing import COST, PasswordHasher
from alquimista.identity.service.signin import ATTEMPTS
from alquimista.tenants.models import TenantStatus
from factories import PASSWORD, add_member, make_tenant, make_user
from support.identity import bearer


@pytest.fixture(scope="module")
async def tenant(db):
    return await make_tenant(db)


@pytest.fixture
async def user(db, tenant):
    return await make_user(db, tenant.id)


async def attempt(process, email, password, peer=None, **more):
    return await process.client(peer).post("/auth/login", json={"email": email, "password": password, **more})


async def test_a_person_signs_in_however_the_address_is_written(first, user):
    answer = await attempt(first, f"  {user.email.upper()} ", PASSWORD)
    assert answer.status_code == 200
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"], tokens["refresh_expires_in"]) == ("Bearer", 900, 604800)
    assert answer.headers["cache-control"] == "no-store"


async def test_unknown_accounts_and_wrong_passwords_get_equal_answers(first, user):
    wrong = await attempt(first, user.email, "Wrong-Horse-9")
    unknown = await attempt(first, "nobody@example.com", "Wrong-Horse-9")
    no_address = await attempt(first, "not an address", "Wrong-Horse-9")
    assert wrong.status_code == unknown.status_code == no_address.status_code == 401
    varying = {"x-trace-id", "x-ratelimit-remaining", "x-ratelimit-reset"}
    for other in (unknown, no_address):
        assert {**wrong.json(), "trace_id": ""} == {**other.json(), "trace_id": ""}
        assert {k: v for k, v in wrong.headers.items() if k not in varying} == {
            k: v for k, v in other.headers.items() if k not in varying
        }


async def test_unknown_accounts_cost_the_same_hash_as_known_ones(first, user, monkeypatch):
    checked = []
    real = first.kit.hasher.verify

    async def watched(password, password_hash):
        checked.append(password_hash)
        return await real(password, password_hash)

    monkeypatch.setattr(first.kit.hasher, "verify", watched)
    await attempt(first, user.email, "Wrong-Horse-9")
    await attempt(first, "nobody@example.com", "Wrong-Horse-9")
    assert checked[0] is not None
    assert checked[1] is None
    hasher = PasswordHasher()
    assert hasher._nobody.split("$")[2] == (await hasher.hash("x")).split("$")[2] == f"{COST}" == "12"
    assert not await hasher.verify("x", None)
    hasher.close()


async def test_every_success_and_failure_is_audited(first, user, tenant, sql):
    await attempt(first, user.email, "Wrong-Horse-9", peer="203.0.113.7")
    await attempt(first, user.email, PASSWORD, peer="203.0.113.7")
    await attempt(first, "stranger@example.com", PASSWORD)
    rows = await sql(
        "SELECT a.action, a.result, host(p.ip), p.user_agent, p.details ->> 'reason'"
        " FROM alquimista_platform.audit_logs a JOIN alquimista_platform.audit_personal p ON p.entry_id = a.id"
        " WHERE a.tenant_id = %s AND a.actor_id = %s ORDER BY a.id",
        tenant.id,
        user.id,
    )
    assert rows == [
        ("auth.login", "failure", "203.0.113.7", "pytest", "wrong password"),
        ("auth.login", "success", "203.0.113.7", "pytest", None),
    ]
    unknown = await sql(
        "SELECT a.actor_kind, a.result FROM alquimista_platform.audit_logs a"
        " JOIN alquimista_platform.audit_personal p ON p.entry_id = a.id"
        " WHERE a.tenant_id = %s AND p.details ->> 'email' = 'stranger@example.com'",
        PLATFORM_TENANT,
    )
    assert unknown == [("anonymous", "failure")]


async def test_five_attempts_a_minute_for_each_account_and_address_over_all_processes(first, second, user):
    with clock.frozen(clock.now().replace(second=1)):
        processes = [first, second, first, second, first, second]
        answers = [await attempt(p, user.email, PASSWORD, peer="192.0.2.1") for p in processes]
        assert [a.status_code for a in answers] == [200] * 5 + [429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= ATTEMPTS.seconds
        assert (await attempt(first, user.email, PASSWORD, peer="192.0.2.2")).status_code == 200
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        assert (await attempt(first, user.email, PASSWORD, peer="192.0.2.1")).status_code == 200


async def test_who_is_sent_away_because_too_many_wait_has_used_no_attempt(first, user):
    with pytest.MonkeyPatch.context() as crowded:
        crowded.setattr(first.kit.hasher, "_waiting", 10_000)
        answers = [await attempt(first, user.email, PASSWORD, peer="192.0.2.9") for _ in range(6)]
    assert {(a.status_code, a.headers["retry-after"]) for a in answers} == {(503, "2")}
    assert (await attempt(first, user.email, PASSWORD, peer="192.0.2.9")).status_code == 200


async def test_six_attempts_at_once_are_counted_exactly(first, second, user):
    with clock.frozen(clock.now().replace(second=1)):
        tries = [attempt(p, user.email, PASSWORD, peer="192.0.2.9") for p in (first, second) * 4]
        statuses = sorted(a.status_code for a in await asyncio.gather(*tries))
    assert statuses == [200] * 5 + [429] * 3


async def test_repeated_failures_lock_the_account_and_tell_its_owner(first, user, sql):
    moment = clock.now()
    with clock.frozen(moment):
        for _ in range(5):
            assert (await attempt(first, user.email, "Wrong-Horse-9")).status_code == 401
        locked = await attempt(first, user.email, PASSWORD)
        unknown = await attempt(first, "nobody@example.com", PASSWORD)
        assert locked.status_code == 401
        assert {**locked.json(), "trace_id": ""} == {**unknown.json(), "trace_id": ""}, "a lock shows nothing either"
    mails = await sql("SELECT body_text FROM alquimista_platform.mails WHERE recipient = %s", user.email)
    assert len(mails) == 1
    with clock.frozen(moment + timedelta(seconds=61)):
        assert (await attempt(first, user.email, "Wrong-Horse-9")).status_code == 401
    with clock.frozen(moment + timedelta(seconds=150)):
        assert (await attempt(first, user.email, PASSWORD)).status_code == 401, "the second lock lasts two minutes"
    with clock.frozen(moment + timedelta(seconds=190)):
        assert (await attempt(first, user.email, PASSWORD)).status_code == 200
        assert (await attempt(first, user.email, "Wrong-Horse-9")).status_code == 401
        assert (await attempt(first, user.email, PASSWORD)).status_code == 200, "a success starts the count anew"


def test_locks_grow_by_doubling_up_to_an_hour():
    moment = clock.now()
    minutes = [lock_until(n, moment) for n in range(1, 14)]
    assert minutes[:4] == [None] * 4
    assert [(m - moment).total_seconds() / 60 for m in minutes[4:]] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_people_of_a_suspended_company_sign_in_and_those_of_an_inactive_one_do_not(first, db):
    suspended = await make_user(db, (await make_tenant(db, status=TenantStatus.SUSPENDED)).id)
    inactive = await make_user(db, (await make_tenant(db, status=TenantStatus.INACTIVE)).id)
    assert (await first.login(suspended))["access_token"]
    answer = await attempt(first, inactive.email, PASSWORD)
    assert (answer.status_code, answer.json()["error"]) == (403, "account_inactive")


async def test_deactivated_and_unconfirmed_people_do_not_sign_in(first, db, tenant):
    for status in ("deactivated", "pending"):
        user = await make_user(db, tenant.id, status=status)
        assert (await attempt(first, user.email, PASSWORD)).status_code == 403


async def test_staff_who_also_belong_to_a_company_enter_as_staff(first, db, tenant):
    staff = await make_user(db, tenant.id, role=Role.TENANT_USER)
    await add_member(db, PLATFORM_TENANT, staff.id, Role.INTERNAL_SUPPORT)
    tokens = await first.login(staff)
    me = (await first.me(tokens["access_token"])).json()
    assert me["role"] == "INTERNAL_SUPPORT"
    assert [t["id"] for t in me["tenants"]] == [str(tenant.id)]


@pytest.mark.parametrize(
    "body",
    [{}, {"email": "a@b.co"}, {"email": 1, "password": "x"}, {"email": "a@b.co", "password": "x", "role": "ROOT"}, []],
)
async def test_malformed_sign_ins_are_refused_in_words(first, body):
    answer = await first.client().post("/auth/login", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


@pytest.mark.parametrize("password", ["", "\u0000", "a\u0000b", "x" * 256, "ção" * 80, "\U0001f600" * 20])
async def test_odd_passwords_are_only_wrong(first, user, password):
    assert (await attempt(first, user.email, password)).status_code in {400, 401}


async def test_the_profile_is_ones_own_to_change(first, user):
    headers = bearer((await first.login(user))["access_token"])
    client = first.client()
    changed = await client.patch("/auth/me", headers=headers, json={"full_name": " Ana  Lima ", "locale": "en"})
    assert (changed.status_code, changed.json()["name"], changed.json()["locale"]) == (200, "Ana Lima", "en")
    assert (await client.patch("/auth/me", headers=headers, json={"full_name": "", "locale": "xx"})).status_code == 400
