"""Who names a tenant that is not theirs is refused, and their own audit says so once a minute, not which one."""

from datetime import timedelta
from uuid import uuid4

import pytest

import factories
from alquimista.access import Role
from alquimista.audit.models import Wanted
from alquimista.audit.service import REACHED_OUT, entries
from alquimista.clock import frozen, now
from support.whole import whole


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def other(db):
    return (await factories.make_tenant(db)).id


@pytest.fixture
async def own(db, process):
    """A company's id, one of its people, and a client of theirs."""
    tenant = await factories.make_tenant(db)
    person = await factories.make_user(db, tenant.id, role=Role.TENANT_USER)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield tenant.id, person, client


@pytest.fixture
def written(db):
    """The attempts that stand in a tenant's audit."""

    async def look(tenant_id):
        return await entries(db.tenant(tenant_id), tenant_id, Wanted(action=REACHED_OUT), 100)

    return look


async def test_it_names_who_and_where_once_a_minute_and_nothing_of_the_other(own, other, written):
    tenant_id, person, client = own
    start = now()
    for seconds in range(0, 60, 6):
        with frozen(start + timedelta(seconds=seconds)):
            answer = await client.get(f"/tenant/me?tenant_id={other}")
            assert (answer.status_code, answer.json()["error"]) == (403, "foreign_tenant")
    found = await written(tenant_id)
    assert 1 <= len(found) <= 2, "a minute's window may begin among them"
    assert {(one.actor_id, one.actor_email, one.result, one.resource_id) for one in found} == {
        (person.id, person.email, "failure", "GET /tenant/me")
    }
    assert str(other) not in str(found)
    assert await written(other) == []


async def test_switching_to_it_is_an_attempt_too_and_a_companys_own_id_is_none(own, other, written):
    tenant_id, _, client = own
    assert (await client.get(f"/tenant/me?tenant_id={tenant_id}")).status_code == 200
    assert await written(tenant_id) == []
    assert (await client.post("/auth/switch-tenant", json={"tenant_id": str(other)})).status_code == 403
    assert [one.resource_id for one in await written(tenant_id)] == ["POST /auth/switch-tenant"]


async def test_staff_and_strangers_leave_no_entry(process, db, other, own, written):
    tenant_id, *_ = own
    async with process.client() as stranger:
        assert (await stranger.get(f"/tenant/me?tenant_id={other}")).status_code == 401
    boss = await factories.make_user(db)
    async with process.client(await process.token(boss.email, boss.password)) as client:
        assert (await client.get(f"/tenant/me?tenant_id={other}")).status_code == 200
        assert (await client.post("/auth/switch-tenant", json={"tenant_id": str(uuid4())})).status_code == 403
    assert [await written(one) for one in (tenant_id, other)] == [[], []]
