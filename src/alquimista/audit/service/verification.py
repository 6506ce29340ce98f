"""Verifying the chains that are in the database."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.audit.models.chain import GENESIS
from alquimista.audit.models.heads import Head
from alquimista.audit.models.verifying import MOST_FINDINGS, Finding, Report, Verifier, What, sort_heads
from alquimista.audit.queries import seals as queries
from alquimista.audit.service.erasing import emptied
from alquimista.audit.service.signing import signer
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.i18n import N_

CHUNK: Final = 2000
_NO_END: Final = 2**63 - 1
_SEALED_WITHIN: Final = timedelta(minutes=1)  # An entry that waits for longer is told.


async def verify(
    db: Database,
    settings: Settings,
    tenant_id: UUID,
    *,
    anchors: Iterable[Head] = (),
    keys: dict[str, bytes] | None = None,
    since: datetime | None = None,
    latest: int | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Report:
    """Recompute a tenant's chain and compare it with its signed heads: those given, and the database's own copies.

    Args:
        db: the database.
        settings: they hold the key whose signatures are trusted.
        tenant_id: whose chain.
        anchors: heads from outside the database; other tenants' are left out.
        keys: further public keys to trust, by their ids: those of the past.
        since: leave out what was sealed before. The hash there is then taken as it is.
        latest: leave out all but so many entries, in the same way.
        on_progress: called with the places verified and their number, now and then.
    """
    conn, name = db.tenant(tenant_id), str(tenant_id)
    key = signer(settings)
    # The signed heads first: what is sealed meanwhile is left for the next time, and is above every one of them.
    signed = {*(one for one in anchors if one.tenant_id == name), *await queries.heads(conn, tenant_id)}
    end = await queries.last(conn, tenant_id)
    start = await queries.before(conn, tenant_id, since) if since else None
    if latest and end and end.seq - latest > (start.seq if start else 0):
        start = await queries.at(conn, tenant_id, end.seq - latest) or start
    after = (start.seq, start.hash) if start else (0, GENESIS)
    good, bad = sort_heads((one for one in signed if one.seq >= after[0]), {key.key_id: key.public_key, **(keys or {})})
    verifier = Verifier(name, good.get(name, ()), after)
    for _, finding in bad:
        verifier.find(finding.what, finding.seq, finding.sentence)
    seq, last = after[0], end.seq if end else 0
    # What erasures of this stretch emptied below it belongs to what they say as well.
    below = await queries.erasures(conn, tenant_id, seq, last) if seq else ()
    async for entry_id, part, by in emptied(conn, tenant_id, seq, below):
        verifier.erasures.emptied(entry_id, part, str(by))
    while rows := await queries.chain(conn, tenant_id, seq, last, CHUNK):
        for row in rows:
            verifier.take(row)
        seq = rows[-1].seq
        on_progress(seq - after[0], last - after[0])
    for by in await queries.erasures(conn, tenant_id, last, _NO_END):
        verifier.erasures.forget(str(by))  # It took place meanwhile.
    if latest is None:
        for finding in await _strays(db, tenant_id):
            verifier.find(finding.what, finding.seq, finding.sentence)
    return verifier.finish()


async def _strays(db: Database, tenant_id: UUID) -> list[Finding]:
    old = clock.now() - _SEALED_WITHIN
    found = await queries.strays(db.tenant(tenant_id), tenant_id, old, MOST_FINDINGS)
    return [_stray({"id": str(one.id), "moment": str(one.occurred_at)}, queued=one.queued) for one in found]


def _stray(entry: dict[str, str], *, queued: bool) -> Finding:
    if queued:
        waits = N_("Entry {id} of {moment} still waits for its seal: is a worker running?", **entry)
        return Finding(What.UNSEALED, None, waits)
    said = N_("Entry {id} of {moment} has no seal and never waited for one: it was inserted by other ways.", **entry)
    return Finding(What.INSERTED, None, said)
