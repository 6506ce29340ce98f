"""/app/dashboard: the overview of one tenant, and the fragment of it that refreshes itself."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from starlette.responses import HTMLResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.cache.store import Cache, Entry
from alquimista.dashboards import service
from alquimista.dashboards.models.client import (
    TenantIncidents,
    TenantIntegrations,
    TenantUsage,
)
from alquimista.errors import Unavailable
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web import refreshing, views
from alquimista.web.client.overview import PATH, Answers, Overview, OverviewQuery
from alquimista.web.client.providers import KINDS
from alquimista.web.pages.routing import OFTEN, get

T = TypeVar("T")
SHOWN_INCIDENTS: Final = 5
_TOPICS: Final = ("tenant", "usage", "agents", "users", "integrations", "incidents")
_KEPT_S: Final = 60  # "3 minutes ago" and the tenant's midnight come by themselves, to the minute.


async def overview(context: Context) -> HTMLResponse:
    """The whole page."""
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    notice = views.FORBIDDEN if context.query.error == "forbidden" else None
    return refreshing.whole(context, "overview", await _part(context), notice)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, "overview", context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, "overview", await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    """What the page shows of the tenant. Staff read it fresh: each of their reads is audited, as in the API."""

    async def make() -> tuple[refreshing.Part, bool]:
        view = await _view(context)
        return refreshing.made(context, "overview", view.tenant.name, values(view)), view.complete

    if context.who.internal:
        return (await make())[0]
    query = context.query
    state = msgspec.json.encode((query.period, query.sort, query.order, query.page)).decode()
    rule = refreshing.Kept(seconds=_KEPT_S, topics=_TOPICS, state=state)
    return await refreshing.kept(context, "overview", rule, make)


async def _view(context: Context) -> Overview:
    """All answers of the page at the same time. Only the first two change with each request that an agent serves."""
    conn, tenant, now, query = context.db.tenant(context.tenant), context.tenant, context.now, context.query
    who, kept = context.who, partial(_kept, context)
    home, usage, previous, integrations, incidents = await asyncio.gather(
        service.tenant_home(conn, tenant, now),
        service.tenant_usage(conn, tenant, query.period, None, now),
        kept(
            (f"before {query.period}",),
            TenantUsage,
            lambda: service.tenant_usage(conn, tenant, query.period, None, now, before=True),
        ),
        _if_possible(
            kept(
                ("integrations", str(who.role)),
                TenantIntegrations,
                lambda: service.tenant_integrations(conn, who, tenant),
            )
        ),
        _if_possible(
            kept(
                ("incidents", context.locale),
                TenantIncidents,
                lambda: service.tenant_incidents(conn, tenant, SHOWN_INCIDENTS, 0, context.locale),
            )
        ),
    )
    answers = Answers(
        tenant=home.tenant,
        usage=usage,
        previous=previous,
        agents=home.agents,
        integrations=integrations.integrations if integrations else None,
        incidents=incidents.incidents if incidents else None,
        incident_total=incidents.total if incidents else 0,
    )
    carried = {"tenant_id": str(tenant)} if who.internal else {}
    # What is left to do is told to those of the company who can do it.
    able = who.may(Permission.BILLING_MANAGE) and not who.internal
    return replace(answers.arrange(query, context.locale, carried), setup=home.setup if able else None)


async def _kept(context: Context, name: tuple[str, ...], kind: type[T], read: Callable[[], Awaitable[T]]) -> T:
    """An answer that today's requests do not change, kept for as long as the page: half the cost of making it anew.

    (Late events change the period before, and the page shows it within a minute.)
    """
    cache = context.services.get(Cache)
    key = f"answer|{context.tenant.hex}|{name}"
    if (entry := await cache.get(key)) is not None:
        return msgspec.json.decode(entry.body, type=kind)
    fill = cache.begin(context.tenant, _TOPICS)
    answer = await read()
    await cache.put(key, Entry(b"", msgspec.json.encode(answer)), fill, ttl=_KEPT_S)
    return answer


async def _if_possible(part: Awaitable[T]) -> T | None:
    """A part of the page that the rest can do without."""
    try:
        return await part
    except Unavailable:
        return None


def values(view: Overview) -> dict[str, Any]:
    """What the overview's templates need beside the shell."""
    return {
        "view": view,
        "plan": views.PLANS.get(view.tenant.plan, view.tenant.plan),
        "states": views.STATES,
        "kinds": KINDS,
        "quota_labels": views.QUOTAS,
    }


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": OverviewQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, overview, "The tenant's overview", Permission.TENANT_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part that refreshes itself", Permission.TENANT_READ, passive=True, **_PLACE),
)
