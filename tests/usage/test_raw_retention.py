"""A company may keep its raw requests for fewer days than the installation; its sums stay, and nothing is counted as
less than it was."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

import factories
from alquimista.access import Actor, ActorKind
from alquimista.clock import now
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from alquimista.tenants.models import OwnLimits
from alquimista.usage import service
from alquimista.usage.models.reports import RawGone
from alquimista.usage.queries import upkeep
from alquimista.usage.queries.upkeep import RawDays
from alquimista.usage.service import upkeep as upkeep_service
from support.usage import daily, fold_everything

RAW = Statement("SELECT count(*)::int AS days FROM alquimista_platform.agent_requests", RawDays)

SPANS = Statement("SELECT count(*)::int AS days FROM fibonacci_core.traces", RawDays)
ADD_SPANS = Statement(
    """
    INSERT INTO fibonacci_core.traces
      (tenant_id, trace_id, span_id, span_name, span_type, service_name, status, start_time, end_time, received_at)
    SELECT %(tenant_id)s, md5(n::text || %(start)s::timestamptz), lpad(n::text, 16, '0'), 'chat', 'internal', 'shop',
      'ok', %(start)s, %(start)s, %(start)s
    FROM generate_series(1, %(count)s) AS n
    """,
    NoRow,
)


@pytest.fixture
async def kept(ingest, sender, usage_db):
    """45 days are kept; one request of 20 days ago and one of 10, seen from 30 days ahead."""
    ages = (20, 10)
    await ingest.submit(sender.tenant_id, [sender.event(at=now() - timedelta(days=age)) for age in ages])
    await fold_everything(usage_db, sender)
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        staff = Actor(ActorKind.SYSTEM, frozenset())
        await tenants.set_own_limits(conn, staff, sender.tenant_id, OwnLimits(raw_days=45), now())
    return now() + timedelta(days=30)


async def raw(db, sender):
    found = await db.tenant(sender.tenant_id).fetch_one(RAW)
    return found.days


async def spans(db, sender):
    found = await db.tenant(sender.tenant_id).fetch_one(SPANS)
    return found.days


async def add_spans(db, sender, *, age, count=1):
    start = now() - timedelta(days=age)
    await db.tenant(sender.tenant_id).execute(ADD_SPANS, tenant_id=sender.tenant_id, start=start, count=count)


async def test_old_raw_requests_go_and_their_sums_stay(kept, usage_db, sender):
    before = await daily(usage_db, sender)
    assert await raw(usage_db, sender) == 2
    await service.purge(usage_db, sender.tenant_id, kept)
    assert await raw(usage_db, sender) == 1
    assert await daily(usage_db, sender) == before
    assert sum(before.values()) == 2


async def test_days_without_their_raw_requests_are_not_counted_again(kept, usage_db, sender):
    await service.purge(usage_db, sender.tenant_id, kept)
    gone, there = ((now() - timedelta(days=age)).date() for age in (20, 10))
    with pytest.raises(RawGone):
        await service.recount(usage_db, sender.tenant_id, gone, gone, now())
    assert not await service.recount(usage_db, sender.tenant_id, there, there, now())
    assert sum((await daily(usage_db, sender)).values()) == 2


async def test_nothing_is_deleted_while_somebody_counts(kept, usage_db, sender):
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        await upkeep.hold_partitions(conn)
        purging = asyncio.create_task(service.purge(usage_db, sender.tenant_id, kept))
        done, _ = await asyncio.wait({purging}, timeout=0.3)
        assert not done
        assert (await conn.fetch_one(RAW)).days == 2
    await purging
    assert await raw(usage_db, sender) == 1


async def test_a_company_without_a_retention_of_its_own_keeps_all(ingest, sender, usage_db):
    await ingest.submit(sender.tenant_id, [sender.event(at=now() - timedelta(days=20))])
    await service.purge(usage_db, sender.tenant_id, now() + timedelta(days=300))
    assert await raw(usage_db, sender) == 1


async def test_old_spans_go_with_the_raw_requests_in_batches(kept, usage_db, sender, monkeypatch):
    monkeypatch.setattr(upkeep_service, "_PURGE_LIMIT", 2)
    other = await factories.make_tenant(usage_db)
    stays = replace(sender, tenant_id=other.id)
    await add_spans(usage_db, sender, age=20, count=5)
    await add_spans(usage_db, sender, age=10)
    await add_spans(usage_db, stays, age=20)
    await service.purge(usage_db, sender.tenant_id, kept)
    await service.purge(usage_db, other.id, kept)
    assert (await spans(usage_db, sender), await spans(usage_db, stays)) == (1, 1)


async def test_no_company_keeps_spans_for_longer_than_the_installation(usage_db, sender):
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        staff = Actor(ActorKind.SYSTEM, frozenset())
        await tenants.set_own_limits(conn, staff, sender.tenant_id, OwnLimits(raw_days=400), now())
    await add_spans(usage_db, sender, age=0)
    await service.purge(usage_db, sender.tenant_id, now() + timedelta(days=398))  # 13 months have at most 397.
    assert await spans(usage_db, sender) == 0
