"""Switching on an agent that the subscription includes: a tenant's own act, which gives nothing away."""

from datetime import datetime
from uuid import UUID

from alquimista.access import Actor
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentSuspended, TenantAgent, UnknownAgent
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.subscriptions import RUNNING, AgentNotIncluded, Inclusion, NotFromHere, Status
from alquimista.billing.queries import subscriptions as queries
from alquimista.billing.service.book import Book, open_book
from alquimista.db.statement import Conn


async def switch_on(
    conn: Conn, actor: Actor, tenant_id: UUID, agent_id: UUID, rules: Rules, now: datetime
) -> TenantAgent:
    """Activate an agent that the tenant's subscription has among its agents; twice changes nothing.

    Raises:
        UnknownTenant, UnknownAgent: there is none.
        AgentNotIncluded: it was not chosen, or there is no subscription to choose it in.
        NotFromHere: the subscription does not run.
        AgentSuspended: only the subscription brings it back.
        AgentLimitReached: the plan has no room for one more.
    """
    await agents.lock_seats(conn, tenant_id)  # Before the book's lock, which is the weaker one.
    await _require_included(await open_book(conn, tenant_id, rules, now, actor), agent_id)
    await agents.activate(conn, actor, tenant_id, agent_id, now)
    return await agents.get(conn, tenant_id, agent_id)


async def inclusion(conn: Conn, tenant_id: UUID, agent_id: UUID) -> Inclusion:
    """How the tenant's subscription stands to an agent; nobody waits for the answer."""
    one = await queries.latest(conn, tenant_id)
    if one is None or one.status is Status.CANCELED:
        return Inclusion.NO_SUBSCRIPTION
    if agent_id not in one.selected_agents:
        return Inclusion.NOT_CHOSEN
    return Inclusion.INCLUDED if one.status in RUNNING else Inclusion.NOT_RUNNING


async def _require_included(book: Book, agent_id: UUID) -> None:
    if agent_id not in {one.id for one in book.agents}:
        raise UnknownAgent
    if book.live is None or agent_id not in book.live.selected_agents:
        raise AgentNotIncluded
    if book.live.status not in RUNNING:
        raise NotFromHere(status=book.live.status.value)
    if await book.stopped():
        raise AgentSuspended
