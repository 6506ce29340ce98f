"""What lies under the sums: the same figures from events and from rollups, in any zone, by the key."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from alquimista import clock
from alquimista.cache.bus import Bus
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.limits import Limiter
from alquimista.usage import service
from alquimista.usage.models.drilldown import Place
from alquimista.usage.queries import drilldown as queries
from alquimista.usage.service import Ingest
from support.usage import fold_everything

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
async def written_db(db):
    for ahead in (0, 30):
        await service.make_partitions(db, NOON + timedelta(days=ahead), ahead=31)
    return db


async def send(db, sender, *moments, **fields):
    with clock.frozen(max(moments)):
        ingest = Ingest(db, Bus(db.settings), Limiter(db))
        for first in range(0, len(moments), 5_000):
            batch = [sender.event(at=moment, **fields) for moment in moments[first : first + 5_000]]
            assert not (await ingest.submit(sender.tenant_id, batch)).refused
        await ingest.close()


async def test_a_local_day_is_its_own_hours_and_pages_hold_each_event_once(written_db, sender):
    midnight = datetime(2026, 3, 2, 3, tzinfo=UTC)  # In São Paulo.
    inside = [midnight, NOON, NOON, midnight + timedelta(days=1) - timedelta(microseconds=1)]
    outside = [midnight - timedelta(microseconds=1), midnight + timedelta(days=1)]
    await send(written_db, sender, *inside, *outside)
    conn = written_db.tenant(sender.tenant_id)
    found, place = [], None
    while page := await service.events(conn, sender.tenant_id, DAY, place, 1):
        found += page
        place = Place(page[-1].occurred_at, page[-1].id)
    assert [event.occurred_at for event in found] == inside
    assert len({event.id for event in found}) == 4
    await fold_everything(written_db, sender)
    days = await service.days(conn, sender.tenant_id, DAY, DAY)
    assert sum(day.requests for day in days) == 4
    assert await service.received_days(conn, sender.tenant_id, DAY, DAY, None, None) == days


async def test_evidence_counts_what_waits_and_what_came_after(written_db, sender):
    await send(written_db, sender, NOON, NOON)
    for folded in (False, True):
        if folded:
            await fold_everything(written_db, sender)
        async with tenant_transaction(written_db, sender.tenant_id) as conn:
            moments = (NOON - timedelta(seconds=1), NOON)
            found = await service.evidence(conn, sender.tenant_id, DAY - timedelta(days=2), DAY, moments)
        assert (found.raw, found.rollup, found.after) == (2, 2, (2, 0))


async def test_evidence_of_days_whose_events_are_gone_is_the_rollup_alone(written_db, sender):
    async with tenant_transaction(written_db, sender.tenant_id) as conn:
        found = await service.evidence(conn, sender.tenant_id, date(2020, 1, 1), DAY, (NOON, NOON))
    assert (found.raw, found.rollup) == (None, 0)


async def test_a_page_of_a_busy_day_comes_by_the_key_from_its_own_partitions(written_db, sender, migrated):
    await send(written_db, sender, *(NOON + timedelta(milliseconds=n) for n in range(20_000)))
    names = ("tenant_id", "start", "stop", "first_day", "last_day", "after", "until", "place_at", "place_id", "limit")
    values = {
        "tenant_id": sender.tenant_id,
        "start": datetime(2026, 3, 2, 3, tzinfo=UTC),
        "stop": datetime(2026, 3, 3, 3, tzinfo=UTC),
        "first_day": DAY,
        "last_day": DAY,
        "after": None,
        "until": None,
        "place_at": NOON + timedelta(seconds=10),
        "place_id": UUID(int=0),
        "limit": 51,
    }
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute("ANALYZE alquimista_platform.agent_requests")
        cursor = await conn.execute(f"EXPLAIN (ANALYZE, BUFFERS) {queries.EVENTS.sql}", {n: values[n] for n in names})
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    scanned = [line for line in plan.splitlines() if "agent_requests" in line and "never executed" not in line]
    assert scanned, plan
    assert all("Index Scan" in line and "_pkey" in line for line in scanned), plan
    assert {line.split(" on ")[1].split()[0] for line in scanned} <= {
        "agent_requests_20260302",
        "agent_requests_20260303",
    }
    assert "occurred_at" in plan[plan.index("Index Cond") :]
    assert "Seq Scan on agent_requests" not in plan
