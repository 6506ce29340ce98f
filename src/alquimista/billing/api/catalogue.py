"""What is offered, for everybody: agents, plans and SubNúcleos (requirements 4.3)."""

from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.billing.models.catalogue import Price
from alquimista.billing.service import catalogue as service
from alquimista.db.statement import Conn
from alquimista.http.context import Context
from alquimista.http.routes import Cache, Limit, Route


class AgentsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which agents."""

    category: Annotated[str, Meta(max_length=64, description="One category only, such as saude.")] | None = None


class Prices(msgspec.Struct, frozen=True):
    """What a month and a year cost, in cents of a currency."""

    currency: str
    monthly_cents: int
    yearly_cents: int


class AgentOffer(msgspec.Struct, frozen=True):
    """An agent of the catalogue. `price` is that of the agent alone, null when it is not sold so."""

    id: UUID
    number: int | None
    slug: str
    name: str
    segment: str
    category: str
    description: str
    tags: tuple[str, ...]
    version: str
    functions: tuple[str, ...]
    price: Prices | None


class AgentOffers(msgspec.Struct, frozen=True):
    """The catalogue of agents."""

    agents: list[AgentOffer]


class TierOffer(msgspec.Struct, frozen=True):
    """Requests beyond the plan's, up to the `up_to`-th of those: the price of each `per` of them that was begun."""

    up_to: int | None
    per: int
    price_cents: int


class PlanOffer(msgspec.Struct, frozen=True):
    """A plan on sale. `saved_percent` is how much less a year costs than twelve months."""

    id: UUID
    name: str
    display_name: str
    description: str
    price: Prices
    saved_percent: int
    max_subnucleos: int
    max_agents: int
    max_users: int
    max_requests_per_month: int
    includes_fibonacci: bool
    features: tuple[str, ...]
    overage_tiers: list[TierOffer]


class AddonOffer(msgspec.Struct, frozen=True):
    """What can be bought beside a plan."""

    id: UUID
    name: str
    kind: str
    display_name: str
    description: str
    price: Prices


class PlanOffers(msgspec.Struct, frozen=True):
    """Everything with a price."""

    plans: list[PlanOffer]
    addons: list[AddonOffer]


class Member(msgspec.Struct, frozen=True):
    """An agent of a SubNúcleo; a required one cannot be left out."""

    id: UUID
    slug: str
    name: str
    required: bool


class SubNucleoOffer(msgspec.Struct, frozen=True):
    """A SubNúcleo. Plans include some; more of them are by quote."""

    id: UUID
    name: str
    display_name: str
    description: str
    category: str
    agents: list[Member]


class SubNucleoOffers(msgspec.Struct, frozen=True):
    """The catalogue of SubNúcleos."""

    subnucleos: list[SubNucleoOffer]


async def get_agents(context: Context) -> AgentOffers:
    """The agents that are offered."""
    conn = _conn(context)
    single = next(iter(await service.addons(conn, context.now)), None)  # There is one kind of them.
    price = _money(Price.of(single)) if single is not None else None
    return AgentOffers(
        [
            AgentOffer(
                id=one.id,
                number=one.number,
                slug=one.slug,
                name=one.name,
                segment=one.segment,
                category=one.category,
                description=one.description,
                tags=one.tags,
                version=one.version,
                functions=tuple(function.text for function in one.definition.functions) if one.definition else (),
                price=price,
            )
            for one in await agents.catalogue(conn)
            if one.status == "active" and context.query.category in {None, one.category}
        ]
    )


async def get_plans(context: Context) -> PlanOffers:
    """The plans and add-ons on sale."""
    conn = _conn(context)
    return PlanOffers(
        [
            PlanOffer(
                id=one.id,
                name=one.name,
                display_name=one.display_name,
                description=one.description,
                price=_money(Price.of(one)),
                saved_percent=Price.of(one).saved_percent,
                max_subnucleos=one.max_subnucleos,
                max_agents=one.max_agents,
                max_users=one.max_users,
                max_requests_per_month=one.max_requests_per_month,
                includes_fibonacci=one.includes_fibonacci,
                features=one.features,
                overage_tiers=[TierOffer(tier.up_to, tier.per, tier.price_cents) for tier in one.overage_tiers],
            )
            for one in await service.plans(conn, context.now)
        ],
        [
            AddonOffer(one.id, one.name, one.kind, one.display_name, one.description, _money(Price.of(one)))
            for one in await service.addons(conn, context.now)
        ],
    )


async def get_subnucleos(context: Context) -> SubNucleoOffers:
    """The SubNúcleos with their agents."""
    conn = _conn(context)
    known = {one.slug: one for one in await agents.catalogue(conn) if one.status == "active"}
    return SubNucleoOffers(
        [
            SubNucleoOffer(
                one.id,
                one.name,
                one.display_name,
                one.description,
                one.category,
                [
                    Member(known[slug].id, slug, known[slug].name, slug in one.required)
                    for slug in one.agents
                    if slug in known
                ],
            )
            for one in await service.subnucleos(conn)
        ]
    )


def _conn(context: Context) -> Conn:
    return context.db.tenant(PLATFORM_TENANT)


def _money(price: Price) -> Prices:
    return Prices(price.currency, price.monthly_cents, price.yearly_cents)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_PUBLIC: Final[dict[str, Any]] = {
    "method": "GET",
    "tag": "catalogue",
    "permission": None,
    "kinds": frozenset(),
    # A version may begin or end at any moment, so that an answer must not be kept for long.
    "cache": Cache(ttl=60, max_age=60, topics=(service.TOPIC,)),
    "limits": (Limit(count=300, seconds=60, per=("ip",)),),
}
_PLANS: Final[dict[str, Any]] = {
    **_PUBLIC,
    "handler": get_plans,
    "summary": "Plans and add-ons on sale, with their prices",
    "response": PlanOffers,
    "example": PlanOffers(
        [
            PlanOffer(
                id=_ID,
                name="starter",
                display_name="Starter",
                description="Para começar com uma área da empresa atendida por agentes.",
                price=Prices("BRL", 29_700, 297_000),
                saved_percent=16,
                max_subnucleos=1,
                max_agents=8,
                max_users=3,
                max_requests_per_month=10_000,
                includes_fibonacci=False,
                features=("1 SubNúcleo", "8 agentes"),
                overage_tiers=[],
            )
        ],
        [AddonOffer(_ID, "agente-avulso", "agent", "Agente avulso", "", Prices("BRL", 2_990, 35_880))],
    ),
}
ROUTES: Final = (
    Route(
        path="/api/agents",
        handler=get_agents,
        summary="The catalogue of agents",
        query=AgentsQuery,
        response=AgentOffers,
        example=AgentOffers(
            [
                AgentOffer(
                    id=_ID,
                    number=30,
                    slug="vendas-ativas",
                    name="Vendas ativas",
                    segment="Vendas",
                    category="vendas",
                    description="Aborda interessados e qualifica o interesse.",
                    tags=("vendas",),
                    version="1.0.0",
                    functions=("Qualifica interesse, perfil e orçamento.",),
                    price=Prices("BRL", 2_990, 35_880),
                )
            ]
        ),
        **_PUBLIC,
    ),
    Route(path="/api/plans", **_PLANS),
    Route(path="/api/billing/plans", **_PLANS),
    Route(
        path="/api/billing/subnucleos",
        handler=get_subnucleos,
        summary="The SubNúcleos and their agents",
        response=SubNucleoOffers,
        example=SubNucleoOffers(
            [
                SubNucleoOffer(
                    _ID,
                    "vendas",
                    "Vendas & SDR",
                    "Do primeiro contato à venda seguinte.",
                    "vendas",
                    [Member(_ID, "sdr-spin", "SDR SPIN", required=True)],
                )
            ]
        ),
        **_PUBLIC,
    ),
)
