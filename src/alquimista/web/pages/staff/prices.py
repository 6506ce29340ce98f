"""/app/company/catalogue: what plans and add-ons cost, cost before and will cost; and how staff change it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, PLATFORM_ZONE, Permission
from alquimista.billing.models.catalogue import AddonVersion, PlanVersion, latest
from alquimista.billing.service import catalogue as service
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import NotFound, Problem
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.staff import pricing, trees
from alquimista.web.staff.trees import Sent

PATH: Final = "/app/company/catalogue"


class SavedQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was changed just now."""

    saved: str = ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Plans and add-ons are changed in the same way."""

    name: str
    history: Callable[..., Any]
    fields: Callable[..., Sent]
    read: Callable[..., tuple[Any, datetime | None]]
    sell: Callable[..., Any]


_KINDS: Final = {
    "plans": _Kind("plans", service.plan_history, pricing.plan_fields, pricing.read_plan, service.sell_plan),
    "addons": _Kind("addons", service.addon_history, pricing.addon_fields, pricing.read_addon, service.sell_addon),
}


async def prices(context: Context) -> Response:
    """Everything with a price, each with all of its versions."""
    conn = context.db.tenant(PLATFORM_TENANT)
    plans, addons = await service.plan_history(conn), await service.addon_history(conn)
    return page(
        context,
        "staff/prices.html",
        sections=[("plans", _grouped(plans)), ("addons", _grouped(addons))],
        states=pricing.current(plans, context.now) | pricing.current(addons, context.now),
        zone=PLATFORM_ZONE,
        saved=context.query.saved,
    )


async def edit(context: Context) -> Response:
    """The form of a new version."""
    kind, version = await _version(context)
    return _form(context, kind, version, Form(kind.fields(version.terms).values))


async def change(context: Context) -> Response:
    """Add or take away a row, show what would change and for whom, or sell it."""
    kind, version = await _version(context)
    raw = Sent.of(context)
    sent = raw.numbered(pricing.TELLING, raw.text("remove"))
    step = raw.text("step")
    if step == "edit" or raw.text("add") or raw.text("remove"):
        return _form(context, kind, version, Form(sent.values), more=bool(raw.text("add")))
    try:
        wanted, moment = kind.read(sent, version.terms)
        first = service.first_moment(moment, context.now)
        if wanted == version.terms:
            raise pricing.unchanged()
        service.refuse_scheduled(version, context.now)
        if step == "confirm":
            async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
                await kind.sell(conn, context.who, wanted, first, context.now)
            return RedirectResponse(f"{PATH}?saved={version.name}#{version.name}", 303)
    except Problem as problem:
        form = trees.failed(sent, problem, ("overage_tiers",))
        return _form(context, kind, version, form, status=problem.status)
    return page(
        context,
        "staff/price_review.html",
        kind=kind.name,
        version=version,
        changes=pricing.changes(version.terms, wanted, context.locale),
        moment=first if moment else None,
        zone=PLATFORM_ZONE,
        pairs=[pair for pair in sent.pairs if pair[0] != "step"],
    )


def _grouped(versions: Sequence[PlanVersion | AddonVersion]) -> list[list[PlanVersion | AddonVersion]]:
    """The versions of each name, the latest first, in the order in which they are offered."""
    groups: dict[str, list[PlanVersion | AddonVersion]] = {}
    for one in versions:
        groups.setdefault(one.name, []).append(one)
    return sorted(groups.values(), key=lambda group: getattr(group[0], "sort_order", 0))


async def _version(context: Context) -> tuple[_Kind, Any]:
    """The last version of what the address names."""
    kind = _KINDS.get(context.path["kind"])
    if kind is None:
        raise NotFound
    versions = latest(await kind.history(context.db.tenant(PLATFORM_TENANT)))
    version = versions.get(context.path["name"])
    if version is None:
        raise NotFound
    return kind, version


def _form(
    context: Context,
    kind: _Kind,
    version: PlanVersion | AddonVersion,
    form: Form,
    *,
    status: int = 200,
    more: bool = False,
) -> Response:
    rows = Sent(tuple(form.values.items())).count("overage_tiers")
    return page(
        context,
        "staff/price.html",
        status=status,
        kind=kind.name,
        version=version,
        scheduled=version.valid_from > context.now,
        zone=PLATFORM_ZONE,
        form=form,
        tiers=rows + more,
        labels=pricing.LABELS,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.CATALOGUE_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
_TREE: Final[dict[str, Any]] = {
    **_STAFF,
    "raw_body": True,
    "body_limit": trees.BYTES,
    "form_fields": trees.FIELDS,
}
_ONE: Final = PATH + "/{kind}/{name}/new-version"
ROUTES: Final[tuple[Route, ...]] = (
    get(PATH, prices, "Prices, with all their versions", query=SavedQuery, **_STAFF),
    get(_ONE, edit, "A new version of a plan or add-on", **_STAFF),
    post(_ONE, change, "Sell a plan or add-on on new terms", **_TREE),
)
