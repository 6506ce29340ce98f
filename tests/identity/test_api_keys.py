"""API keys: shown once, limited to their scopes, revoked at once."""

from datetime import datetime, timedelta

import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from factories import make_api_key, make_tenant, make_user
from support.identity import bearer, eventually


@pytest.fixture
async def tenant(db):
    return await make_tenant(db)


@pytest.fixture
async def headers(first, db, tenant):
    return bearer((await first.login(await make_user(db, tenant.id)))["access_token"])


async def make(process, headers, **body):
    return await process.client().post(
        "/tenant/api-keys", headers=headers, json={"name": "CRM", "scopes": ["read"]} | body
    )


async def status(process, key):
    """What a key of scope `read` or `ingest` gets where neither suffices: known is 403, unknown 401."""
    return (await process.client().get("/tenant/users", headers=bearer(key))).status_code


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(first, headers, tenant, sql):
    answer = await make(first, headers, scopes=["read", "ingest", "read"])
    assert answer.status_code == 201
    key, shown = answer.json()["key"], answer.json()["api_key"]
    assert key.startswith(f"alq_{shown['prefix']}_")
    assert shown["scopes"] == ["ingest", "read"]
    listed = (await first.client().get("/tenant/api-keys", headers=headers)).json()
    assert (listed["total"], listed["api_keys"][0]["id"]) == (1, shown["id"])
    stored = str(await sql("SELECT * FROM alquimista_platform.api_keys WHERE tenant_id = %s", tenant.id))
    stored += str(await sql("SELECT * FROM alquimista_platform.api_key_lookup WHERE tenant_id = %s", tenant.id))
    stored += str(await sql("SELECT details FROM alquimista_platform.audit_personal WHERE tenant_id = %s", tenant.id))
    assert key.rpartition("_")[2] not in stored


async def test_a_key_is_known_and_opens_nothing_of_people(first, headers):
    key = (await make(first, headers)).json()["key"]
    answer = await first.client().get("/auth/me", headers=bearer(key))
    assert (answer.status_code, answer.json()["error"]) == (403, "wrong_credential")
    assert await status(first, key) == 403
    assert await status(first, key[:-1]) == 401
    assert await status(first, key + "a") == 401


async def test_revoking_takes_effect_at_once_in_every_process(first, second, headers):
    made = (await make(first, headers)).json()
    assert await status(second, made["key"]) == 403
    path = f"/tenant/api-keys/{made['api_key']['id']}"
    assert (await first.client().delete(path, headers=headers)).status_code == 204
    assert await status(first, made["key"]) == 401

    async def unknown():
        return await status(second, made["key"]) == 401

    await eventually(unknown)
    assert (await first.client().delete(path, headers=headers)).status_code == 404
    assert (await first.client().get("/tenant/api-keys", headers=headers)).json()["total"] == 0


async def test_a_key_ends_when_it_was_made_to(first, headers):
    end = clock.now() + timedelta(hours=1)
    key = (await make(first, headers, expires_at=end.isoformat())).json()["key"]
    assert await status(first, key) == 403
    with clock.frozen(end + timedelta(seconds=1)):
        assert await status(first, key) == 401
    past = await make(first, headers, expires_at=(clock.now() - timedelta(seconds=1)).isoformat())
    assert past.status_code == 400
    assert (await make(first, headers, expires_at="2030-01-01T00:00:00")).status_code == 400, "an offset is needed"


async def test_a_suspended_companys_keys_get_403_at_once_and_its_people_stay(first, second, db, tenant, headers):
    key = await make_api_key(db, tenant.id, scopes=("read",))
    assert await status(second, key) == 403
    async with tenant_transaction(db, tenant.id) as conn:
        await tenants.set_standing(conn, None, tenant.id, TenantStatus.SUSPENDED, clock.now())

    async def suspended():
        answer = await second.client().get("/tenant/users", headers=bearer(key))
        return answer.json()["error"] == "tenant_suspended"

    await eventually(suspended)
    assert (await first.client().get("/auth/me", headers=headers)).status_code == 200
    async with tenant_transaction(db, tenant.id) as conn:
        await tenants.set_standing(conn, None, tenant.id, TenantStatus.INACTIVE, clock.now())

    async def gone():
        return (await first.client().get("/auth/me", headers=headers)).status_code == 401

    await eventually(gone)
    assert await status(first, key) == 401


async def test_last_use_is_noted(first, tenant, headers, sql):
    key = (await make(first, headers)).json()["key"]
    await status(first, key)
    rows = await sql("SELECT last_used_at FROM alquimista_platform.api_keys WHERE tenant_id = %s", tenant.id)
    assert rows[0][0] is not None


@pytest.mark.parametrize(
    "body", [{"scopes": []}, {"scopes": ["admin"]}, {"name": ""}, {"name": "x" * 101}, {"name": "a\nb\u0007"}]
)
async def test_wrong_keys_are_refused_in_words(first, headers, body):
    answer = await make(first, headers, **body)
    assert answer.status_code == 400
    assert answer.json()["errors"]


async def test_keys_of_another_company_and_other_roles(first, db, tenant, headers):
    other = bearer((await first.login(await make_user(db, (await make_tenant(db)).id)))["access_token"])
    made = (await make(first, headers)).json()["api_key"]["id"]
    assert (await first.client().delete(f"/tenant/api-keys/{made}", headers=other)).status_code == 404
    plain = bearer((await first.login(await make_user(db, tenant.id, role=Role.TENANT_USER)))["access_token"])
    assert (await make(first, plain)).status_code == 403
    support = bearer((await first.login(await make_user(db, role=Role.INTERNAL_SUPPORT)))["access_token"])
    client, path = first.client(), f"/tenant/api-keys?tenant_id={tenant.id}"
    assert (await client.get(path, headers=support)).status_code == 200
    refused = await client.post(path, headers=support, json={"name": "x", "scopes": ["read"]})
    assert refused.status_code == 403


async def test_a_rotated_key_and_its_successor_are_both_good_until_the_overlap_ends(first, second, headers):
    made = (await make(first, headers)).json()
    path = f"/tenant/api-keys/{made['api_key']['id']}/rotate"
    answer = await first.client().post(path, headers=headers, json={"overlap_hours": 2})
    assert answer.status_code == 201
    new = answer.json()
    assert (new["api_key"]["name"], new["api_key"]["scopes"]) == ("CRM", ["read"])
    assert await status(second, made["key"]) == await status(second, new["key"]) == 403
    with clock.frozen(clock.now() + timedelta(hours=2, seconds=31)):
        assert await status(first, made["key"]) == 401
        assert await status(first, new["key"]) == 403


async def test_a_rotation_without_overlap_ends_the_key_at_once_and_never_prolongs_one(first, second, headers):
    soon = clock.now() + timedelta(hours=1)
    made = (await make(first, headers, expires_at=soon.isoformat())).json()
    path = f"/tenant/api-keys/{made['api_key']['id']}/rotate"
    await first.client().post(path, headers=headers, json={"overlap_hours": 100})
    keys = (await first.client().get("/tenant/api-keys", headers=headers)).json()["api_keys"]
    assert next(one for one in keys if one["id"] == made["api_key"]["id"])["expires_at"].startswith(
        soon.isoformat()[:19]
    )
    successor = next(one for one in keys if one["id"] != made["api_key"]["id"])
    assert datetime.fromisoformat(successor["expires_at"]) < clock.now() + timedelta(hours=1), "it lives as long"
    assert (await first.client().post(path, headers=headers, json={"overlap_hours": 0})).status_code == 201
    assert (await first.client().post(path, headers=headers, json={})).status_code == 404, "it has ended"

    async def ended():
        return await status(second, made["key"]) == 401

    await eventually(ended)
