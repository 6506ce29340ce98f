"""Switching on an agent of the subscription. Switching off needs no subscription, and stands in the agents' room."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from alquimista.access import Permission
from alquimista.agents.guards import SWITCHING
from alquimista.agents.models.agents import AgentLimitReached, AgentStatus, AgentSuspended, TenantAgent, UnknownAgent
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.subscriptions import AgentNotIncluded, NotFromHere
from alquimista.billing.service import switching
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope


async def activate(context: Context) -> TenantAgent:
    """Switch one of the subscription's agents on."""
    rules, agent_id = Rules.of(context.services.settings), context.uuid("agent_id")
    async with tenant_transaction(context.db, context.tenant) as conn:
        return await switching.switch_on(conn, context.who, context.tenant, agent_id, rules, context.now)


ROUTES: Final = (
    Route(
        method="POST",
        path="/tenant/agents/{agent_id:uuid}/activate",
        handler=activate,
        summary="Switch on an agent that your subscription includes",
        tag="agents",
        permission=Permission.AGENT_MANAGE,
        scope=TenantScope.OWN,
        response=TenantAgent,
        limits=SWITCHING,
        problems=(UnknownAgent, AgentNotIncluded, NotFromHere, AgentSuspended, AgentLimitReached),
        example=TenantAgent(
            UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
            "retencao",
            "Retenção de clientes",
            "Relacionamento",
            AgentStatus.ACTIVE,
            datetime(2026, 3, 1, 12, tzinfo=UTC),
            None,
        ),
    ),
)
