"""What an agent's own runtime asks for, and what a company sets of its agents."""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.agents import service
from alquimista.agents.guards import SWITCHING
from alquimista.agents.models.agents import (
    AgentOnTrial,
    AgentRules,
    AgentStatus,
    AgentSuspended,
    Configuration,
    TenantAgent,
    UnknownAgent,
)
from alquimista.agents.models.definitions import EXAMPLE, Version
from alquimista.audit.guards import seen_within
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import ALL_KINDS, Limit, Route, TenantScope


class RulesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version."""

    version: Annotated[Version, Meta(description="A version to keep to; the one in force unless given.")] | None = None


async def get_rules(context: Context) -> AgentRules:
    """The rules of one of the company's active agents."""
    slug = context.path["slug"]
    return await service.rules(context.db.tenant(context.tenant), context.tenant, slug, context.query.version)


async def get_configuration(context: Context) -> Configuration:
    """What is set of one of the company's agents."""
    conn = context.db.tenant(context.tenant)
    found = await service.configuration(conn, context.tenant, context.uuid("agent_id"))
    await seen_within(conn, context)
    return found


async def deactivate(context: Context) -> TenantAgent:
    """Switch one of the company's agents off."""
    agent_id = context.uuid("agent_id")
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.deactivate(conn, context.who, context.tenant, agent_id, context.now)
        return await service.get(conn, context.tenant, agent_id)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_CONFIGURATION: Final = Configuration(
    agent_id=_ID,
    slug="retencao",
    name="Retenção de clientes",
    status=AgentStatus.ACTIVE,
    version=2,
    config={"assinatura": "Equipe Aurora"},
    in_force={"assinatura": "Equipe Aurora"},
    settings=EXAMPLE.configuration,
)
ROUTES: Final = (
    Route(
        method="GET",
        path="/tenant/agents/{agent_id:uuid}/config",
        handler=get_configuration,
        summary="What you have set of one of your agents, and what may be set",
        permission=Permission.AGENT_READ,
        kinds=ALL_KINDS,
        limits=(Limit(count=600, seconds=60, per=("tenant",)), Limit(count=300, seconds=60, per=("user",))),
        problems=(UnknownAgent,),
        tag="agents",
        scope=TenantScope.OWN,
        response=Configuration,
        example=_CONFIGURATION,
    ),
    Route(
        method="POST",
        path="/tenant/agents/{agent_id:uuid}/deactivate",
        handler=deactivate,
        summary="Switch one of your agents off; it stays in the subscription",
        tag="agents",
        permission=Permission.AGENT_MANAGE,
        scope=TenantScope.OWN,
        response=TenantAgent,
        limits=SWITCHING,
        problems=(UnknownAgent, AgentSuspended, AgentOnTrial),
        example=TenantAgent(
            _ID, "retencao", "Retenção de clientes", "Relacionamento", AgentStatus.INACTIVE, _MOMENT, _MOMENT
        ),
    ),
    Route(
        method="GET",
        path="/v1/agents/{slug}/rules",
        handler=get_rules,
        summary="What one of your active agents is and may do: for its runtime",
        tag="agents",
        permission=Permission.AGENT_READ,
        kinds=frozenset({ActorKind.API_KEY}),
        scope=TenantScope.OWN,
        query=RulesQuery,
        response=AgentRules,
        limits=(Limit(count=600, seconds=60, per=("tenant",)),),
        problems=(UnknownAgent,),
        example=AgentRules(
            "retencao",
            "1.0.0",
            EXAMPLE,
        ),
    ),
)
