"""What an agent's own runtime asks for."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.agents import service
from alquimista.agents.models.agents import AgentRules, UnknownAgent
from alquimista.agents.models.definitions import (
    Confirm,
    ConfirmKind,
    Definition,
    Function,
    HandOver,
    Limits,
    Never,
    NeverKind,
    Persona,
    Tool,
    Urgency,
    Version,
)
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
            Definition(
                persona=Persona("Atendente de relacionamento", "Ouve antes de oferecer.", "calmo"),
                functions=(Function("fazer-oferta", "Faz uma única oferta.", (Tool.UPDATE_CONTACT,)),),
                confirm=(Confirm("motivo", "O motivo da saída", ConfirmKind.DETAIL, ("fazer-oferta",)),),
                never=(Never("nao-insistir", NeverKind.PRESSURE, "Nunca insiste.", "Tudo bem, respeito sua decisão."),),
                hand_over=(HandOver("irritado", Urgency.NOW, "A pessoa está irritada.", ("quero cancelar já",)),),
                limits=Limits(1),
            ),
        ),
    ),
)
