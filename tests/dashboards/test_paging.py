"""Walking through the pages of a list meets each item once, whatever the size of a page and however many items tie."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import factories
from alquimista.clock import now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity


async def opened(db, tenant_id, ages):
    """An incident for each age in seconds; the same age is the same moment."""
    moment = now()
    async with tenant_transaction(db, tenant_id) as conn:
        for number, age in enumerate(ages):
            new = NewIncident(
                severity=Severity.INFO,
                title=f"{number}",
                description="",
                source="test",
                dedupe_key=f"test.{number}",
            )
            assert await incidents.open_incident(conn, tenant_id, new, moment - timedelta(seconds=age))


async def walk(client, path, items, limit):
    """Every item of every page, and the totals that the pages told."""
    seen, totals, offset, page = [], set(), 0, None
    while page is None or page[items]:
        page = (await client.get(path, params={"limit": limit, "offset": offset})).json()
        totals.add(page["total"])
        seen += page[items]
        assert len(page[items]) <= limit
        offset += limit
    return seen, totals


@given(ages=st.lists(st.integers(0, 3), max_size=9), limit=st.integers(1, 11))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_incidents_are_met_once_each_and_newest_first(db, process, ages, limit):
    tenant = await factories.make_tenant(db)
    await opened(db, tenant.id, ages)
    async with process.client(await factories.make_api_key(db, tenant.id, scopes=("read",))) as client:
        seen, totals = await walk(client, "/tenant/incidents", "incidents", limit)
    assert sorted(line["title"] for line in seen) == sorted(str(number) for number in range(len(ages)))
    assert [line["created_at"] for line in seen] == sorted((line["created_at"] for line in seen), reverse=True)
    assert totals == {len(ages)}


@given(people=st.integers(1, 5), limit=st.integers(1, 6))
@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_people_are_met_once_each(db, process, people, limit):
    tenant = await factories.make_tenant(db)
    made = [await factories.make_user(db, tenant.id) for _ in range(people)]
    async with process.client(await process.token(made[0].email, made[0].password)) as client:
        seen, totals = await walk(client, "/tenant/users", "users", limit)
    assert sorted(line["email"] for line in seen) == sorted(one.email for one in made)
    assert totals == {people}
