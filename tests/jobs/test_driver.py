"""The queue's driver: asks on one connection, listens on another."""

import asyncio

import psycopg

from alquimista.config import Settings
from alquimista.db.roles import connection_info
from alquimista.jobs.driver import Driver


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
