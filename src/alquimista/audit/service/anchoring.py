"""Signing the ends of the chains, and appending them to the anchor outside the database."""

import asyncio

import structlog

from alquimista import clock
from alquimista.audit import gateway
from alquimista.audit.queries import seals as queries
from alquimista.audit.service.sealing import seal_all
from alquimista.audit.service.signing import signer
from alquimista.config import Settings
from alquimista.db.pool import Database

_log = structlog.get_logger("alquimista.audit")


async def anchor(db: Database, settings: Settings) -> int:
    """Seal what waits, sign each chain's end that is new, and append it to the anchor; how many were signed.

    The file comes first: what the database says was anchored, is. A crash between the two repeats lines, harmlessly.

    Raises:
        OSError: the anchor file cannot be written; nothing is kept then.
    """
    await seal_all(db)
    due = await queries.due(db.staff())
    if not due:
        return 0
    key, now = signer(settings), clock.now()
    heads = [key.sign(str(one.tenant_id), one.seq, one.hash, f"{now:%Y-%m-%dT%H:%M:%S.%fZ}") for one in due]
    path = gateway.place(settings)
    if path is None:
        _log.warning("audit.no_anchor", advice="set ALQUIMISTA_AUDIT_ANCHOR to a file outside the database")
    else:
        await asyncio.to_thread(gateway.append, path, heads)
    for one, head in zip(due, heads, strict=True):
        await queries.insert_head(db.tenant(one.tenant_id), head, now)
    return len(heads)
