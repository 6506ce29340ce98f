"""Writing entries, and reading them."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from structlog.contextvars import get_contextvars

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit.models import COMMAND_LINE, Category, Entry, Result, UnknownEntry, Wanted, harmless
from alquimista.audit.queries import entries as queries
from alquimista.clock import new_id, now
from alquimista.db.statement import Conn, Writer
from alquimista.http.context import current

SALT_BYTES: Final = 16
_NAME_LIMIT: Final = 200
_AGENT_LIMIT: Final = 512


async def record(
    conn: Writer,
    actor: Actor | None,
    action: str,
    *,
    category: Category,
    result: Result = "success",
    resource_type: str = "",
    resource_id: str = "",
    details: Mapping[str, Any] | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    ip: str | None = None,
    user_agent: str = "",
    trace_id: str | None = None,
    tenant_id: UUID | None = None,
    entry_id: UUID | None = None,
    named: bool = True,
) -> UUID:
    """Append what happened, in the transaction of the act itself; the entry's id.

    `action` is `noun.verb` in lower case. Without an actor the act is nobody's yet (a failed login) or the system's.
    `tenant_id` defaults to the actor's, and to the platform's when there is none; it must be the connection's tenant.
    `before` and `after` are what an auditor wants to see of the thing as it was and as it is. `trace_id`, `ip` and
    `user_agent` default to those of the request at hand. An address in place of an id is told among the details, and so
    is who typed it on the server: the chain itself names nobody. `entry_id` is for who needs it beforehand. An entry
    that is not `named` holds of the actor only the ids and the role.
    """
    request = current.get()
    if request is not None and named:
        ip = ip or request.client_ip
        user_agent = user_agent or request.headers.get(b"user-agent", b"").decode("latin-1")
    told = harmless(details or {})
    if actor and actor.shell and named:
        told[COMMAND_LINE] = harmless({"user": actor.shell.user, "host": actor.shell.host})
    if "@" in resource_id:
        told, resource_id = {"resource": resource_id, **told}, ""
    entry_id = entry_id or new_id()
    await queries.insert(
        conn,
        tenant_id=tenant_id or (actor.tenant_id if actor else None) or PLATFORM_TENANT,
        id=entry_id,
        occurred_at=now(),
        actor_kind=actor.kind.value if actor else "anonymous" if category == "auth" else "system",
        actor_id=(actor.user_id or actor.api_key_id) if actor else None,
        actor_role=actor.role.value if actor and actor.role else None,
        session_id=actor.session_id if actor else None,
        action=action,
        category=category,
        resource_type=resource_type,
        resource_id=resource_id,
        result=result,
        trace_id=trace_id or get_contextvars().get("trace_id") or None,
        actor_salt=secrets.token_bytes(SALT_BYTES),
        actor_email=actor.email if actor and named else "",
        actor_name=actor.name[:_NAME_LIMIT] if actor and named else "",
        ip=ip or None,
        user_agent=user_agent[:_AGENT_LIMIT],
        content_salt=secrets.token_bytes(SALT_BYTES),
        details=told,
        before=None if before is None else harmless(before),
        after=None if after is None else harmless(after),
    )
    return entry_id


async def entries(conn: Conn, tenant_id: UUID, wanted: Wanted, limit: int) -> list[Entry]:
    """A tenant's audit trail, newest first; `limit` rows at most. Takes the tenant's connection or a staff one."""
    return await queries.entries(conn, replace(wanted, tenant_id=tenant_id), limit)


async def entries_of_all(conn: Conn, wanted: Wanted, limit: int) -> list[Entry]:
    """The trail of all tenants, or of the one that is wanted, newest first; for a connection of the internal role."""
    return await queries.entries(conn, wanted, limit)


async def entry(conn: Conn, tenant_id: UUID, entry_id: UUID) -> Entry:
    """One entry of a tenant's trail. Takes the tenant's connection or a staff one. Raises UnknownEntry."""
    found = await queries.entries(conn, Wanted(tenant_id=tenant_id, entry_id=entry_id), 1)
    if not found:
        raise UnknownEntry
    return found[0]
