import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import psycopg
import pytest

from alquimista.jobs.consumer import consume
from alquimista.wiring import Services


@pytest.fixture(scope="module")
def services(settings, db):
    return Services(settings, db)


@pytest.fixture
def working(services):
    """`async with working(jobs, periodic):` runs a worker inside this process."""

    @asynccontextmanager
    async def work(*jobs, periodic=(), lease=timedelta(seconds=20)):
        stop = asyncio.Event()
        task = asyncio.create_task(consume(services, jobs, periodic, stop, lease=lease))
        try:
            yield task
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)

    return work


@pytest.fixture
async def sql(migrated):
    """Ask the database as its superuser: `await sql("SELECT …")` answers the rows."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query, *args):
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        await conn.execute("DELETE FROM alquimista_platform.job_queue")
        await conn.execute("DELETE FROM alquimista_platform.job_log")
        yield ask


@pytest.fixture
def until():
    """Wait until an async condition holds."""

    async def wait(condition, seconds=20):
        async with asyncio.timeout(seconds):
            while not await condition():  # noqa: ASYNC110 - The state is the database's.
                await asyncio.sleep(0.05)

    return wait
