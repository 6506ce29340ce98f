"""The application with identity's routes, over the real database; `second` is another process of the same platform."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from alquimista.config import Settings
from support.identity import Process, process


@pytest.fixture(scope="module")
async def first(settings: Settings) -> AsyncIterator[Process]:
    async with process(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def second(settings: Settings) -> AsyncIterator[Process]:
    async with process(settings) as running:
        yield running


@pytest.fixture
def with_settings(settings: Settings):
    """`async with with_settings(totp_required=True) as running:` is a process with other settings."""

    def make(**changes: Any):
        return process(replace(settings, **changes))

    return make


@pytest.fixture
async def sql(migrated):
    """Ask the database as its superuser: `await sql("SELECT …", …)` answers the rows."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:

        async def ask(query: str, *args: Any) -> list[tuple[Any, ...]]:
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask
