"""Writing a tenant's chain into a file that verifies offline."""

import base64
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.audit.models.chain import GENESIS
from alquimista.audit.models.exporting import FORMAT, Header, withheld
from alquimista.audit.queries import seals as queries
from alquimista.audit.service.sealing import seal
from alquimista.audit.service.signing import signer
from alquimista.audit.service.verification import CHUNK
from alquimista.config import Settings
from alquimista.db.pool import Database


async def export(
    db: Database,
    settings: Settings,
    tenant_id: UUID,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
    *,
    whole: bool = True,
) -> AsyncIterator[bytes]:
    """The whole chain of a tenant, in pieces of whole lines; what waits is sealed first.

    What was erased is not in it, nor, without `whole`, anything of who acted among staff but their names. The end is
    signed as it stands now, so that nothing can be cut off unseen.
    """
    await seal(db, tenant_id)
    conn, key, encoder = db.tenant(tenant_id), signer(settings), msgspec.json.Encoder()
    moment = f"{clock.now():%Y-%m-%dT%H:%M:%S.%fZ}"
    header = Header(FORMAT, str(tenant_id), moment, base64.b64encode(key.public_key).decode())
    yield encoder.encode_lines([header])
    end = await queries.last(conn, tenant_id)
    seq, last = 0, end.seq if end else 0
    while rows := await queries.chain(conn, tenant_id, seq, last, CHUNK):
        yield encoder.encode_lines(rows if whole else [withheld(row) for row in rows])
        seq = rows[-1].seq
        on_progress(seq, last)
    yield encoder.encode_lines([key.sign(str(tenant_id), last, end.hash if end else GENESIS, moment)])
