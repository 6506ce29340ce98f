"""/plans: what is offered and what it costs, for everybody."""

from typing import Final

import msgspec
from markupsafe import Markup
from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.cache.store import Cache, Entry
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.web.pages.routing import get
from alquimista.web.public.plans import PATH, Cycle, Offer, arranged
from alquimista.web.rendering import fragment, page

_KEPT_S: Final = 60  # A version may begin or end at any moment.


class PlansQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it would be paid."""

    cycle: Cycle = Cycle.MONTHLY


async def plans(context: Context) -> HTMLResponse:
    """The whole page. What it offers is kept: strangers may ask for it, as often as they like and from anywhere."""
    cache, cycle = context.services.get(Cache), context.query.cycle
    key = f"page|plans|{context.locale}|{cycle}"
    entry = await cache.get(key)
    if entry is None:
        fill = cache.begin(PLATFORM_TENANT, (catalogue.TOPIC,))
        html = fragment(context.locale, "billing/_plans.html", offer=await _offer(context, cycle))
        entry = Entry(b"", html.encode())
        await cache.put(key, entry, fill, ttl=_KEPT_S)
    return page(context, "billing/plans.html", part=Markup(entry.body.decode()))  # noqa: S704 - Our own template's.


async def _offer(context: Context, cycle: Cycle) -> Offer:
    conn = context.db.tenant(PLATFORM_TENANT)
    return arranged(
        cycle,
        await catalogue.plans(conn, context.now),
        await catalogue.addons(conn, context.now),
        await catalogue.subnucleos(conn),
        await agents.catalogue(conn),
    )


ROUTES: Final = (
    get(PATH, plans, "What is offered", query=PlansQuery, limits=(Limit(count=120, seconds=60, per=("ip",)),)),
)
