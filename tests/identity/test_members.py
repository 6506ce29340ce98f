"""The people of a company, run by its administrators; and the administrators that must remain."""

import asyncio

import pytest

from alquimista.access import PLATFORM_TENANT, Role
from factories import add_member, make_tenant, make_user
from support.identity import bearer, eventually


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, plan="expert")


@pytest.fixture
async def boss(db, tenant):
    return await make_user(db, tenant.id, name="Ana Chefe")


@pytest.fixture
async def headers(first, boss):
    return bearer((await first.login(boss))["access_token"])


async def patch(process, headers, user, prefix="/tenant", **change):
    return await process.client().patch(f"{prefix}/users/{user.id}", headers=headers, json=change)


async def test_people_are_listed_by_name_in_pages(first, db, tenant, headers):
    for name in ("Zilda", "Bruno"):
        await make_user(db, tenant.id, role=Role.TENANT_USER, name=name)
    await make_user(db, (await make_tenant(db)).id, name="Estranha")
    client = first.client()
    everyone = (await client.get("/tenant/users", headers=headers)).json()
    assert [u["full_name"] for u in everyone["users"]] == ["Ana Chefe", "Bruno", "Zilda"]
    page = (await client.get("/tenant/users?limit=1&offset=1", headers=headers)).json()
    assert ([u["full_name"] for u in page["users"]], page["total"]) == (["Bruno"], 3)
    assert (await client.get("/tenant/users?limit=0", headers=headers)).status_code == 400


async def test_a_role_change_takes_effect_at_once_in_every_process(first, second, db, tenant, headers):
    user = await make_user(db, tenant.id)
    token = (await first.login(user))["access_token"]
    assert (await second.client().get("/tenant/users", headers=bearer(token))).status_code == 200
    changed = await patch(first, headers, user, role="TENANT_USER")
    assert (changed.status_code, changed.json()["role"]) == (200, "TENANT_USER")
    assert (await first.client().get("/tenant/users", headers=bearer(token))).status_code == 403

    async def forbidden():
        return (await second.client().get("/tenant/users", headers=bearer(token))).status_code == 403

    await eventually(forbidden)


async def test_deactivating_ends_the_sessions_there_at_once_and_for_good(first, second, db, tenant, headers, sql):
    user, elsewhere = await make_user(db, tenant.id, role=Role.TENANT_USER), await make_tenant(db)
    await add_member(db, elsewhere.id, user.id, Role.TENANT_USER)
    tokens, other = await first.login(user), await first.login(user)
    switched = await first.client().post(
        "/auth/switch-tenant", headers=bearer(other["access_token"]), json={"tenant_id": str(elsewhere.id)}
    )
    assert (await second.me(tokens["access_token"])).status_code == 200
    assert (await first.client().delete(f"/tenant/users/{user.id}", headers=headers)).status_code == 204

    async def refused():
        return (await second.me(tokens["access_token"])).status_code == 401

    await eventually(refused)
    refresh = {"refresh_token": tokens["refresh_token"]}
    assert (await first.client().post("/auth/refresh", json=refresh)).status_code == 401
    assert (await first.me(switched.json()["access_token"])).status_code == 200, "their other company goes on"
    assert (await patch(first, headers, user, status="active")).status_code == 200
    assert (await first.me(tokens["access_token"])).status_code == 401, "coming back revives no old session"
    audit = await sql(
        "SELECT action FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND resource_id = %s ORDER BY id",
        tenant.id,
        str(user.id),
    )
    assert [a for (a,) in audit if a.startswith("user.")] == ["user.deactivated", "user.changed"]


async def test_a_company_keeps_an_administrator(first, boss, headers):
    for change in ({"role": "TENANT_USER"}, {"status": "deactivated"}):
        answer = await patch(first, headers, boss, **change)
        assert (answer.status_code, answer.json()["error"]) == (409, "last_administrator")


async def test_two_administrators_removing_each_other_leave_one(first, second, db):
    for _ in range(5):
        tenant = await make_tenant(db)
        pair = [await make_user(db, tenant.id) for _ in range(2)]
        keys = [bearer((await first.login(user))["access_token"]) for user in pair]
        answers = await asyncio.gather(
            patch(first, keys[0], pair[1], status="deactivated"), patch(second, keys[1], pair[0], role="TENANT_USER")
        )
        statuses = sorted(a.status_code for a in answers)
        assert statuses[0] == 200
        assert statuses[1] in {401, 403, 409}


async def test_the_last_two_internal_administrators_cannot_be_removed(first, second, db, sql):
    await sql("DELETE FROM alquimista_platform.sessions WHERE tenant_id = %s", PLATFORM_TENANT)
    await sql("DELETE FROM alquimista_platform.tenant_users WHERE tenant_id = %s", PLATFORM_TENANT)
    staff = [await make_user(db) for _ in range(4)]
    keys = [bearer((await first.login(user))["access_token"]) for user in staff]
    changes = [
        patch(first, keys[0], staff[1], "/internal", status="deactivated"),
        patch(second, keys[1], staff[0], "/internal", role="INTERNAL_SUPPORT"),
        patch(first, keys[2], staff[3], "/internal", status="deactivated"),
        patch(second, keys[3], staff[2], "/internal", role="INTERNAL_SUPPORT"),
    ]
    answers = await asyncio.gather(*changes)
    assert sum(a.status_code == 200 for a in answers) <= 2
    left = await sql(
        "SELECT count(*) FROM alquimista_platform.tenant_users"
        " WHERE tenant_id = %s AND role = 'INTERNAL_ADMIN' AND status = 'active'",
        PLATFORM_TENANT,
    )
    assert left[0][0] >= 2


async def test_roles_stay_within_their_tenant(first, db, tenant, headers):
    user = await make_user(db, tenant.id, role=Role.TENANT_USER)
    for role in ("INTERNAL_ADMIN", "INTERNAL_SUPPORT", "ROOT"):
        assert (await patch(first, headers, user, role=role)).status_code == 400
    assert (await patch(first, headers, user)).status_code == 400
    assert (await patch(first, headers, user, role="TENANT_ADMIN", email="x@y.co")).status_code == 400


async def test_outsiders_get_404_members_403_and_staff_name_the_company(first, db, tenant, headers, boss):
    foreign = await make_user(db, (await make_tenant(db)).id)
    assert (await patch(first, headers, foreign, role="TENANT_USER")).status_code == 404
    plain = bearer((await first.login(await make_user(db, tenant.id, role=Role.TENANT_USER)))["access_token"])
    client = first.client()
    assert (await client.get("/tenant/users", headers=plain)).status_code == 403
    assert (await client.get("/internal/users", headers=headers)).status_code == 403
    assert (await client.get("/tenant/users")).status_code == 401
    support = bearer((await first.login(await make_user(db, role=Role.INTERNAL_SUPPORT)))["access_token"])
    assert (await client.get("/tenant/users", headers=support)).status_code == 400
    assert (await client.get(f"/tenant/users?tenant_id={tenant.id}", headers=support)).status_code == 200
    assert (await client.get("/internal/users", headers=support)).status_code == 200
    refused = await client.delete(f"/tenant/users/{boss.id}?tenant_id={tenant.id}", headers=support)
    assert refused.status_code == 403
    admin = bearer((await first.login(await make_user(db)))["access_token"])
    second_boss = await make_user(db, tenant.id)
    gone = await client.delete(f"/tenant/users/{second_boss.id}?tenant_id={tenant.id}", headers=admin)
    assert gone.status_code == 204


@pytest.mark.parametrize("path", ["users", "invitations", "api-keys"])
async def test_staff_who_read_about_a_companys_people_leave_a_row_in_its_own_audit(
    first, db, tenant, headers, sql, path
):
    await first.client().get(f"/tenant/{path}", headers=headers)
    staff = await make_user(db, role=Role.INTERNAL_SUPPORT)
    seen = bearer((await first.login(staff))["access_token"])
    answer = await first.client().get(f"/tenant/{path}?tenant_id={tenant.id}", headers=seen)
    assert answer.status_code == 200
    audit = (
        "SELECT p.actor_email, a.resource_id FROM alquimista_platform.audit_logs a"
        " JOIN alquimista_platform.audit_personal p ON p.entry_id = a.id WHERE a.tenant_id = %s AND a.action = %s"
    )
    assert await sql(audit, tenant.id, "tenant.read") == [(staff.email, f"/tenant/{path}")]
