"""Companies as staff manage them: both or neither, out at once, and back as they were."""

import asyncio

import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from factories import make_api_key, make_tenant, make_user, new_cnpj
from support.identity import bearer, eventually

PATH = "/internal/tenants"


@pytest.fixture
async def admin(first, db):
    return bearer((await first.login(await make_user(db)))["access_token"])


@pytest.fixture
async def support(first, db):
    return bearer((await first.login(await make_user(db, role=Role.INTERNAL_SUPPORT)))["access_token"])


def company(**changes):
    return {"name": "Padaria Sol", "cnpj": new_cnpj(), "segment": "varejo", "admin_email": "ana@sol.example"} | changes


async def test_registering_makes_the_company_and_mails_its_administrator(first, admin, sql):
    answer = await first.client().post(PATH, headers=admin, json=company())
    assert answer.status_code == 201, answer.text
    made = answer.json()["tenant_id"]
    [(recipient, subject)] = await sql(
        "SELECT recipient, subject FROM alquimista_platform.mails WHERE tenant_id = %s", made
    )
    assert recipient == "ana@sol.example"
    assert "Padaria Sol" in subject
    actions = await sql("SELECT action FROM alquimista_platform.audit_logs WHERE tenant_id = %s ORDER BY id", made)
    assert actions == [("tenant.created",), ("user.invited",)]


async def test_what_cannot_be_made_whole_is_not_made(first, admin, sql):
    body = company(plan="free")
    assert (await first.client().post(PATH, headers=admin, json=body)).status_code == 400
    body = company(admin_email="nobody@@example")
    assert (await first.client().post(PATH, headers=admin, json=body)).status_code == 400
    assert await sql("SELECT 1 FROM alquimista_platform.tenants WHERE cnpj = %s", body["cnpj"]) == []
    body = company()
    assert (await first.client().post(PATH, headers=admin, json=body)).status_code == 201
    again = await first.client().post(PATH, headers=admin, json=body)
    assert (again.status_code, again.json()["error"]) == (409, "cnpj_taken")


async def test_a_company_kept_out_is_out_at_once_in_every_process_and_comes_back(first, second, db, admin):
    tenant = await make_tenant(db)
    person = await make_user(db, tenant.id)
    token, key = bearer((await second.login(person))["access_token"]), bearer(await make_api_key(db, tenant.id))
    assert (await second.client().get("/auth/me", headers=token)).status_code == 200
    answer = await first.client().post(f"{PATH}/{tenant.id}/suspend", headers=admin, json={"reason": "Abuso"})
    state = answer.json()
    assert (state["status"], state["standing"], state["suspended_by_staff"]) == ("suspended", "active", True)

    async def out():
        return (await second.client().get("/auth/me", headers=token)).status_code == 401

    await eventually(out)
    refused = await second.client().get("/tenant/users", headers=key)
    assert (refused.status_code, refused.json()["error"]) == (403, "tenant_suspended")
    entering = await second.client().post("/auth/login", json={"email": person.email, "password": person.password})
    assert entering.status_code == 403
    again = await first.client().post(f"{PATH}/{tenant.id}/suspend", headers=admin, json={"reason": "Abuso"})
    assert (again.status_code, again.json()["error"]) == (409, "tenant_blocked")
    assert (await first.client().post(f"{PATH}/{tenant.id}/resume", headers=admin)).json()["status"] == "active"
    assert (await second.login(person))["access_token"]
    again = await first.client().post(f"{PATH}/{tenant.id}/resume", headers=admin)
    assert (again.status_code, again.json()["error"]) == (409, "tenant_not_blocked")


async def test_a_payment_does_not_let_in_whom_staff_keep_out(first, db, admin):
    tenant = await make_tenant(db, status=TenantStatus.SUSPENDED)
    await first.client().post(f"{PATH}/{tenant.id}/suspend", headers=admin, json={"reason": "Abuso"})
    async with tenant_transaction(db, tenant.id) as conn:
        await tenants.set_standing(conn, None, tenant.id, TenantStatus.ACTIVE, clock.now())
        assert (await tenants.get(conn, tenant.id)).status is TenantStatus.SUSPENDED
    assert (await first.client().post(f"{PATH}/{tenant.id}/resume", headers=admin)).json()["status"] == "active"


async def test_of_two_who_suspend_at_once_one_does(first, db, admin, sql):
    tenant = await make_tenant(db)
    send = [first.client().post(f"{PATH}/{tenant.id}/suspend", headers=admin, json={"reason": "x"}) for _ in range(2)]
    assert sorted(answer.status_code for answer in await asyncio.gather(*send)) == [200, 409]
    noted = (
        "SELECT p.details->>'reason' FROM alquimista_platform.audit_logs AS a"
        " JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id"
        " WHERE a.tenant_id = %s AND a.action = %s"
    )
    assert await sql(noted, tenant.id, "tenant.blocked") == [("x",)]


async def test_limits_of_a_companys_own_outlive_its_plan(first, db, admin):
    tenant = await make_tenant(db)
    path = f"{PATH}/{tenant.id}/limits"
    state = (await first.client().put(path, headers=admin, json={"max_agents": 12, "raw_days": 60})).json()
    assert (state["max_agents"], state["max_users"]) == (12, 3)
    async with tenant_transaction(db, tenant.id) as conn:
        await tenants.set_terms(conn, tenant.id, "expert", tenants.PLAN_LIMITS["expert"], 1, clock.now())
        now = await tenants.get(conn, tenant.id)
    assert (now.max_agents, now.max_users) == (12, 25)
    assert (await first.client().get(path, headers=admin)).json() == {
        "max_agents": 12, "max_users": None, "max_requests_per_month": None, "raw_days": 60,
    }  # fmt: skip
    assert (await first.client().put(path, headers=admin, json={})).json()["max_agents"] == 24
    assert (await first.client().put(path, headers=admin, json={"raw_days": 1})).status_code == 400


async def test_these_are_not_for_support_nor_for_companies(first, db, support):
    tenant = await make_tenant(db)
    own = bearer((await first.login(await make_user(db, tenant.id)))["access_token"])
    for headers in (support, own):
        assert (await first.client().post(PATH, headers=headers, json=company())).status_code == 403
        for act, body in (("suspend", {"reason": "x"}), ("resume", None)):
            answer = await first.client().post(f"{PATH}/{tenant.id}/{act}", headers=headers, json=body)
            assert answer.status_code == 403


async def test_the_platform_is_no_company(first, admin):
    platform = "00000000-0000-7000-8000-000000000000"
    answer = await first.client().post(f"{PATH}/{platform}/suspend", headers=admin, json={"reason": "x"})
    assert answer.status_code == 404
    unknown = "01890a5d-ac96-774b-bcce-b302099a8057"
    assert (await first.client().post(f"{PATH}/{unknown}/resume", headers=admin)).status_code == 404
