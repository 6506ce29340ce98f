"""What every change of an integration leaves behind: a line in the audit, and pages that ask again."""

from typing import Any, Final
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.audit.models import Result
from alquimista.cache import store as cache
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.integrations.models.integrations import Integration, IntegrationRecord
from alquimista.orchestrator import service as orchestrator

# By the act's name in the audit. Connected again is connected.
PUBLISHED: Final = {
    "integration.connected": EventType.INTEGRATION_CONNECTED,
    "integration.reconnected": EventType.INTEGRATION_CONNECTED,
    "integration.failed": EventType.INTEGRATION_FAILING,
    "integration.recovered": EventType.INTEGRATION_RECOVERED,
}


async def note(
    conn: Conn,
    actor: Actor | None,
    action: str,
    tenant_id: UUID,
    integration_id: UUID | None,
    *,
    kind: str,
    provider: str,
    result: Result = "success",
    **details: Any,  # noqa: ANN401 - Any JSON value.
) -> None:
    """Record an act by kind and provider; never what was typed."""
    await audit.record(
        conn,
        actor,
        action,
        category="integration",
        result=result,
        resource_type="integration",
        resource_id=str(integration_id or ""),
        details={"kind": kind, "provider": provider, **details},
        tenant_id=tenant_id,
    )


async def changed(
    conn: Conn, actor: Actor | None, action: str, tenant_id: UUID, one: Integration | IntegrationRecord
) -> None:
    """Record a change of an integration, publish it where it is one that others wait for, and let pages ask again."""
    await note(conn, actor, action, tenant_id, one.id, kind=one.type, provider=one.provider)
    if action in PUBLISHED:
        data = {"integration_id": one.id, "name": one.name, "kind": one.type, "provider": one.provider}
        await orchestrator.publish(conn, tenant_id, PUBLISHED[action], data)
    await cache.invalidate(conn, tenant_id, "integrations")
