"""What failed for good in every queue that REPROCESS_QUEUE knows, for connections of the internal role."""

from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.failures import FailedEntry
from alquimista.db.statement import Conn, Statement
from alquimista.operations.models.kinds import Queue


class ListedFailure(msgspec.Struct, frozen=True):
    """An entry beside the count of all that were found; of an empty page, only `total` is set."""

    total: int
    queue: Queue | None
    tenant_id: UUID | None
    tenant_name: str | None
    id: str | None
    what: str | None
    target: str | None
    reason: str | None
    failed_at: datetime | None


# Each finds exactly what the command would move. A webhook's address may hold a secret: only its host is told.
_FAILED: Final = {
    Queue.MAILS: """
      SELECT 'mails' AS queue, tenant_id, id::text, subject AS what, recipient AS target, last_error AS reason,
        created_at AS failed_at
      FROM alquimista_platform.mails WHERE status = 'failed'""",
    Queue.JOBS: """
      SELECT 'jobs', f.tenant_id, f.job_id::text, f.name, '', f.error, f.failed_at
      FROM alquimista_platform.failed_jobs f JOIN alquimista_platform.job_queue q ON q.id = f.job_id
      WHERE f.requeued_at IS NULL AND q.status = 'failed'""",
    Queue.WEBHOOKS: """
      SELECT 'webhooks', d.tenant_id, d.id::text, d.event_type, split_part(split_part(e.url, '/', 3), '@', -1),
        concat_ws(' ', d.last_failure, d.last_status), d.updated_at
      FROM alquimista_platform.webhook_deliveries d
      JOIN alquimista_platform.webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
      WHERE d.state = 'failed' AND e.status = 'enabled'""",
    Queue.EVENTS: """
      SELECT 'events', d.tenant_id, d.event_id::text, e.event_type, d.consumer, d.last_error, d.updated_at
      FROM fibonacci_core.event_deliveries d
      JOIN fibonacci_core.events e ON e.tenant_id = d.tenant_id AND e.id = d.event_id
      WHERE d.state = 'dead'""",
}
# Each filter is written only where it is wanted, so that every queue is read along an index of its own.
_FILTERS: Final = {
    "queue": "f.queue = %(queue)s",
    "tenant_id": "f.tenant_id = %(tenant_id)s",
    "search": """f.tenant_id <> %(platform)s
        AND strpos(t.search_name, alquimista_platform.search_text(%(search)s)) > 0""",
}


@cache
def _listed(wanted: frozenset[str]) -> Statement[ListedFailure]:
    where = " AND ".join(["true", *(_FILTERS[name] for name in sorted(wanted))])
    return Statement(
        f"""
        WITH failed (queue, tenant_id, id, what, target, reason, failed_at) AS ({" UNION ALL ".join(_FAILED.values())}
        ), found AS MATERIALIZED (
          SELECT f.*, t.name FROM failed f JOIN alquimista_platform.tenants t ON t.id = f.tenant_id WHERE {where}
        ), page AS (
          SELECT * FROM found ORDER BY failed_at DESC, queue, id, target LIMIT %(limit)s OFFSET %(offset)s
        )
        SELECT counted.total, page.queue, nullif(page.tenant_id, %(platform)s) AS tenant_id,
          CASE WHEN page.tenant_id <> %(platform)s THEN page.name END AS tenant_name, page.id, page.what, page.target,
          coalesce(page.reason, '') AS reason, page.failed_at
        FROM (SELECT count(*) AS total FROM found) counted LEFT JOIN page ON true
        ORDER BY page.failed_at DESC, page.queue, page.id, page.target
        """,  # noqa: S608 - Constants of our own.
        ListedFailure,
    )


async def listed(conn: Conn, wanted: dict[str, Any], limit: int, offset: int) -> tuple[list[FailedEntry], int]:
    """A page of what failed and all of `wanted` holds for (queue, tenant_id, search), and how many there are."""
    statement = _listed(frozenset(wanted))
    rows = await conn.fetch(statement, **wanted, platform=PLATFORM_TENANT, limit=limit, offset=offset)
    found = [msgspec.convert(row, FailedEntry, from_attributes=True) for row in rows if row.id is not None]
    return found, rows[0].total
