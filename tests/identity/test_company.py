"""What a company is called and where it is, as its administrators and staff change it."""

import pytest

from alquimista import clock
from alquimista.access import Role
from factories import make_api_key, make_tenant, make_user
from support.identity import bearer, eventually

OWN = "/tenant/company"
NOTED = (
    "SELECT p.details->'before', p.details->'after' FROM alquimista_platform.audit_logs AS a"
    " JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id"
    " WHERE a.tenant_id = %s AND a.action = 'tenant.changed' ORDER BY a.id"
)


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, name="Padaria Sol")


@pytest.fixture
async def administrator(first, db, tenant):
    return bearer((await first.login(await make_user(db, tenant.id)))["access_token"])


@pytest.fixture
async def staff(first, db):
    return bearer((await first.login(await make_user(db)))["access_token"])


async def test_an_administrator_changes_name_language_and_zone_and_all_processes_know(
    first, second, sql, tenant, administrator
):
    assert (await second.client().get("/auth/me", headers=administrator)).json()["tenants"][0]["name"] == "Padaria Sol"
    wanted = {"name": "  Padaria  Lua ", "time_zone": "America/Manaus", "locale": "en"}
    answer = await first.client().patch(OWN, headers=administrator, json=wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "tenant_id": str(tenant.id), "name": "Padaria Lua", "segment": tenant.segment,
        "time_zone": "America/Manaus", "locale": "en",
    }  # fmt: skip

    async def told():
        mine = (await second.client().get("/auth/me", headers=administrator)).json()["tenants"]
        return mine[0]["name"] == "Padaria Lua"

    await eventually(told)
    before = {"name": "Padaria Sol", "time_zone": "America/Sao_Paulo", "locale": "pt-BR"}
    assert await sql(NOTED, tenant.id) == [(before, {**wanted, "name": "Padaria Lua"})]


async def test_what_is_the_same_changes_nothing_and_leaves_no_trace(first, sql, tenant, administrator):
    for body in ({}, {"name": " Padaria Sol"}, {"time_zone": "America/Sao_Paulo", "locale": None}):
        assert (await first.client().patch(OWN, headers=administrator, json=body)).json()["name"] == "Padaria Sol"
    assert await sql(NOTED, tenant.id) == []


@pytest.mark.parametrize(
    "body",
    [
        {"time_zone": "Asia/Kolkata"},  # Half an hour beside the hours.
        {"time_zone": "Brasilia"},
        {"locale": "fr"},
        {"name": " "},
        {"name": "a\u0000b"},
        {"segment": "saude"},  # The vendor's, as are these.
        {"cnpj": "11222333000181"},
        {"plan": "expert"},
        {"status": "active"},
    ],
)
async def test_wrong_ones_and_what_is_the_vendors_are_refused_whole(first, sql, tenant, administrator, body):
    refused = await first.client().patch(OWN, headers=administrator, json={"name": "Padaria Lua", **body})
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == [*body]
    kept = await sql("SELECT name, time_zone FROM alquimista_platform.tenants WHERE id = %s", tenant.id)
    assert kept == [("Padaria Sol", "America/Sao_Paulo")]


async def test_all_that_is_wrong_is_told_at_once(first, administrator):
    refused = await first.client().patch(OWN, headers=administrator, json={"time_zone": "x", "locale": "fr"})
    assert [error["field"] for error in refused.json()["errors"]] == ["time_zone", "locale"]


async def test_staff_change_the_segment_too_and_support_and_members_nothing(first, db, sql, tenant, staff):
    path = f"/internal/tenants/{tenant.id}"
    body = {"segment": "saude", "time_zone": "America/Noronha"}
    changed = (await first.client().patch(path, headers=staff, json=body)).json()
    assert (changed["segment"], changed["time_zone"]) == ("saude", "America/Noronha")
    own = await first.client().patch(f"{OWN}?tenant_id={tenant.id}", headers=staff, json={"name": "Sol"})
    assert own.json()["name"] == "Sol"
    assert len(await sql(NOTED, tenant.id)) == 2
    support = bearer((await first.login(await make_user(db, role=Role.INTERNAL_SUPPORT)))["access_token"])
    member = bearer((await first.login(await make_user(db, tenant.id, role=Role.TENANT_USER)))["access_token"])
    key = bearer(await make_api_key(db, tenant.id))
    for headers in (support, member, key):
        for here in (path, f"{OWN}?tenant_id={tenant.id}"):
            assert (await first.client().patch(here, headers=headers, json=body)).status_code == 403


async def test_nobody_reaches_another_company_and_the_platform_is_none(first, db, administrator, staff):
    other = await make_tenant(db)
    body = {"name": "Mine"}
    assert (
        await first.client().patch(f"{OWN}?tenant_id={other.id}", headers=administrator, json=body)
    ).status_code == 403
    platform = "00000000-0000-7000-8000-000000000000"
    for path in (f"/internal/tenants/{platform}", f"{OWN}?tenant_id={platform}", f"{OWN}?tenant_id={clock.new_id()}"):
        assert (await first.client().patch(path, headers=staff, json=body)).status_code == 404


async def test_a_clock_behind_does_not_stand_in_the_way_of_another_zone(first, sql, tenant, administrator):
    await sql(
        "UPDATE alquimista_platform.tenants SET updated_at = now() + interval '2 seconds' WHERE id = %s", tenant.id
    )
    answer = await first.client().patch(OWN, headers=administrator, json={"time_zone": "America/Manaus"})
    assert answer.status_code == 200, answer.text
