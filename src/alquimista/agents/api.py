"""What an agent's own runtime asks for."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.agents import service
from alquimista.agents.models.agents import AgentRules, UnknownAgent
from alquimista.agents.models.definitions import EXAMPLE, Version
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope


class RulesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which version."""

    version: Annotated[Version, Meta(description="A version to keep to; the one in force unless given.")] | None = None


async def get_rules(context: Context) -> AgentRules:
    """The rules of one of the company's active agents."""
    slug = context.path["slug"]
    return await service.rules(context.db.tenant(context.tenant), context.tenant, slug, context.query.version)


ROUTES: Final = (
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
