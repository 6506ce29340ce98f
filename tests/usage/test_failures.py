"""Too many failed requests open an incident of the company's, which ends by itself when they are few again."""

import dataclasses
from datetime import timedelta

import factories
from alquimista.clock import frozen, now
from alquimista.incidents import service as incidents
from alquimista.usage import jobs, service
from alquimista.wiring import Services
from support.queued import waiting

LIMITS = {"error_rate_percent": 20, "error_rate_requests": 10}


async def send(ingest, sender, db, *, good=0, bad=0, at=None):
    moment = at or now()
    events = [sender.event(at=moment) for _ in range(good)]
    events += [sender.event(at=moment, status="error") for _ in range(bad)]
    await ingest.submit(sender.tenant_id, events)
    while await service.fold(db, sender.tenant_id):
        pass


async def shown(db, tenant_id):
    page, _ = await incidents.page(db.tenant(tenant_id), tenant_id, 10, 0)
    return [(one.title, one.resolved_at is None) for one in page]


async def test_it_opens_and_ends_with_the_share_of_failures(ingest, sender, usage_db, settings, migrated):
    strict = dataclasses.replace(settings, **LIMITS)
    services = Services(strict, usage_db)
    quiet = await factories.make_tenant(usage_db)
    await send(ingest, sender, usage_db, good=8, bad=2)
    assert await service.tenants_to_judge(usage_db, strict, now()) == set(), "20 % is not more than 20 %"
    await send(ingest, sender, usage_db, bad=3)
    assert await service.tenants_to_judge(usage_db, strict, now()) == {sender.tenant_id}
    await jobs.watch_failures(services, None, None)
    assert [whose for whose, *_ in await waiting(migrated.admin_url, "usage.judge_failures")] == [sender.tenant_id]
    for _ in range(2):
        await jobs.judge_failures(services, sender.tenant_id, None)
        assert await shown(usage_db, sender.tenant_id) == [("Taxa de erro acima do normal", True)]
    await send(ingest, sender, usage_db, good=30)
    assert await service.tenants_to_judge(usage_db, strict, now()) == {sender.tenant_id}, "it is open still"
    assert not await service.judge_failures(usage_db, strict, sender.tenant_id, now())
    assert await shown(usage_db, sender.tenant_id) == [("Taxa de erro acima do normal", False)]
    assert await service.tenants_to_judge(usage_db, strict, now()) == set()
    assert await shown(usage_db, quiet.id) == []


async def test_few_requests_are_not_judged_and_old_ones_are_forgotten(ingest, sender, usage_db, settings):
    strict = dataclasses.replace(settings, **LIMITS)
    await send(ingest, sender, usage_db, bad=9)
    assert not await service.judge_failures(usage_db, strict, sender.tenant_id, now())
    await send(ingest, sender, usage_db, bad=9)
    assert await service.judge_failures(usage_db, strict, sender.tenant_id, now())
    later = now() + timedelta(hours=3)
    with frozen(later):
        assert await service.tenants_to_judge(usage_db, strict, later) == {sender.tenant_id}
        assert not await service.judge_failures(usage_db, strict, sender.tenant_id, later)
    assert await shown(usage_db, sender.tenant_id) == [("Taxa de erro acima do normal", False)]
