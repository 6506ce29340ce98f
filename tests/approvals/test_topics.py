"""Open pages look again when a request changes; what is asked of staff is told to staff alone."""

import asyncio

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.approvals import service
from alquimista.approvals.models import Audience, Verdict
from alquimista.cache.bus import Bus
from alquimista.db.tenancy import tenant_transaction


@pytest.fixture
async def heard(settings):
    """The tenants for which `approvals` was said, as it is heard."""
    bus, found = Bus(settings), []
    bus.subscribe("cache", lambda told: found.append(told["tenant_id"]) if "approvals" in told["topics"] else None)
    await bus.start()
    while not bus.healthy:  # noqa: ASYNC110 - The bus tells nobody when it is ready.
        await asyncio.sleep(0.01)
    yield found
    await bus.stop()


async def test_each_step_is_told_to_those_who_see_the_request(scene, db, heard):
    for asker, decider, audience in (("ana", "bia", Audience.TENANT), ("ops", "chief", Audience.STAFF)):
        asked = await scene.ask(asker, audience)
        async with tenant_transaction(db, scene.tenant) as conn:
            await service.decide(conn, scene.actor(decider), scene.tenant, asked.id, Verdict.APPROVE, "", clock.now())
    async with asyncio.timeout(10):
        while len(heard) < 4:  # noqa: ASYNC110 - As above.
            await asyncio.sleep(0.02)
    assert heard == [str(scene.tenant)] * 2 + [str(PLATFORM_TENANT)] * 2
