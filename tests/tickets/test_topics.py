"""Open pages look again when a ticket changes; what only staff see is told to staff alone."""

import asyncio

import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.cache.bus import Bus
from tickets.test_tickets import MINE, NEW, STAFFS


@pytest.fixture
async def heard(settings):
    """The tenants for which `tickets` was said, as it is heard."""
    bus, found = Bus(settings), []
    bus.subscribe("cache", lambda told: found.append(told["tenant_id"]) if "tickets" in told["topics"] else None)
    await bus.start()
    while not bus.healthy:  # noqa: ASYNC110 - The bus tells nobody when it is ready.
        await asyncio.sleep(0.01)
    yield found
    await bus.stop()


async def test_the_company_hears_of_messages_and_not_of_notes(company, agent, heard):
    tenant_id, _, client = company
    _, helper = agent
    ticket = (await client.post(MINE, json=NEW)).json()["ticket"]
    path = f"{STAFFS}/{ticket['id']}/messages"
    assert (await helper.post(path, json={"body": "Cliente importante.", "internal": True})).status_code < 300
    assert (await helper.post(path, json={"body": "Reconecte a conta."})).status_code < 300
    async with asyncio.timeout(10):
        while len(heard) < 3:  # noqa: ASYNC110 - As above.
            await asyncio.sleep(0.02)
    assert heard == [str(tenant_id), str(PLATFORM_TENANT), str(tenant_id)]
