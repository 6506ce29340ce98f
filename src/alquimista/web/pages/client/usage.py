"""/app/dashboard/usage: what a company's agents did in a period, live, and as a spreadsheet."""

import asyncio
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.figures import Period
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import Limit, TenantScope
from alquimista.tenants import service as tenants
from alquimista.web import formats, refreshing
from alquimista.web.client.addresses import Links
from alquimista.web.client.usage import PATH, Answers, UsageQuery
from alquimista.web.pages.routing import OFTEN, get

_NAME: Final = "usage"
_TOPICS: Final = ("tenant", "usage", "agents")
_KEPT_S: Final = 60  # The tenant's midnight and late events come by themselves, to the minute.


class UsageFileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown, and whether a row is a day or an agent."""

    period: Period = Period.MONTH
    agent: Annotated[str, Meta(max_length=36)] = ""
    by: Literal["day", "agent"] = "day"


async def usage(context: Context) -> HTMLResponse:
    """The whole page."""
    part = await _part(context)
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.whole(context, _NAME, part, None, room=_NAME)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, _NAME, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return refreshing.answer(context, _NAME, await _part(context), context.query.seen)


async def spreadsheet(context: Context) -> Response:
    """The same figures as CSV."""
    query: UsageFileQuery = context.query
    conn = context.db.tenant(context.tenant)
    tenant = await tenants.get(conn, context.tenant)
    agent = _agent(query.agent)
    report = await service.usage_report(conn, context.tenant, query.period, agent, context.now)
    await seen(context, context.tenant, resource_type="page", resource_id=f"{PATH}.csv")
    body = service.usage_csv(report, by_agent=query.by == "agent" and agent is None)
    # The name is made of our own letters and a date: nothing that a customer wrote gets into a header.
    name = f"usage-{query.period}-{formats.day_of(context.now, tenant.time_zone)}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


async def _part(context: Context) -> refreshing.Part:
    """What the page shows. Staff read it fresh: each of their reads is audited, as in the API."""
    query: UsageQuery = context.query

    async def make() -> tuple[refreshing.Part, bool]:
        conn, tenant_id, now, agent = (
            context.db.tenant(context.tenant),
            context.tenant,
            context.now,
            _agent(query.agent),
        )
        tenant, report, previous, agents = await asyncio.gather(
            tenants.get(conn, tenant_id),
            service.usage_report(conn, tenant_id, query.period, agent, now),
            service.usage_report(conn, tenant_id, query.period, agent, now, before=True),
            service.tenant_agents(conn, tenant_id, "all", now),
        )
        answers = Answers(tenant=tenant, report=report, previous=previous, agents=agents.agents)
        view = answers.arrange(query, context.locale, Links.of(context).carried)
        return refreshing.made(context, _NAME, tenant.name, {"view": view}, room=_NAME), True

    if context.who.internal:
        return (await make())[0]
    state = msgspec.json.encode((query.period, query.agent, query.sort, query.order, query.page)).decode()
    rule = refreshing.Kept(seconds=_KEPT_S, topics=_TOPICS, state=state)
    return await refreshing.kept(context, _NAME, rule, make)


def _agent(text: str) -> UUID | None:
    return require_uuid("agent", text) if text else None


# A spreadsheet is read whole each time; a person needs few.
_FILES: Final = (Limit(count=60, seconds=60, per=("user",)),)
_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": UsageQuery, "limits": OFTEN}
ROUTES: Final = (
    get(PATH, usage, "A company's usage", Permission.USAGE_READ, **_PLACE),
    get(f"{PATH}/live", live, "The part of it that refreshes itself", Permission.USAGE_READ, passive=True, **_PLACE),
    get(
        f"{PATH}.csv",
        spreadsheet,
        "A company's usage as CSV",
        Permission.USAGE_READ,
        scope=TenantScope.OWN,
        query=UsageFileQuery,
        limits=_FILES,
    ),
)
