"""Staff who look at a company as its administrator sees it: in their own session, reading only, for an hour at most."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Viewing
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Forbidden
from alquimista.identity.models.problems import ViewIsOver
from alquimista.identity.models.sessions import Client
from alquimista.identity.queries import views as queries
from alquimista.identity.service.kit import Identity, announce
from alquimista.tenants.models import UnknownTenant
from alquimista.wiring import Services

VIEW_LIFE: Final = timedelta(minutes=60)
_NOWHERE: Final = Client("", "")


async def start_view(services: Services, actor: Actor, tenant_id: UUID, reason: str, client: Client) -> Viewing:
    """Have the actor's browser session look at a company. The company's own audit tells of it, and why.

    Raises:
        UnknownTenant: there is none with this id, or it has left.
    """
    kit, now = services.get(Identity), clock.now()
    if actor.session_id is None or actor.user_id is None:
        raise Forbidden
    async with login_transaction(kit.db) as conn:
        name = await queries.name_of(conn, tenant_id) if tenant_id != PLATFORM_TENANT else None
        if name is None:
            raise UnknownTenant
        earlier = await queries.end(conn, actor.session_id)  # One whose hour is over, at most: a view opens no other.
        if earlier is not None:
            await _record_end(conn, earlier, "over", client)
        viewing = Viewing(tenant_id, name, now + VIEW_LIFE)
        await queries.insert(conn, actor.session_id, tenant_id, actor.user_id, reason, now, viewing.expires_at)
        await _record(conn, actor, "tenant.view_started", tenant_id, client, reason=reason, until=viewing.expires_at)
        await announce(conn, session_id=actor.session_id)
    kit.actors.purge(session_id=actor.session_id)
    return viewing


async def end_view(services: Services, actor: Actor, client: Client) -> None:
    """End the actor's look at a company.

    Raises:
        ViewIsOver: they look at none.
    """
    kit = services.get(Identity)
    if actor.session_id is None:
        raise ViewIsOver
    async with login_transaction(kit.db) as conn:
        ended = await queries.end(conn, actor.session_id)
        if ended is None:
            raise ViewIsOver
        await _record_end(conn, ended, "ended by the viewer", client)
        await announce(conn, session_id=actor.session_id)
    kit.actors.purge(session_id=actor.session_id)


async def end_views_over(conn: Conn, now: datetime, client: Client = _NOWHERE) -> int:
    """End, and write down, what is over by itself: the hour, the session or the company. Takes the login role."""
    ended = await queries.end_over(conn, now)
    for one in ended:
        await _record_end(conn, one, "over", client)
        await announce(conn, session_id=one.session_id)
    return len(ended)


async def _record_end(conn: Conn, view: queries.TenantView, how: str, client: Client) -> None:
    nothing: frozenset[Any] = frozenset()
    actor = Actor(ActorKind.SESSION, nothing, user_id=view.user_id, email=view.email, name=view.full_name)
    await _record(conn, actor, "tenant.view_ended", view.tenant_id, client, how=how, since=view.started_at)


async def _record(
    conn: Conn,
    actor: Actor,
    action: str,
    tenant_id: UUID,
    client: Client,
    **details: Any,  # noqa: ANN401 - Plain JSON values and moments.
) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="tenant",
        resource_type="tenant",
        resource_id=str(tenant_id),
        details=details,
        ip=client.ip or None,
        user_agent=client.user_agent,
        tenant_id=tenant_id,
    )
