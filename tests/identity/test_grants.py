"""Permissions beyond roles: who may give what, when they hold, and that a revocation is heard everywhere at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.errors import CheckViolation

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Permission, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.identity.models.grants import GRANTABLE, Grant, Reason, clock_of, granted, judge, minute_of
from factories import activate_agent, make_tenant, make_user
from support.identity import bearer, eventually
from support.whole import whole

# A Monday, 07:59:30 in São Paulo.
EARLY = datetime(2026, 3, 9, 10, 59, 30, tzinfo=UTC)
ZONES = [ZoneInfo(name) for name in ("America/Sao_Paulo", "America/New_York", "UTC", "Europe/Lisbon")]
WEEKDAYS = {"days": [1, 2, 3, 4, 5], "from_time": "08:00", "until_time": "18:00"}


def grant(permission="user:read", **changes):
    plain = dict.fromkeys(("resource_type", "resource_id", "days", "from_minute", "until_minute", "expires_at"))
    ids = {"id": uuid4(), "user_id": uuid4(), "granted_by": uuid4(), "created_at": EARLY}
    return Grant(**(ids | plain | {"permission": permission} | changes))


windows = st.fixed_dictionaries(
    {
        "days": st.none() | st.sets(st.integers(1, 7), min_size=1).map(tuple),
        "hours": st.none() | st.tuples(st.integers(0, 1438), st.integers(1, 1440)).filter(lambda h: h[0] < h[1]),
        "ends": st.none() | st.integers(1, 200_000),
    }
)
moments = st.integers(0, 2 * 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@given(st.lists(windows, max_size=4), moments, st.sampled_from(ZONES), st.integers(0, 90))
def test_what_is_remembered_is_what_would_be_found(drawn, now, zone, later):
    """Until the moment that they name, grants give the same as at the beginning, through changes of the clock too."""
    grants = [
        grant(
            sorted(GRANTABLE)[index],
            days=one["days"],
            from_minute=one["hours"] and one["hours"][0],
            until_minute=one["hours"] and one["hours"][1],
            expires_at=one["ends"] and now + timedelta(seconds=one["ends"]),
        )
        for index, one in enumerate(drawn)
    ]
    first = granted(grants, now, zone)
    then = now + timedelta(seconds=later)
    if first.until is None or then < first.until:
        assert granted(grants, then, zone).permissions == first.permissions


@pytest.mark.parametrize(
    ("hour", "day", "holds"),
    [(8, 9, True), (7, 9, False), (17, 13, True), (18, 13, False), (12, 14, False), (12, 15, False)],
)
def test_the_hours_are_the_tenants(hour, day, holds):
    zone = ZoneInfo("America/Sao_Paulo")
    one = grant(days=(1, 2, 3, 4, 5), from_minute=minute_of("08:00"), until_minute=minute_of("18:00"))
    assert one.in_window(datetime(2026, 3, day, hour, tzinfo=zone), zone) == holds


@pytest.mark.parametrize("minute", [0, 1, 59, 60, 480, 1439, 1440])
def test_a_time_reads_as_it_was_written(minute):
    assert minute_of(clock_of(minute)) == minute


def test_a_roles_permission_is_for_each_thing_and_a_grant_for_its_own():
    zone, thing = ZONES[0], ("agent", "7")
    role = ROLE_PERMISSIONS[Role.TENANT_USER]
    assert judge(role, [], Permission.AGENT_READ, thing, EARLY, zone) == (True, Reason.ROLE)
    scoped = [grant("agent:manage", resource_type="agent", resource_id="7")]
    assert judge(role, scoped, Permission.AGENT_MANAGE, thing, EARLY, zone) == (True, Reason.GRANT)
    for resource in (None, ("agent", "8"), ("integration", "7")):
        assert judge(role, scoped, Permission.AGENT_MANAGE, resource, EARLY, zone) == (False, Reason.NOT_GRANTED)
    for_all = [grant("agent:manage", from_minute=480, until_minute=1080)]
    assert judge(role, for_all, Permission.AGENT_MANAGE, thing, EARLY, zone) == (False, Reason.OUTSIDE_TIME_WINDOW)
    later = EARLY + timedelta(minutes=1)
    assert judge(role, for_all, Permission.AGENT_MANAGE, thing, later, zone) == (True, Reason.GRANT)


@pytest.mark.parametrize("thing", [None, ("webhook", "7")])
def test_who_was_granted_to_run_webhooks_sees_them_too(thing):
    kind, name = thing or (None, None)
    held = [grant("webhook:manage", resource_type=kind, resource_id=name)]
    found = granted(held, EARLY, ZONES[0])
    both = {Permission.WEBHOOK_MANAGE, Permission.WEBHOOK_READ}
    assert (found.scoped if thing else found.permissions) == ({(one, thing) for one in both} if thing else both)
    assert judge(frozenset(), held, Permission.WEBHOOK_READ, thing, EARLY, ZONES[0]) == (True, Reason.GRANT)
    reads = [grant("webhook:read", resource_type=kind, resource_id=name)]
    assert judge(frozenset(), reads, Permission.WEBHOOK_MANAGE, thing, EARLY, ZONES[0])[0] is False


def test_what_is_staffs_gives_nothing_even_if_it_stood_in_the_table():
    held = [grant("platform:read"), grant("no:such")]
    assert granted(held, EARLY, ZONES[0]).permissions == frozenset()
    assert judge(frozenset(), held, Permission.PLATFORM_READ, None, EARLY, ZONES[0])[0] is False


@pytest.fixture
async def company(first, db):
    """An administrator, their client's headers, and a user with theirs."""
    tenant = await make_tenant(db)
    boss, user = await make_user(db, tenant.id), await make_user(db, tenant.id, role=Role.TENANT_USER)
    tokens = [(await first.login(person))["access_token"] for person in (boss, user)]
    return tenant, boss, user, bearer(tokens[0]), bearer(tokens[1])


async def give(process, headers, user, permission="user:read", **more):
    body = {"user_id": str(user.id), "permission": permission, **more}
    return await process.client().post("/tenant/grants", json=body, headers=headers)


async def people(process, headers):
    return (await process.client().get("/tenant/users", headers=headers)).status_code


async def test_a_grant_opens_every_route_at_once_and_its_end_closes_them_in_every_process(first, second, company, db):
    tenant, boss, user, admin, mine = company
    assert await people(first, mine) == await people(second, mine) == 403
    made = await give(first, admin, user)
    assert made.status_code == 201, made.text

    async def open_in_the_other():
        return await people(second, mine) == 200

    await eventually(open_in_the_other)
    assert await people(first, mine) == 200
    path = f"/tenant/grants/{made.json()['id']}"
    assert (await first.client().delete(path, headers=mine)).status_code == 403
    assert (await first.client().delete(path, headers=admin)).status_code == 204
    assert await people(first, mine) == 403

    async def closed_in_the_other():
        return await people(second, mine) == 403

    await eventually(closed_in_the_other)
    assert (await first.client().delete(path, headers=admin)).status_code == 404
    rows = await audit.entries(db.tenant(tenant.id), tenant.id, Wanted(resource_id=str(user.id)), 10)
    told = [(row.action, row.actor_email) for row in rows if row.action.startswith("grant.")]
    assert told == [("grant.revoked", boss.email), ("grant.created", boss.email)]


async def test_a_window_opens_and_closes_by_itself(first, company):
    _, boss, user, _, _ = company
    with clock.frozen(EARLY):
        mine = bearer((await first.login(user))["access_token"])
        admin = bearer((await first.login(boss))["access_token"])
        assert (await give(first, admin, user, window=WEEKDAYS)).status_code == 201
        assert await people(first, mine) == 403
    for seconds, status in ((29, 403), (30, 200), (10 * 3600 + 29, 200), (10 * 3600 + 30, 403)):
        moment = EARLY + timedelta(seconds=seconds)
        with clock.frozen(moment):
            headers = mine if seconds < 600 else bearer((await first.login(user))["access_token"])
            assert await people(first, headers) == status, moment


async def test_an_end_is_kept_to_the_second(first, company):
    _, _, user, admin, mine = company
    end = clock.now() + timedelta(seconds=20)
    assert (await give(first, admin, user, expires_at=end.isoformat())).status_code == 201
    assert await people(first, mine) == 200
    with clock.frozen(end):
        assert await people(first, mine) == 403
        assert (await first.client().get("/tenant/grants", headers=admin)).json()["total"] == 0
        # What is over makes room for a new one.
        assert (await give(first, admin, user)).status_code == 201
        assert await people(first, mine) == 200


async def test_for_one_thing_it_opens_the_routes_that_name_it(settings, db):
    tenant = await make_tenant(db)
    boss, user = await make_user(db, tenant.id), await make_user(db, tenant.id, role=Role.TENANT_USER)
    named, other = [await activate_agent(db, tenant.id) for _ in range(2)]
    async with whole(settings) as process:
        grant = {"user_id": str(user.id), "permission": "agent:manage"}
        grant |= {"resource_type": "agent", "resource_id": str(named).upper()}
        async with process.client(await process.token(boss.email, boss.password)) as client:
            assert (await client.post("/tenant/grants", json=grant)).status_code == 201
        async with process.client(await process.token(user.email, user.password)) as client:
            assert (await client.post(f"/tenant/agents/{other}/deactivate")).status_code == 403
            assert (await client.post(f"/tenant/agents/{named}/deactivate")).status_code == 200


@pytest.mark.parametrize("permission", ["user:manage", "api_key:manage", "grant:manage"])
async def test_what_would_outlive_a_grant_cannot_be_granted(first, company, permission):
    _, _, user, admin, _ = company
    answer = await give(first, admin, user, permission)
    assert (answer.status_code, answer.json()["error"]) == (403, "grant_not_yours")


async def test_who_is_let_in_again_comes_without_grants(first, company):
    _, _, user, admin, mine = company
    assert (await give(first, admin, user)).status_code == 201
    assert await people(first, mine) == 200
    for status in ("deactivated", "active"):
        answer = await first.client().patch(f"/tenant/users/{user.id}", json={"status": status}, headers=admin)
        assert answer.status_code == 200, answer.text
    again = bearer((await first.login(user))["access_token"])
    assert await people(first, again) == 403
    assert (await first.client().get("/tenant/grants", headers=admin)).json()["total"] == 0


async def test_what_cannot_be_given(first, company, db):
    _, boss, user, admin, mine = company
    elsewhere = await make_user(db, (await make_tenant(db)).id)
    cases = [
        (admin, boss, "agent:manage", {}, 403, "grant_to_oneself"),
        (admin, user, "platform:read", {}, 403, "grant_not_yours"),
        (admin, user, "tenant:view_as", {}, 403, "grant_not_yours"),
        (admin, user, "no:such", {}, 400, "validation_error"),
        (admin, elsewhere, "user:read", {}, 404, "user_not_found"),
        (mine, boss, "user:read", {}, 403, "forbidden"),
        (admin, user, "user:read", {"resource_type": "agent"}, 400, "validation_error"),
        (admin, user, "user:read", {"expires_at": "2020-01-01T00:00:00Z"}, 400, "validation_error"),
        (admin, user, "user:read", {"expires_at": "2090-01-01T00:00:00"}, 400, "validation_error"),
        (admin, user, "user:read", {"window": {"days": [8]}}, 400, "validation_error"),
        (admin, user, "user:read", {"window": {"days": []}}, 400, "validation_error"),
        (admin, user, "user:read", {"window": {"from_time": "9:00"}}, 400, "validation_error"),
        (admin, user, "user:read", {"window": {"from_time": "18:00", "until_time": "08:00"}}, 400, "validation_error"),
        (admin, user, "user:read", {"granted_by": str(uuid4())}, 400, "validation_error"),
    ]
    for headers, person, permission, more, status, code in cases:
        answer = await give(first, headers, person, permission, **more)
        assert (answer.status_code, answer.json()["error"]) == (status, code), (permission, more)
    assert (await give(first, admin, user)).status_code == 201
    again = await give(first, admin, user)
    assert (again.status_code, again.json()["error"]) == (409, "grant_exists")
    # Who has it by a grant alone cannot pass it on.
    passed = await give(first, mine, boss, "user:read")
    assert (passed.status_code, passed.json()["error"]) == (403, "forbidden")


async def test_of_two_at_once_one_is_given(first, company):
    _, _, user, admin, _ = company
    answers = await asyncio.gather(*(give(first, admin, user) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


async def test_another_company_sees_and_revokes_nothing(first, company, db):
    _, _, user, admin, _ = company
    made = (await give(first, admin, user)).json()
    stranger = bearer((await first.login(await make_user(db, (await make_tenant(db)).id)))["access_token"])
    assert (await first.client().get("/tenant/grants", headers=stranger)).json() == {"grants": [], "total": 0}
    gone = await first.client().delete(f"/tenant/grants/{made['id']}", headers=stranger)
    assert gone.status_code == 404
    assert (await first.client().get("/tenant/grants", headers=admin)).json()["grants"] == [made]


async def test_checking_ones_own(first, company, db):
    _, _, user, admin, mine = company
    thing = {"resource_type": "agent", "resource_id": "7"}
    assert (await give(first, admin, user, "agent:manage", **thing)).status_code == 201
    staff = bearer((await first.login(await make_user(db, PLATFORM_TENANT)))["access_token"])
    for headers, query, allowed, reason in (
        (mine, {"permission": "agent:read"} | thing, True, "role"),
        (mine, {"permission": "agent:manage"} | thing, True, "grant"),
        (mine, {"permission": "agent:manage"}, False, "not_granted"),
        (admin, {"permission": "agent:manage"} | thing, True, "role"),
        (staff, {"permission": "platform:read"}, True, "role"),
        (staff, {"permission": "trial:use"}, False, "not_granted"),
    ):
        answer = await first.client().get("/api/permissions/check", params=query, headers=headers)
        assert answer.json() == {"allowed": allowed, "reason": reason}, query
    for wrong in ({}, {"permission": "x"}, {"permission": "agent:read", "resource_type": "agent"}):
        assert (await first.client().get("/api/permissions/check", params=wrong, headers=mine)).status_code == 400


async def test_the_database_holds_it_too(first, company, sql):
    tenant, boss, user, _, _ = company
    insert = """
    INSERT INTO alquimista_platform.permission_grants
      (tenant_id, id, user_id, permission, granted_by, created_at, resource_type, days, from_minute, until_minute)
    VALUES (%s, %s, %s, 'user:read', %s, %s, %s, %s, %s, %s)
    """
    plain = {"who": user.id, "by": boss.id, "type": None, "days": None, "from": None, "until": None}
    for wrong in (
        {"who": user.id, "by": user.id},
        {"type": "agent"},
        {"days": [0]},
        {"days": []},
        {"from": 600},
        {"from": 600, "until": 600},
        {"until": 1441},
    ):
        row = plain | wrong
        with pytest.raises(CheckViolation):
            await sql(
                insert, tenant.id, uuid4(), row["who"], row["by"], EARLY, row["type"], row["days"], row["from"],
                row["until"],
            )  # fmt: skip


async def test_a_view_of_more_than_an_hour_is_no_row(company, first, sql):
    tenant, boss, _, _, _ = company
    session = (await sql("SELECT id FROM alquimista_platform.sessions WHERE user_id = %s", boss.id))[0][0]
    insert = "INSERT INTO alquimista_platform.tenant_views VALUES (%s, %s, %s, 'a reason', %s, %s)"
    with pytest.raises(CheckViolation, match="an_hour"):
        await sql(insert, session, tenant.id, boss.id, EARLY, EARLY + timedelta(minutes=61))
