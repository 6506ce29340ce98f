"""/plans: what is offered and what it costs, for everybody."""

from typing import Final

import msgspec
from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.web.pages.routing import get
from alquimista.web.plans import PATH, Cycle, arranged
from alquimista.web.rendering import page


class PlansQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it would be paid."""

    cycle: Cycle = Cycle.MONTHLY


async def plans(context: Context) -> HTMLResponse:
    """The whole page."""
    conn = context.db.tenant(PLATFORM_TENANT)
    offer = arranged(
        context.query.cycle,
        await catalogue.plans(conn, context.now),
        await catalogue.addons(conn, context.now),
        await catalogue.subnucleos(conn),
        await agents.catalogue(conn),
    )
    return page(context, "billing/plans.html", offer=offer)


ROUTES: Final = (
    get(PATH, plans, "What is offered", query=PlansQuery, limits=(Limit(count=120, seconds=60, per=("ip",)),)),
)
