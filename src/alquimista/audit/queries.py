"""The only SQL on alquimista_platform.audit_logs."""

from typing import Any

from psycopg.types.json import Jsonb

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


async def insert(conn: Conn, *, details: dict[str, Any], **columns: Any) -> None:  # noqa: ANN401 - Column values.
    """Append one row, in the caller's transaction."""
    await conn.execute(INSERT, details=Jsonb(details), **columns)
