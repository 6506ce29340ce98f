"""The only SQL on alquimista_platform.audit_logs."""

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from alquimista.audit.models import Entry, Wanted
from alquimista.db.statement import Conn, NoRow, Statement

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.audit_logs
      (tenant_id, id, occurred_at, actor_kind, actor_id, actor_email, action, category, resource_type, resource_id,
       result, details, ip, user_agent, trace_id)
    VALUES (%(tenant_id)s, %(id)s, %(occurred_at)s, %(actor_kind)s, %(actor_id)s, %(actor_email)s, %(action)s,
      %(category)s, %(resource_type)s, %(resource_id)s, %(result)s, %(details)s, %(ip)s::inet, %(user_agent)s,
      %(trace_id)s)
    """,
    NoRow,
)


ENTRIES = Statement(
    """
    SELECT id, occurred_at, actor_kind, actor_id, actor_email, action, category, resource_type, resource_id, result,
      details, host(ip) AS ip, user_agent, trace_id
    FROM alquimista_platform.audit_logs
    WHERE tenant_id = %(tenant_id)s
      AND (%(category)s::text IS NULL OR category = %(category)s)
      AND (%(action)s::text IS NULL OR action = %(action)s)
      AND (%(result)s::text IS NULL OR result = %(result)s)
      AND (%(actor_id)s::uuid IS NULL OR actor_id = %(actor_id)s)
      AND (%(resource_type)s::text IS NULL OR resource_type = %(resource_type)s)
      AND (%(resource_id)s::text IS NULL OR resource_id = %(resource_id)s)
      AND (%(since)s::timestamptz IS NULL OR occurred_at >= %(since)s)
      AND (%(until)s::timestamptz IS NULL OR occurred_at < %(until)s)
      AND (%(before_id)s::uuid IS NULL OR (occurred_at, id) < (%(before_at)s::timestamptz, %(before_id)s))
    ORDER BY occurred_at DESC, id DESC LIMIT %(limit)s
    """,
    Entry,
)


async def insert(conn: Conn, *, details: dict[str, Any], **columns: Any) -> None:  # noqa: ANN401 - Column values.
    """Append one row, in the caller's transaction."""
    await conn.execute(INSERT, details=Jsonb(details), **columns)


async def entries(conn: Conn, tenant_id: UUID, wanted: Wanted, limit: int) -> list[Entry]:
    """Entries of a tenant, newest first."""
    return await conn.fetch(
        ENTRIES,
        tenant_id=tenant_id,
        category=wanted.category,
        action=wanted.action,
        result=wanted.result,
        actor_id=wanted.actor_id,
        resource_type=wanted.resource_type,
        resource_id=wanted.resource_id,
        since=wanted.since,
        until=wanted.until,
        before_at=wanted.before.occurred_at if wanted.before else None,
        before_id=wanted.before.id if wanted.before else None,
        limit=limit,
    )
