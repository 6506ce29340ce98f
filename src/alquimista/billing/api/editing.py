"""The catalogue as staff keep it: new versions of plans and add-ons, SubNúcleos, agents with their rules."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta, structs

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.agents import service as agents
from alquimista.agents.models.agents import Agent, Source, UnknownAgent, VersionTaken, entry
from alquimista.agents.models.definitions import EXAMPLE, Sheet
from alquimista.billing.models.catalogue import (
    Addon,
    AddonVersion,
    Plan,
    PlanVersion,
    StoredSubNucleo,
    SubNucleo,
    VersionScheduled,
)
from alquimista.billing.service import catalogue as service
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import ACTING, READING
from alquimista.i18n import N_

_From = Annotated[datetime, Meta(tz=True, description="From when it is sold; at once unless given. Not in the past.")]


class PlanChange(Plan, frozen=True):
    """A plan as it is to be from a moment on."""

    valid_from: _From | None = None


class AddonChange(Addon, frozen=True):
    """An add-on as it is to be from a moment on."""

    valid_from: _From | None = None


class Versions(msgspec.Struct, frozen=True):
    """Every version of every plan and add-on, the latest of each name first."""

    plans: list[PlanVersion]
    addons: list[AddonVersion]


class Agents(msgspec.Struct, frozen=True):
    """Every agent of the catalogue with its rules, those that are no longer offered included."""

    agents: list[Agent]


async def versions(context: Context) -> Versions:
    """The history of prices."""
    conn = context.db.tenant(PLATFORM_TENANT)
    return Versions(await service.plan_history(conn), await service.addon_history(conn))


async def all_agents(context: Context) -> Agents:
    """The agents as staff see them."""
    return Agents(await agents.catalogue(context.db.tenant(PLATFORM_TENANT)))


async def sell_plan(context: Context) -> PlanVersion:
    """A new version of a plan, or a new plan."""
    change: PlanChange = context.body
    plan = Plan(*(getattr(change, name) for name in Plan.__struct_fields__))
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        return await service.sell_plan(conn, context.who, plan, _first(context, change.valid_from), context.now)


async def sell_addon(context: Context) -> AddonVersion:
    """A new version of an add-on, or a new one."""
    change: AddonChange = context.body
    addon = Addon(*(getattr(change, name) for name in Addon.__struct_fields__))
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        return await service.sell_addon(conn, context.who, addon, _first(context, change.valid_from), context.now)


async def put_subnucleo(context: Context) -> StoredSubNucleo:
    """A SubNúcleo as it is from now on."""
    one: SubNucleo = context.body
    _same_name("name", one.name, context.path["name"])
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        return await service.change_subnucleo(conn, context.who, one, context.now)


async def put_agent(context: Context) -> Agent:
    """An agent with its rules as it is from now on; other rules need another version."""
    sheet: Sheet = context.body
    _same_name("slug", sheet.slug, context.path["slug"])
    async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
        return await agents.revise(conn, context.who, sheet, context.now)


def _first(context: Context, wanted: datetime | None) -> datetime:
    return service.first_moment(wanted, context.now)


def _same_name(field: str, body: str, path: str) -> None:
    if body != path:
        raise Invalid.of(field, N_("This is not the name in the address; a name is never changed."))


_MOMENT: Final = datetime(2026, 12, 1, tzinfo=UTC)
_PLAN: Final = PlanChange(
    name="starter",
    display_name="Starter",
    description="Para começar.",
    currency="BRL",
    price_monthly_cents=31_900,
    price_yearly_cents=319_000,
    max_subnucleos=1,
    max_agents=8,
    max_users=3,
    max_requests_per_month=10_000,
    includes_fibonacci=False,
    features=("8 agentes",),
    overage_tiers=(),
    sort_order=1,
    valid_from=_MOMENT,
)
_ADDON: Final = AddonChange(
    name="agente-avulso",
    kind="agent",
    display_name="Agente avulso",
    description="",
    currency="BRL",
    price_monthly_cents=3_290,
    price_yearly_cents=39_480,
    valid_from=_MOMENT,
)
_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_SHEET: Final = Sheet(
    number=10,
    slug="retencao",
    name="Retenção de clientes",
    segment="Relacionamento",
    category="eventos",
    version="1.1.0",
    description="Entende por que o cliente quer sair e faz uma única oferta.",
    tags=("retenção",),
    **structs.asdict(EXAMPLE),
)
_READS: Final[dict[str, Any]] = {
    "tag": "catalogue",
    "permission": Permission.CATALOGUE_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": READING,
}
_CHANGES: Final = {**_READS, "limits": ACTING}
ROUTES: Final = (
    Route(
        method="GET",
        path="/internal/catalogue/prices",
        handler=versions,
        summary="Every version of plans and add-ons",
        response=Versions,
        example=Versions(
            [
                PlanVersion(
                    **{name: getattr(_PLAN, name) for name in Plan.__struct_fields__},
                    id=_ID,
                    version=2,
                    source=Source.STAFF,
                    valid_from=_MOMENT,
                    valid_to=None,
                )
            ],
            [],
        ),
        **_READS,
    ),
    Route(
        method="POST",
        path="/internal/catalogue/plans",
        handler=sell_plan,
        summary="Sell a plan on new terms; subscriptions keep theirs until renewal",
        body=PlanChange,
        response=PlanVersion,
        status=201,
        problems=(VersionScheduled,),
        example=_PLAN,
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/internal/catalogue/addons",
        handler=sell_addon,
        summary="Sell an add-on on new terms",
        body=AddonChange,
        response=AddonVersion,
        status=201,
        problems=(VersionScheduled,),
        example=_ADDON,
        **_CHANGES,
    ),
    Route(
        method="PUT",
        path="/internal/catalogue/subnucleos/{name}",
        handler=put_subnucleo,
        summary="Make or change a SubNúcleo",
        body=SubNucleo,
        response=StoredSubNucleo,
        problems=(UnknownAgent,),
        example=SubNucleo("vendas", "Vendas & SDR", "", "vendas", 4, ("sdr-spin",), ("vendas-ativas",)),
        **_CHANGES,
    ),
    Route(
        method="GET",
        path="/internal/catalogue/agents",
        handler=all_agents,
        summary="Every agent with its rules",
        response=Agents,
        example=Agents([entry(_SHEET, _ID, Source.STAFF)]),
        **_READS,
    ),
    Route(
        method="PUT",
        path="/internal/catalogue/agents/{slug}",
        handler=put_agent,
        summary="Make or change an agent; other rules need another version",
        body=Sheet,
        response=Agent,
        problems=(VersionTaken,),
        example=_SHEET,
        **_CHANGES,
    ),
)
