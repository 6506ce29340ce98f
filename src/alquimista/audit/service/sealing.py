"""The sealer: takes committed entries out of the queue and chains them, one tenant at a time, one sealer each."""

from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
import structlog

from alquimista import clock
from alquimista.audit.models.chain import GENESIS, Chained, actor_digest, content_digest, link
from alquimista.audit.queries import seals as queries
from alquimista.audit.queries.seals import NewSeal
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction

BATCH: Final = 1000
_FRONT: Final = UUID(int=0)  # Below every id: dead rows at the queue's front are passed over once, not in each turn.
_log = structlog.get_logger("alquimista.audit")


async def seal_all(db: Database) -> int:
    """Seal whatever waits, of every tenant; how many entries. What another sealer is at is left to it.

    A tenant whose seals fail, as a chain that was tampered with may make them, does not hold up the others.
    """
    count = 0
    for tenant_id in await queries.waiting(db.staff()):
        try:
            count += await seal(db, tenant_id)
        except psycopg.Error:
            _log.exception("audit.sealing_failed", tenant_id=str(tenant_id))
    return count


async def seal(db: Database, tenant_id: UUID) -> int:
    """Seal what waits of one tenant, in transactions of 1,000 entries; how many.

    Killed at any moment, it leaves a whole number of such transactions, and the rest in the queue. What commits behind
    the point that it has reached is met by the next call, which begins at the front again.
    """
    count, after = 0, _FRONT
    while True:
        async with tenant_transaction(db, tenant_id) as conn:
            if not await queries.lock(conn, tenant_id, wait=False):
                return count
            done = await _seal_some(conn, tenant_id, after, clock.now())
        count += len(done)
        if len(done) < BATCH:
            return count
        after = UUID(done[-1].id)


async def seal_within(conn: Conn, tenant_id: UUID) -> None:
    """Seal what waits, and what this transaction wrote, in the caller's transaction; waits for another sealer's end."""
    await queries.lock(conn, tenant_id, wait=True)
    after = _FRONT
    while len(done := await _seal_some(conn, tenant_id, after, clock.now())) == BATCH:
        after = UUID(done[-1].id)


async def _seal_some(conn: Conn, tenant_id: UUID, after: UUID, now: datetime) -> list[Chained]:
    found = await queries.unsealed(conn, tenant_id, after, BATCH)
    if found:
        last = await queries.last(conn, tenant_id)
        await queries.insert(conn, tenant_id, _chained(tenant_id, last, found), now)
    return found


def _chained(tenant_id: UUID, last: queries.Last | None, found: list[Chained]) -> list[NewSeal]:
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    made = []
    for entry in found:
        seq += 1
        actor, content = actor_digest(entry), content_digest(entry)
        previous = link(previous, seq, str(tenant_id), entry, actor, content)
        made.append(NewSeal(seq, UUID(entry.id), bytes.fromhex(actor), bytes.fromhex(content), bytes.fromhex(previous)))
    return made
