"""The jobs: folding all the time, closing by the hour, the full pass each night."""

import asyncio
from datetime import timedelta

import msgspec
import psycopg

import factories
from alquimista import clock
from alquimista.clock import now
from alquimista.db.statement import Statement
from alquimista.usage import jobs, service
from alquimista.wiring import Services
from support.usage import Count, version

CLOSED = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.usage_closed_days WHERE tenant_id = %(tenant_id)s", Count
)


async def queued(migrated, name):
    """The tenants of the queued jobs of a name."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        rows = await (
            await conn.execute("SELECT payload FROM alquimista_platform.job_queue WHERE entrypoint = %s", [name])
        ).fetchall()
    return {msgspec.json.decode(bytes(payload))["tenant_id"] for (payload,) in rows}


async def test_what_is_written_is_folded_within_seconds_even_after_the_database_was_away(ingest, sender, usage_db):
    stop = asyncio.Event()
    folding = asyncio.create_task(jobs.keep_folding(usage_db, stop))
    for number in (1, 2):
        await ingest.submit(sender.tenant_id, [sender.event()])
        async with asyncio.timeout(5):
            while await version(usage_db, sender) < number:  # noqa: ASYNC110 - The database's state.
                await asyncio.sleep(0.05)
    stop.set()
    await folding


async def test_the_hourly_job_asks_for_tenants_that_have_a_day_to_close(ingest, sender, usage_db, settings, migrated):
    quiet = await factories.make_tenant(usage_db, name="Sem uso")
    await ingest.submit(sender.tenant_id, [sender.event(at=now() - timedelta(days=3))])
    await service.fold(usage_db, sender.tenant_id)
    services = Services(settings, usage_db)
    await jobs.hourly(services, None, None)
    asked = await queued(migrated, "usage.close_days")
    assert str(sender.tenant_id) in asked
    assert str(quiet.id) not in asked
    await jobs.close_days(services, sender.tenant_id, None)
    assert (await usage_db.tenant(sender.tenant_id).fetch_one(CLOSED, tenant_id=sender.tenant_id)).count == 1


async def test_the_daily_job_makes_partitions_and_asks_for_every_tenant(ingest, sender, usage_db, settings, migrated):
    services = Services(settings, usage_db)
    with clock.frozen(now() + timedelta(days=3)):
        await jobs.daily(services, None, None)
        assert await service.make_partitions(usage_db, clock.now()) == 0
    assert str(sender.tenant_id) in await queued(migrated, "usage.full_pass")
    await ingest.submit(sender.tenant_id, [sender.event("x", at=now() - timedelta(days=2))])
    await jobs.full_pass(services, sender.tenant_id, None)
    assert (await usage_db.tenant(sender.tenant_id).fetch_one(CLOSED, tenant_id=sender.tenant_id)).count == 1
    again = await ingest.submit(sender.tenant_id, [sender.event("x")])
    assert again.duplicates == 1, "the key is still known"
