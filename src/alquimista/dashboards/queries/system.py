"""The platform's own state in one statement, for a connection of the internal role."""

from datetime import datetime
from typing import Final

import msgspec

from alquimista.dashboards.models.system import SystemState
from alquimista.db.statement import Conn, Statement


class Answer(msgspec.Struct, frozen=True):
    """The sections as one JSON object."""

    answer: str


# Each count is along an index: what is delivered and kept is not read. The ends of what each tenant has are found by
# the keys, one after the other.
SYSTEM: Final = Statement(
    """
    SELECT json_build_object(
      'queues', (SELECT coalesce(json_agg(x ORDER BY x.name), '[]') FROM (
        SELECT entrypoint AS name,
          count(*) FILTER (WHERE status = 'queued' AND execute_after <= %(now)s::timestamptz) AS waiting,
          count(*) FILTER (WHERE status = 'queued' AND execute_after > %(now)s::timestamptz) AS later,
          count(*) FILTER (WHERE status = 'picked') AS running, count(*) FILTER (WHERE status = 'failed') AS failed,
          extract(epoch FROM %(now)s::timestamptz - min(execute_after)
            FILTER (WHERE status = 'queued' AND execute_after <= %(now)s::timestamptz))::float8 AS oldest_seconds
        FROM alquimista_platform.job_queue GROUP BY entrypoint) x),
      'own_queues', (SELECT json_agg(x) FROM (
        SELECT 'mails' AS name, count(*) FILTER (WHERE status = 'queued') AS waiting,
          count(*) FILTER (WHERE status = 'failed') AS failed,
          min(created_at) FILTER (WHERE status = 'queued') AS oldest
        FROM alquimista_platform.mails WHERE status IN ('queued', 'failed')
        UNION ALL
        SELECT 'webhooks', count(*), (SELECT count(*) FROM alquimista_platform.webhook_deliveries d
            JOIN alquimista_platform.webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.id = d.endpoint_id
            WHERE d.state = 'failed' AND e.status = 'enabled'), min(created_at)
        FROM alquimista_platform.webhook_deliveries WHERE state = 'pending'
        UNION ALL
        SELECT 'events', count(*), (SELECT count(*) FROM fibonacci_core.event_deliveries WHERE state = 'dead'),
          min(created_at)
        FROM fibonacci_core.event_deliveries WHERE state = 'pending'
        UNION ALL
        SELECT 'usage', count(*), NULL, NULL FROM alquimista_platform.usage_deltas
        UNION ALL
        SELECT 'audit', count(*), NULL, NULL FROM alquimista_platform.audit_unsealed) x),
      'workers', (SELECT coalesce(json_agg(x ORDER BY x.started_at, x.id), '[]') FROM (
        SELECT id, started_at, seen_at FROM alquimista_platform.workers) x),
      'schedules', (SELECT coalesce(json_agg(x ORDER BY x.next_run, x.name), '[]') FROM (
        SELECT entrypoint AS name, expression AS cron, last_run, next_run FROM alquimista_platform.job_schedules) x),
      'partitions', (SELECT to_json(x) FROM (
        SELECT min(p.day) AS first, max(p.day) AS last, count(*) AS count FROM (
          SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day
          FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
          WHERE i.inhparent = 'alquimista_platform.agent_requests'::regclass) p) x),
      'database', (SELECT to_json(x) FROM (
        SELECT current_setting('server_version') AS version, pg_postmaster_start_time() AS started_at,
          pg_database_size(current_database()) AS bytes, current_setting('archive_mode') <> 'off' AS archives,
          a.last_archived_time AS last_archived_at, a.last_failed_time AS last_failed_at
        FROM pg_catalog.pg_stat_archiver a) x),
      'done', (SELECT to_json(x) FROM (
        SELECT (SELECT max(c.closed_at) FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
            SELECT closed_at FROM alquimista_platform.usage_closed_days
            WHERE tenant_id = t.id ORDER BY day DESC LIMIT 1) c) AS closed_at,
          (SELECT max(reconciled_at) FROM alquimista_platform.usage_periods) AS reconciled_at,
          (SELECT max(h.signed_at) FROM alquimista_platform.tenants t CROSS JOIN LATERAL (
            SELECT signed_at FROM alquimista_platform.audit_heads
            WHERE tenant_id = t.id ORDER BY seq DESC LIMIT 1) h) AS anchored_at) x)
    )::text AS answer
    """,
    Answer,
)


async def system(conn: Conn, now: datetime) -> SystemState:
    """All of it."""
    found = await conn.fetch_one(SYSTEM, now=now)
    assert found is not None
    return msgspec.json.decode(found.answer, type=SystemState)
