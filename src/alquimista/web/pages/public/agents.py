"""/agents: what agents there are, what they do and cost, for everybody; and each agent's rules."""

from typing import Final

import msgspec
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue as billing
from alquimista.cache.store import Cache, Entry
from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.i18n import N_
from alquimista.web.pages.routing import get
from alquimista.web.public.agents import PATH, AgentsQuery, Catalogue, arranged, chosen
from alquimista.web.rendering import fragment, page
from alquimista.web.staff import rules

_KEPT_S: Final = 60  # A version may begin or end at any moment.


class NoSuchAgent(NotFound):
    message = N_("There is no such agent in the catalogue, or it is no longer offered.")


async def offered(context: Context) -> Catalogue:
    """What is offered now. It is kept: strangers may ask for it, as often as they like and from anywhere."""
    cache, key = context.services.get(Cache), "answer|catalogue"
    if (entry := await cache.get(key)) is not None:
        return msgspec.json.decode(entry.body, type=Catalogue)
    fill = cache.begin(PLATFORM_TENANT, (billing.TOPIC,))
    conn = context.db.tenant(PLATFORM_TENANT)
    answer = Catalogue(
        await agents.catalogue(conn),
        await billing.subnucleos(conn),
        await billing.plans(conn, context.now),
        await billing.addons(conn, context.now),
    )
    await cache.put(key, Entry(b"", msgspec.json.encode(answer)), fill, ttl=_KEPT_S)
    return answer


async def catalogue(context: Context) -> Response:
    """The grid, or on with the selection: to a plan, or to sales."""
    query: AgentsQuery = context.query
    if query.go:
        selection = chosen(await offered(context), query.agents, query.subnucleos)
        return RedirectResponse(selection.plan_page if query.go == "plan" else selection.elsewhere, 303)
    return page(context, "catalogue/agents.html", part=await _part(context, query), query=query)


async def agent(context: Context) -> Response:
    """One agent: as whom it speaks, what it does, confirms, never does, and when a person takes over."""
    slug = context.path["slug"]
    everything = await offered(context)
    found = next((one for one in everything.offered if one.slug == slug), None)
    if found is None:
        raise NoSuchAgent
    return page(
        context,
        "catalogue/agent.html",
        agent=found,
        category=everything.category(found.category),
        single=everything.single,
        bundles=[one for one in everything.subnucleos if found.slug in one.agents],
        labels=rules.LABELS,
    )


async def _part(context: Context, query: AgentsQuery) -> Markup:
    """The page below the brand. What everybody sees who has neither chosen nor looked for anything is kept."""
    cache, key = context.services.get(Cache), f"page|agents|{context.locale}|{query.category}"
    fill = cache.begin(PLATFORM_TENANT, (billing.TOPIC,))
    everything = await offered(context)
    same = query == AgentsQuery(category=query.category)
    same = same and (not query.category or any(one.category == query.category for one in everything.offered))
    entry = await cache.get(key) if same else None
    if entry is None:
        html = fragment(context.locale, "catalogue/_agents.html", view=arranged(everything, query))
        entry = Entry(b"", html.encode())
        if same:
            await cache.put(key, entry, fill, ttl=_KEPT_S)
    return Markup(entry.body.decode())  # noqa: S704 - Our own template's.


_LIMITS: Final = (Limit(count=240, seconds=60, per=("ip",)),)
ROUTES: Final = (
    get(PATH, catalogue, "The catalogue of agents", query=AgentsQuery, limits=_LIMITS),
    get(PATH + "/{slug}", agent, "An agent and its rules", limits=_LIMITS),
)
