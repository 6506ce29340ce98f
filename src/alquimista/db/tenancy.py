"""The doors to the database for work of several statements. Each opens one transaction as one role, and one only.

A door ends in COMMIT when its block does, and in ROLLBACK when the block raises or a statement failed in it: never
half-way. A door inside another one of the same pool is refused, since tasks that hold one connection and wait for a
second can wait for each other forever.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.adapt import Transformer
from psycopg.errors import InFailedSqlTransaction
from psycopg.pq import TransactionStatus

from alquimista.db.context import SET_CONTEXT, begin, context_value
from alquimista.db.failures import is_stale_plan, is_unavailable
from alquimista.db.pool import Database, Pool
from alquimista.db.roles import Role, connection_info
from alquimista.db.rows import ADAPTERS, bind, build, only
from alquimista.db.statement import Statement
from alquimista.errors import Unavailable

R = TypeVar("R")
# For work on the whole of a tenant, which nobody waits for.
_UNHURRIED: Final = "; SET LOCAL statement_timeout = '2h'; SET LOCAL idle_in_transaction_session_timeout = '10min'"
_held: Final[WeakKeyDictionary[asyncio.Task[Any], set[Pool]]] = WeakKeyDictionary()


class TransactionConn:
    """A Conn inside a transaction. `raw` is its psycopg connection, for the job queue; never commit through it."""

    def __init__(self, raw: AsyncConnection[Any]) -> None:
        self.raw = raw
        self._transformer = Transformer(ADAPTERS)

    async def fetch(self, statement: Statement[R], **params: Any) -> list[R]:  # noqa: ANN401 - Any SQL parameter.
        """All rows."""
        result = (await self._run(statement, params)).pgresult
        assert result is not None
        return build(self._transformer, result, statement)

    async def fetch_one(self, statement: Statement[R], **params: Any) -> R | None:  # noqa: ANN401 - As above.
        """The only row, or None.

        Raises:
            LookupError: there is more than one row.
        """
        return only(await self.fetch(statement, **params))

    async def execute(self, statement: Statement[Any], **params: Any) -> int:  # noqa: ANN401 - As above.
        """Run the statement; the number of rows it touched."""
        return max((await self._run(statement, params)).rowcount, 0)

    async def _run(self, statement: Statement[Any], params: dict[str, Any]) -> AsyncRawCursor[Any]:
        text, values = bind(statement, params)
        return await AsyncRawCursor(self.raw).execute(text.encode(), values)


@asynccontextmanager
async def tenant_transaction(db: Database, tenant_id: UUID) -> AsyncIterator[TransactionConn]:
    """A transaction of the app role that sees and writes one tenant's rows: the door of requests and jobs.

    Raises:
        Unavailable: no connection is free within 5 seconds, it was lost, or a statement ran out of time.
        psycopg.Error: as the server raised it (UniqueViolation...); everything in the block is undone.
        RuntimeError: this task already holds a transaction of the same role.
    """
    async with _transaction(db.pool("app"), begin(tenant_id)) as conn:
        yield conn


@asynccontextmanager
async def tenant_snapshot(db: Database, tenant_id: UUID) -> AsyncIterator[TransactionConn]:
    """A READ ONLY transaction of the app role on one tenant: for work that promises to write nothing.

    Raises:
        As tenant_transaction.
    """
    async with _transaction(db.pool("app"), begin(tenant_id, read_only=True)) as conn:
        yield conn


@asynccontextmanager
async def login_transaction(db: Database) -> AsyncIterator[TransactionConn]:
    """A transaction of the login role, BEFORE any tenant is known: sign-in, tokens and API keys only.

    Raises:
        As tenant_transaction.
    """
    async with _transaction(db.pool("login"), begin(None)) as conn:
        yield conn


@asynccontextmanager
async def staff_transaction(db: Database) -> AsyncIterator[TransactionConn]:
    """A READ ONLY transaction of the internal role, which sees ALL tenants: staff pages and cross-tenant jobs only.

    Raises:
        As tenant_transaction.
    """
    async with _transaction(db.pool("internal"), begin(None, read_only=True)) as conn:
        yield conn


@asynccontextmanager
async def owner_transaction(db: Database) -> AsyncIterator[TransactionConn]:
    """A transaction of the OWNER of the tables on a connection of its own: makes and drops partitions, nothing else.

    The owner is bound by row-level security too, and without a tenant it sees no rows.

    Raises:
        As tenant_transaction.
    """
    async with _of_its_own(db, "owner", begin(None)) as conn:
        yield conn


@asynccontextmanager
async def owner_tenant_transaction(db: Database, tenant_id: UUID) -> AsyncIterator[TransactionConn]:
    """A transaction of the OWNER on ONE tenant's rows: puts back or deletes a whole tenant, nothing else.

    Raises:
        As tenant_transaction.
    """
    async with _of_its_own(db, "owner", begin(tenant_id) + _UNHURRIED) as conn:
        yield conn


async def turn_to(conn: TransactionConn, tenant_id: UUID) -> None:
    """Have what follows in the OWNER's transaction act on another tenant's rows: for what must be done as one."""
    await AsyncRawCursor(conn.raw).execute(SET_CONTEXT.encode(), [context_value(tenant_id)])


@asynccontextmanager
async def export_snapshot(db: Database, tenant_id: UUID) -> AsyncIterator[TransactionConn]:
    """A READ ONLY transaction of the app role on one tenant that sees one moment, on a connection of its own.

    It may last for minutes, and takes no place of those who answer requests.

    Raises:
        As tenant_transaction.
    """
    async with _of_its_own(db, "app", begin(tenant_id, read_only=True, one_moment=True) + _UNHURRIED) as conn:
        yield conn


@asynccontextmanager
async def _of_its_own(db: Database, role: Role, opening: str) -> AsyncIterator[TransactionConn]:
    """A transaction on a connection that is made for it and closed after it."""
    with _overload_told():
        raw = await AsyncConnection.connect(connection_info(db.settings, role), autocommit=True, context=ADAPTERS)
        async with raw:
            await raw.execute(opening.encode(), prepare=False)
            async with _finished(raw):
                yield TransactionConn(raw)


@asynccontextmanager
async def _transaction(pool: Pool, opening: str) -> AsyncIterator[TransactionConn]:
    with _exclusively(pool), _overload_told():
        raw = await _begun(pool, opening)
        try:
            async with _finished(raw):
                yield TransactionConn(raw)
        finally:
            await pool.putconn(raw)


@contextmanager
def _overload_told() -> Iterator[None]:
    """Turn what may be tried again into Unavailable."""
    try:
        yield
    except psycopg.Error as error:
        if is_unavailable(error):
            raise Unavailable(retry_after=1) from error
        raise


@contextmanager
def _exclusively(pool: Pool) -> Iterator[None]:
    """Refuse a second transaction of one pool in one task."""
    task = asyncio.current_task()
    assert task is not None
    held = _held.setdefault(task, set())
    if pool in held:
        raise RuntimeError("This task already has a transaction of this role open: use its connection")
    held.add(pool)
    try:
        yield
    finally:
        held.discard(pool)


async def _begun(pool: Pool, opening: str) -> AsyncConnection[Any]:
    """A connection with its transaction begun. Connections that died while idle are dropped on the way."""
    for attempt in range(pool.max_size + 1):
        raw = await pool.getconn()
        try:
            await raw.execute(opening.encode(), prepare=False)
        except BaseException as error:
            died = raw.closed and isinstance(error, psycopg.OperationalError)
            await pool.putconn(raw)
            if not died or attempt == pool.max_size:
                raise
        else:
            return raw
    raise AssertionError


@asynccontextmanager
async def _finished(raw: AsyncConnection[Any]) -> AsyncIterator[None]:
    """Commit at the end of the block, or roll back."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, psycopg.Error) and is_stale_plan(error):
            await raw.close()  # Its prepared statements are from before a migration.
        else:
            await _undo(raw)
        raise
    await _commit(raw)


async def _commit(raw: AsyncConnection[Any]) -> None:
    """Commit.

    Raises:
        InFailedSqlTransaction: the block hid a statement's error. To COMMIT the server would answer with a rollback,
            and no error.
        RuntimeError: the block ended the transaction itself.
    """
    status = raw.pgconn.transaction_status
    if status == TransactionStatus.INTRANS:
        await raw.commit()
        return
    await _undo(raw)
    if status == TransactionStatus.INERROR:
        raise InFailedSqlTransaction("A statement failed in this transaction, and the block hid its error")
    raise RuntimeError("The block ended the transaction that was lent to it")


async def _undo(raw: AsyncConnection[Any]) -> None:
    try:
        await raw.rollback()
    except psycopg.Error:
        await raw.close()  # The server rolls back what its client leaves behind.
