"""What failed for good and waits to be moved back, for staff."""

import msgspec

from alquimista.dashboards.models.failures import FailedEntries, FailedEntry, FailureFilter
from alquimista.dashboards.queries import failures as queries
from alquimista.db.statement import Conn
from alquimista.observability.masking import mask


async def failures(conn: Conn, wanted: FailureFilter, limit: int, offset: int, search: str = "") -> FailedEntries:
    """A page of what failed, masked as logs are; `search` is a part of the company's name.

    Takes a connection of the internal role.
    """
    words = " ".join(search.split())
    given = {"queue": wanted.queue and wanted.queue.value, "tenant_id": wanted.tenant_id, "search": words}
    held = {name: value for name, value in given.items() if value}
    entries, total = await queries.listed(conn, held, limit, offset)
    return FailedEntries([_masked(one) for one in entries], total)


def _masked(entry: FailedEntry) -> FailedEntry:
    texts = {name: mask(getattr(entry, name)) for name in ("what", "target", "reason")}
    return msgspec.structs.replace(entry, **texts)
