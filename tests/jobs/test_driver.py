"""The queue's driver: asks on one connection, listens on another."""

import asyncio

import psycopg

from alquimista.config import Settings
from alquimista.db.roles import connection_info
from alquimista.jobs.driver import GATHER_S, Driver, gathered


async def test_a_notification_that_is_sent_first_waits_until_somebody_listens(settings: Settings) -> None:
    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(connection_info(settings, "internal"), autocommit=True)

    heard: asyncio.Future[str | bytes | bytearray] = asyncio.Future()
    async with await connect() as asking, await connect() as listening, Driver(asking, listening) as driver:
        sent = asyncio.create_task(driver.notify("early", "bird"))
        await asyncio.sleep(0)
        await asking.execute("SELECT 1")  # Waits for its turn behind the notification, were that on its way.
        await driver.add_listener("early", heard.set_result)
        await sent
        assert await asyncio.wait_for(heard, 20) == "bird"


async def test_changes_of_the_queue_are_told_at_once_and_then_together() -> None:
    changed, asked = '{"type": "table_changed_event"}', '{"type": "health_check_event"}'
    heard: list[str | bytes | bytearray] = []
    hear = gathered(heard.append)
    hear(changed)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert heard == [changed]
    for _ in range(10):
        hear(changed)
    hear(asked)
    assert heard == [changed, asked], "what somebody waits for is not held back"
    await asyncio.sleep(GATHER_S * 3)
    assert heard == [changed, asked, changed], "ten changes are one reason to look"
