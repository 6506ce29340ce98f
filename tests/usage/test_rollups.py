"""Corrections under fire, drift, closing, versions, zones, partitions, purging."""

import asyncio
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import psycopg
import pytest
from psycopg import AsyncRawCursor

from alquimista.clock import new_id, now
from alquimista.db.roles import role_url
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import owner_transaction, tenant_transaction
from alquimista.usage import service
from alquimista.usage.models.events import KEY_DAYS
from alquimista.usage.models.histogram import DIGITS, EDGES, percentile
from alquimista.usage.models.reports import RawGone, WrongRange, utc_span
from alquimista.usage.queries import rollups as queries
from alquimista.usage.queries import upkeep
from alquimista.usage.service.upkeep import months_before
from support.usage import Count, daily, fold_everything, totals, version


class Packed(msgspec.Struct, frozen=True):
    histogram: Decimal


LOSE = Statement(
    """
    UPDATE alquimista_platform.tenant_usage_daily SET requests = requests - 1, cost_micros = cost_micros + 5
    WHERE tenant_id = %(tenant_id)s
    """,
    NoRow,
)
LOSE_HOURS = Statement(
    "UPDATE alquimista_platform.usage_hourly SET histogram = 0, failures = 9 WHERE tenant_id = %(tenant_id)s", NoRow
)
INCIDENTS = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.incidents
    WHERE tenant_id = %(tenant_id)s AND source = 'usage' AND resolved_at IS NULL
    """,
    Count,
)
MOVE = Statement(
    "UPDATE alquimista_platform.tenants SET time_zone = %(zone)s, updated_at = %(now)s WHERE id = %(tenant_id)s", NoRow
)


async def test_recounts_beside_folds_and_arrivals_lose_nothing_and_add_nothing(ingest, sender, usage_db):
    today = now().date()
    stop = asyncio.Event()

    async def until_stop(work):
        while not stop.is_set():
            await work()

    async def recount():
        await service.recount(usage_db, sender.tenant_id, today - timedelta(days=2), today + timedelta(days=1), now())

    async def fold():
        await service.fold(usage_db, sender.tenant_id)

    background = [asyncio.create_task(until_stop(work)) for work in (recount, recount, fold, fold)]
    sent = 0
    for _ in range(40):
        outcome = await ingest.submit(
            sender.tenant_id, [sender.event(at=now() - timedelta(hours=n)) for n in range(10)]
        )
        sent += outcome.accepted
    stop.set()
    await asyncio.gather(*background)
    await fold_everything(usage_db, sender)
    assert sum((await daily(usage_db, sender)).values()) == sent == 400
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        days = today - timedelta(days=2), today + timedelta(days=1)
        assert await service.compare(conn, sender.tenant_id, *days) == []


async def test_recounts_that_race_mend_a_drift_once(ingest, sender, usage_db):
    today = now().date()
    days = today - timedelta(days=1), today + timedelta(days=1)
    conn = usage_db.tenant(sender.tenant_id)
    for _ in range(8):
        await ingest.submit(sender.tenant_id, [sender.event() for _ in range(3)])
        await fold_everything(usage_db, sender)
        await conn.execute(LOSE, tenant_id=sender.tenant_id)
        await conn.execute(LOSE_HOURS, tenant_id=sender.tenant_id)
        await asyncio.gather(
            ingest.submit(sender.tenant_id, [sender.event() for _ in range(3)]),
            *(service.recount(usage_db, sender.tenant_id, *days, now()) for _ in range(3)),
            service.fold(usage_db, sender.tenant_id),
        )
        async with tenant_transaction(usage_db, sender.tenant_id) as transaction:
            assert await service.compare(transaction, sender.tenant_id, *days) == []


async def test_drift_raises_one_incident_and_a_recount_mends_it(ingest, sender, usage_db):
    today = now().date()
    days = today - timedelta(days=1), today + timedelta(days=1)
    await ingest.submit(sender.tenant_id, [sender.event() for _ in range(7)])
    conn = usage_db.tenant(sender.tenant_id)
    assert await service.reconcile(usage_db, sender.tenant_id, *days, now()), "waiting deltas are no drift"
    await fold_everything(usage_db, sender)
    await conn.execute(LOSE, tenant_id=sender.tenant_id)
    await conn.execute(LOSE_HOURS, tenant_id=sender.tenant_id)
    for _ in range(2):
        assert not await service.reconcile(usage_db, sender.tenant_id, *days, now())
    assert (await conn.fetch_one(INCIDENTS, tenant_id=sender.tenant_id)).count == 1
    before = await version(usage_db, sender)
    assert await service.recount(usage_db, sender.tenant_id, *days, now())
    assert await version(usage_db, sender) > before
    assert (await conn.fetch_one(INCIDENTS, tenant_id=sender.tenant_id)).count == 0
    assert await service.reconcile(usage_db, sender.tenant_id, *days, now())
    assert sum((await daily(usage_db, sender)).values()) == 7


async def test_a_fold_tells_the_caches_the_new_version(ingest, sender, usage_db, settings):
    async with await psycopg.AsyncConnection.connect(role_url(settings, "app"), autocommit=True) as listener:
        await listener.execute("LISTEN alquimista")
        await ingest.submit(sender.tenant_id, [sender.event()])
        version = await service.fold(usage_db, sender.tenant_id)
        async for notify in listener.notifies(timeout=5, stop_after=1):
            message = msgspec.json.decode(notify.payload)
    assert message == {"topic": "usage", "tenant_id": str(sender.tenant_id), "version": version}
    assert await service.fold(usage_db, sender.tenant_id) is None


async def test_a_day_is_closed_three_hours_after_its_midnight_and_once(ingest, sender, usage_db):
    day = (now() - timedelta(days=3)).date()
    noon = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)  # In São Paulo, three hours behind.
    await ingest.submit(sender.tenant_id, [sender.event(at=noon)])
    midnight = datetime(day.year, day.month, day.day, 3, tzinfo=UTC) + timedelta(days=1)
    almost, over = midnight + timedelta(hours=2, minutes=59), midnight + timedelta(hours=3)
    assert await service.close_days(usage_db, sender.tenant_id, almost) == []
    assert sender.tenant_id not in await service.tenants_to_close(usage_db, almost)
    assert sender.tenant_id in await service.tenants_to_close(usage_db, over)
    assert await service.close_days(usage_db, sender.tenant_id, over) == [day]
    assert await service.close_days(usage_db, sender.tenant_id, over) == []
    await ingest.submit(sender.tenant_id, [sender.event(at=noon)])
    await fold_everything(usage_db, sender)
    assert await daily(usage_db, sender) == {day: 2}, "a late event still counts"


async def test_a_change_of_zone_leaves_past_days_as_they_were(ingest, sender, usage_db):
    moment = now()
    at = (moment - timedelta(days=5)).replace(hour=1, minute=30)  # The day before, in São Paulo.
    await ingest.submit(sender.tenant_id, [sender.event(at=at)])
    await fold_everything(usage_db, sender)
    conn = usage_db.tenant(sender.tenant_id)
    await conn.execute(MOVE, tenant_id=sender.tenant_id, zone="Pacific/Kiritimati", now=moment)
    await ingest.submit(sender.tenant_id, [sender.event(at=at), sender.event(at=moment + timedelta(minutes=5))])
    await fold_everything(usage_db, sender)
    assert (await daily(usage_db, sender))[at.date() - timedelta(days=1)] == 2
    assert not await service.recount(usage_db, sender.tenant_id, at.date() - timedelta(days=2), moment.date(), now())
    with pytest.raises(psycopg.errors.CheckViolation):
        await conn.execute(MOVE, tenant_id=sender.tenant_id, zone="UTC", now=moment)


async def test_days_whose_raw_events_are_gone_are_not_counted_again(sender, usage_db):
    with pytest.raises(RawGone):
        await service.recount(usage_db, sender.tenant_id, date(2020, 1, 1), date(2020, 1, 2), now())
    with pytest.raises(WrongRange):
        await service.recount(usage_db, sender.tenant_id, date(2026, 1, 2), date(2026, 1, 1), now())


async def test_partitions_are_made_once_and_dropped_when_their_retention_ends(usage_db, settings):
    past = now() - timedelta(days=800)
    made = await asyncio.gather(*(service.make_partitions(usage_db, past, ahead=0) for _ in range(3)))
    assert sorted(made) == [0, 0, 37]
    dropped = await service.drop_partitions(usage_db, now())
    assert len(dropped) == 37
    with psycopg.connect(role_url(settings, "owner")) as owner:
        (loose,) = owner.execute(
            """
            SELECT count(*) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid
            WHERE i.inhparent = 'alquimista_platform.agent_requests'::regclass
              AND (NOT c.relforcerowsecurity OR c.relacl IS NOT NULL)
            """
        ).fetchone()
    assert loose == 0


async def test_no_partition_is_dropped_while_a_recount_holds_them(usage_db, sender):
    day = (now() - timedelta(days=30)).date()
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        assert await upkeep.hold_partitions(conn) <= day
        with pytest.raises(psycopg.errors.LockNotAvailable):
            async with owner_transaction(usage_db) as owner:
                await upkeep.drop_partition(owner, day)
    assert day in await upkeep.partitions(usage_db.staff())


async def test_keys_are_forgotten_within_a_week_after_40_days(ingest, sender, usage_db, monkeypatch):
    monkeypatch.setattr("alquimista.usage.service.upkeep._PURGE_LIMIT", 3)
    await ingest.submit(sender.tenant_id, [sender.event() for _ in range(100)])
    purges = [await service.purge(usage_db, sender.tenant_id, now() + timedelta(days=n)) for n in range(KEY_DAYS + 8)]
    assert purges[: KEY_DAYS + 1] == [0] * (KEY_DAYS + 1)
    assert sum(purges) == 100
    assert all(count < 50 for count in purges), "Each day looks at a seventh of the keys"


async def test_the_buckets_of_sql_are_those_of_python(usage_db):
    values = sorted({0, 2**31 - 1} | {e + d for e in EDGES for d in (-1, 0, 1)})
    buckets = Statement(
        "SELECT alquimista_platform.response_time_bucket(v) AS count FROM unnest(%(values)s::int[]) WITH ORDINALITY "
        "AS t (v, n) ORDER BY n",
        Count,
    )
    found = [row.count for row in await usage_db.tenant(new_id()).fetch(buckets, values=values)]
    assert found == [sum(edge <= value for edge in EDGES) for value in values]


async def test_a_packed_histogram_holds_each_bucket_in_its_own_digits(usage_db):
    packed = Statement(
        "SELECT sum(alquimista_platform.histogram(bucket, bucket + 1)) AS histogram "
        "FROM generate_series(0, %(last)s::int) AS bucket",
        Packed,
    )
    row = await usage_db.tenant(new_id()).fetch_one(packed, last=len(EDGES))
    assert row.histogram == sum((bucket + 1) * 10 ** (DIGITS * bucket) for bucket in range(len(EDGES) + 1))


async def test_a_recount_reads_its_own_days_of_the_raw_events(sender, usage_db):
    day = (now() - timedelta(days=3)).date()
    start, stop = utc_span(day)
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        days = await queries.local_span(conn, sender.tenant_id, day, day, start, stop)
        text, names = queries.CORRECT.positional
        params = {**days, "tenant_id": sender.tenant_id}
        cursor = await AsyncRawCursor(conn.raw).execute(f"EXPLAIN {text}", [params[name] for name in names])
        plan = "\n".join(row[0] for row in await cursor.fetchall())
    read = set(re.findall(r"agent_requests_(\d{8})\b", plan))
    assert read == {f"{day:%Y%m%d}", f"{day + timedelta(days=1):%Y%m%d}"}, "São Paulo's day is two in UTC"


async def test_percentiles_stay_within_ten_percent(ingest, sender, usage_db):
    times = [(n * 7919) % 20_000 + 11 for n in range(1000)]
    await ingest.submit(sender.tenant_id, [sender.event(response_time_ms=t) for t in times])
    sums = await totals(usage_db, sender)
    for percent in (1, 50, 95, 99, 100):
        exact = sorted(times)[max(0, -(-1000 * percent // 100) - 1)]
        found = percentile(format(sums.histogram, "f"), len(times), percent)
        assert found is not None
        assert abs(found - exact) <= exact * 0.1


def test_months_are_counted_back_to_a_day_that_exists():
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 15), 13) == date(2024, 12, 15)
    assert months_before(date(2024, 2, 29), 12) == date(2023, 2, 28)
