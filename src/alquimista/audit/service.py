"""Use cases of the audit trail."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from structlog.contextvars import get_contextvars

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import queries
from alquimista.audit.models import Category, Entry, Result, Wanted, harmless
from alquimista.clock import new_id, now
from alquimista.db.statement import Conn


async def record(
    conn: Conn,
    actor: Actor | None,
    action: str,
    *,
    category: Category,
    result: Result = "success",
    resource_type: str = "",
    resource_id: str = "",
    details: Mapping[str, Any] | None = None,
    ip: str | None = None,
    user_agent: str = "",
    trace_id: str | None = None,
    tenant_id: UUID | None = None,
) -> None:
    """Append what happened, in the transaction of the act itself.

    `action` is `noun.verb` in lower case. Without an actor the act is nobody's yet (a failed login) or the system's.
    `tenant_id` defaults to the actor's, and to the platform's when there is none; it must be the connection's tenant.
    `trace_id` defaults to that of the request or job at hand.
    """
    await queries.insert(
        conn,
        tenant_id=tenant_id or (actor.tenant_id if actor else None) or PLATFORM_TENANT,
        id=new_id(),
        occurred_at=now(),
        actor_kind=actor.kind.value if actor else "anonymous" if category == "auth" else "system",
        actor_id=(actor.user_id or actor.api_key_id) if actor else None,
        actor_email=actor.email if actor else "",
        action=action,
        category=category,
        resource_type=resource_type,
        resource_id=resource_id,
        result=result,
        details=harmless(details or {}),
        ip=ip,
        user_agent=user_agent[:512],
        trace_id=trace_id or get_contextvars().get("trace_id") or None,
    )


async def entries(conn: Conn, tenant_id: UUID, wanted: Wanted, limit: int) -> list[Entry]:
    """A tenant's audit trail, newest first; `limit` rows at most. Takes the tenant's connection or a staff one."""
    return await queries.entries(conn, tenant_id, wanted, limit)
