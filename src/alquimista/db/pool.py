"""The database of a process: for each role, a pipelined executor and a pool for transactions of many statements."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self
from uuid import UUID

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from alquimista.config import Settings
from alquimista.db.executor import Executor, SingleStatements, Together
from alquimista.db.roles import Role, connection_info
from alquimista.db.rows import ADAPTERS
from alquimista.db.statement import Conn, NoRow, Statement, Writer
from alquimista.errors import Unavailable

RUNTIME_ROLES: Final[tuple[Role, ...]] = ("app", "internal", "login")
_WAIT_S: Final = 5  # For a free connection; then the caller gets Unavailable.
_IDLE_S: Final = 300
_MAX_WAITING: Final = 1000
_PING_S: Final = 2
_PING: Final = Statement("SELECT 1", NoRow)

Pool = AsyncConnectionPool[AsyncConnection[Any]]


class Database:
    """Executors and pools of the three runtime roles, each opened at its first use.

    A role's `size` connections are shared out evenly between its executor and its pool, at least one each.
    """

    def __init__(self, settings: Settings, size: int) -> None:
        self.settings = settings
        pooled = max(1, size // 2)
        self._executors = {
            role: Executor(connection_info(settings, role), size=max(1, size - pooled)) for role in RUNTIME_ROLES
        }
        self._pools = {role: _pool(settings, role, pooled) for role in RUNTIME_ROLES}

    @classmethod
    async def open(cls, settings: Settings, *, size: int | None = None) -> Self:
        """A database whose connections are made when they are needed: the server may be down just now.

        Args:
            settings: where the server is, and the secret key that the roles' passwords derive from.
            size: connections of each role; `settings.database_pool` unless given.

        Raises:
            ConfigError: the database URL is missing or cannot be read.
        """
        database = cls(settings, size or settings.database_pool)
        await database.start()
        return database

    async def start(self) -> None:
        """Open the pools, for a database that was made before there was an event loop; nothing is connected yet."""
        for pool in self._pools.values():
            await pool.open()

    async def close(self) -> None:
        """Let statements in flight end, for a few seconds, then close every connection."""
        await asyncio.gather(*(executor.close() for executor in self._executors.values()))
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    def tenant(self, tenant_id: UUID) -> Conn:
        """The app role under a tenant: each statement is one round trip and one transaction of its own."""
        return SingleStatements(self._executors["app"], tenant_id)

    @asynccontextmanager
    async def together(self, tenant_id: UUID) -> AsyncIterator[Writer]:
        """The app role under a tenant: what the block writes is one transaction, in one round trip when it ends.

        Nothing is sent before, and nothing at all when the block raises.

        Raises:
            Unavailable: no connection is free within 5 seconds, it was lost, or a statement ran out of time.
            psycopg.Error: as the server raised it; nothing of the block is kept.
        """
        gathered = Together()
        yield gathered
        if gathered.work:
            await self._executors["app"].run_all(tenant_id, gathered.work)

    def staff(self) -> Conn:
        """The internal role, which reads across tenants: each statement is a transaction of its own."""
        return SingleStatements(self._executors["internal"], None)

    def login(self) -> Conn:
        """The login role, for look-ups that precede the tenant: each statement is a transaction of its own."""
        return SingleStatements(self._executors["login"], None)

    async def ping(self) -> None:
        """Ask the server for a sign of life, at most for 2 seconds.

        Raises:
            Unavailable: it gave none.
        """
        try:
            async with asyncio.timeout(_PING_S):
                await SingleStatements(self._executors["app"], None).execute(_PING)
        except TimeoutError:
            raise Unavailable(retry_after=1) from None

    def pool(self, role: Role) -> Pool:
        """The role's pool. Its connections are in autocommit: the doors of tenancy.py begin and commit."""
        return self._pools[role]


def _pool(settings: Settings, role: Role, size: int) -> Pool:
    return AsyncConnectionPool(
        connection_info(settings, role),
        kwargs={"autocommit": True, "context": ADAPTERS},
        min_size=0,
        max_size=size,
        timeout=_WAIT_S,
        max_idle=_IDLE_S,
        max_waiting=_MAX_WAITING,
        reconnect_timeout=_WAIT_S,
        name=f"alquimista {role}",
        open=False,
    )
