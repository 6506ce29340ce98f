"""/app/dashboard/agents/{id}: one agent of the tenant, what may be done to it, and its settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.agents import service as agents
from alquimista.agents.guards import SWITCHING
from alquimista.agents.models.agents import AgentLimitReached, AgentStatus, AgentSuspended, UnknownAgent
from alquimista.agents.models.settings import ConfigurationChanged
from alquimista.audit.guards import seen
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.subscriptions import AgentNotIncluded, NotFromHere
from alquimista.billing.service import switching
from alquimista.dashboards import service as dashboards
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem
from alquimista.fleet import service as fleet
from alquimista.fleet.guards import CONFIGURING, TELLING
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_, Text
from alquimista.incidents import service as incidents
from alquimista.web import refreshing, views
from alquimista.web.client import agent_settings
from alquimista.web.client.agent import AgentPage, AgentQuery, Answers, arranged, can
from alquimista.web.client.agents import PATH, agent_url
from alquimista.web.forms import Form
from alquimista.web.pages.client.agents import KEPT_S, TOPICS, carried
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.staff.trees import Sent

_NAME: Final = "agent"
_ROOM: Final = "agents"
_LINE: Final = r"^[^\x00-\x1f\x7f]*$(?!\n)"
_DONE: Final = {
    "activated": N_("The agent is active: it may work from now on."),
    "deactivated": N_("The agent is switched off. It stays in the plan, and you can switch it on again."),
    "paused": N_("The agent is told to pause. It works again when you resume it."),
    "resumed": N_("The agent is told to go on."),
    "restarting": N_("The agent is told to restart. Below you see its answer, and when it has started anew."),
    "configured": N_("The settings are saved, and the running agent is told."),
}
_SAID: Final[dict[type[Problem], Text]] = {
    AgentNotIncluded: N_("Your plan does not include this agent. Add it to the plan first."),
    NotFromHere: N_("Settle what is open first: agents can be switched on once the subscription runs."),
}
_BILLING: Final = (N_("Open plan and invoices"), "/app/billing")
_PLANS: Final = (N_("Change the plan"), "/app/billing/plan")
_WAYS: Final[dict[type[Problem], tuple[Text, str]]] = {
    AgentLimitReached: _PLANS,
    AgentNotIncluded: _PLANS,
    NotFromHere: _BILLING,
    AgentSuspended: _BILLING,
}
_Act = Callable[[Conn, Context], Awaitable[None]]


class ActForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why; it is written in the audit."""

    reason: Annotated[str, Meta(max_length=200, pattern=_LINE)] = ""


async def show(context: Context) -> Response:
    """The whole page."""
    done = _DONE.get(context.query.done)
    return await _page(context, context.query, views.Notice(done, "good", "circle-check") if done else None)


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    query: AgentQuery = context.query
    if not refreshing.was_opened(context, _NAME, query.seen):
        await _seen(context)

    part = await _part(context, query)
    return refreshing.answer(context, _NAME, part, query.seen)


async def activate(context: Context) -> Response:
    """Switch the agent on, when the subscription includes it."""
    rules = Rules.of(context.services.settings)

    async def act(conn: Conn, context: Context) -> None:
        await switching.switch_on(conn, context.who, context.tenant, context.uuid("agent_id"), rules, context.now)

    return await _done(context, act, "activated")


async def deactivate(context: Context) -> Response:
    """Switch it off."""

    async def act(conn: Conn, context: Context) -> None:
        await agents.deactivate(conn, context.who, context.tenant, context.uuid("agent_id"), context.now)

    return await _done(context, act, "deactivated")


async def pause(context: Context) -> Response:
    """Wish it to pause."""
    return await _done(context, _told(fleet.pause), "paused")


async def resume(context: Context) -> Response:
    """Wish it to go on."""
    return await _done(context, _told(fleet.resume), "resumed")


async def restart(context: Context) -> Response:
    """Ask its processes to restart."""
    return await _done(context, _told(fleet.restart), "restarting")


async def configure(context: Context) -> Response:
    """Set the agent anew, as a whole, or show what is wrong."""
    agent_id, sent = context.uuid("agent_id"), Sent.of(context)
    before = await agents.configuration(context.db.tenant(context.tenant), context.tenant, agent_id)
    try:
        version = sent.text("version")
        if not version.isascii() or not version.isdigit() or len(version) > 9:
            raise ConfigurationChanged
        wanted = agent_settings.read(sent, before.settings)
        async with tenant_transaction(context.db, context.tenant) as conn:
            after = await agents.configure(
                conn, context.who, context.tenant, agent_id, wanted, int(version), context.now
            )
            if after.version != int(version):
                await fleet.configuration_changed(conn, context.who, context.tenant, agent_id, context.now)
    except UnknownAgent:
        raise
    except Problem as problem:
        fields = frozenset(agent_settings.field(one) for one in before.settings)
        form = Form.failed(sent.values, problem, fields)
        return await _page(context, AgentQuery(), None, form=form, status=problem.status)
    return _back(context, "configured")


def _told(tell: Callable[..., Awaitable[object]]) -> _Act:
    async def act(conn: Conn, context: Context) -> None:
        who, tenant, agent_id = context.who, context.tenant, context.uuid("agent_id")
        await tell(conn, who, tenant, agent_id, context.body.reason.strip(), context.now)

    return act


async def _done(context: Context, act: _Act, what: str) -> Response:
    """Do it and go back to the page, or show it with why nothing was done."""
    try:
        async with tenant_transaction(context.db, context.tenant) as conn:
            await act(conn, context)
    except UnknownAgent:
        raise
    except Problem as problem:
        notice = views.Notice(_SAID.get(type(problem), problem.detail), "bad", "circle-alert")
        way = _WAYS.get(type(problem)) if context.who.may(Permission.BILLING_READ) else None
        return await _page(context, AgentQuery(), notice, way=way, status=problem.status)
    return _back(context, what)


def _back(context: Context, what: str) -> Response:
    where = agent_url(context.uuid("agent_id"), {**carried(context), "done": what})
    return RedirectResponse(where, 303, headers={"Cache-Control": "no-store"})


async def _page(
    context: Context,
    query: AgentQuery,
    notice: views.Notice | None,
    *,
    form: Form | None = None,
    way: tuple[Text, str] | None = None,
    status: int = 200,
) -> Response:
    await _seen(context)
    view = await _view(context, query)
    configuration = view.sheet.configuration
    agent = ("agent", str(view.sheet.agent.agent_id))
    manages = context.who.viewing is None and context.who.may(Permission.AGENT_MANAGE, agent)
    shown = refreshing.whole(
        context,
        _NAME,
        await _part(context, query, view),
        notice,
        room=_ROOM,
        view=view,
        way=way,
        acts=can(view) if manages else frozenset(),
        sets=manages and configuration.status is not AgentStatus.SUSPENDED,
        form=form or Form(agent_settings.filled(configuration, context.locale)),
        version=form.values.get("version", "") if form else configuration.version,
        kind_of=agent_settings.kind_of,
        written=agent_settings.shown,
    )
    shown.status_code = status
    return shown


async def _part(context: Context, query: AgentQuery, view: AgentPage | None = None) -> refreshing.Part:
    """What the page shows of the agent, from `view` when it is read already.

    A page shows what is kept, too: what it then asks for again would else be older. After an act, and for staff, it is
    made anew.
    """

    async def make() -> tuple[refreshing.Part, bool]:
        shown = view or await _view(context, query)
        values = {"view": shown, "severities": views.SEVERITIES}
        return refreshing.made(context, _NAME, shown.sheet.company, values, room=_ROOM), True

    if context.who.internal or query.done or context.request.method == "POST":
        return (await make())[0]
    state = f"{context.path['agent_id']} {query.period} {query.history}"
    return await refreshing.kept(context, _NAME, refreshing.Kept(seconds=KEPT_S, topics=TOPICS, state=state), make)


async def _view(context: Context, query: AgentQuery) -> AgentPage:
    conn, tenant_id, agent_id, now = (
        context.db.tenant(context.tenant),
        context.tenant,
        context.uuid("agent_id"),
        context.now,
    )
    sheet = await agents.sheet(conn, tenant_id, agent_id)
    metrics, running, told = await asyncio.gather(
        dashboards.metrics_of(conn, tenant_id, sheet.agent, query.period, now),
        fleet.read(conn, tenant_id, agent_id, now),
        incidents.open_of_agents(conn, tenant_id, context.locale),
    )
    inclusion = None
    if sheet.agent.status is not AgentStatus.ACTIVE:
        inclusion = await switching.inclusion(conn, tenant_id, agent_id)
    answers = Answers(
        sheet=sheet, metrics=metrics, running=running, incidents=told.get(str(agent_id), []), inclusion=inclusion
    )
    bills = context.who.may(Permission.BILLING_READ)
    return arranged(answers, query, carried(context), context.locale, now, bills=bills)


async def _seen(context: Context) -> None:
    path = f"{PATH}/{context.path['agent_id']}"
    await seen(context, context.tenant, resource_type="page", resource_id=path)


_ONE: Final = f"{PATH}/{{agent_id:uuid}}"
_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": AgentQuery, "limits": OFTEN}
_SWITCH: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "body": ActForm, "limits": SWITCHING}
_TELL: Final[dict[str, Any]] = {**_SWITCH, "limits": TELLING}
_SET: Final[dict[str, Any]] = {
    "scope": TenantScope.OWN,
    "limits": CONFIGURING,
    "raw_body": True,
    "body_limit": 512 * 1024,  # Forty texts of two thousand letters, percent-encoded.
}
_READ, _MANAGE = Permission.AGENT_READ, Permission.AGENT_MANAGE
ROUTES: Final = (
    get(_ONE, show, "One of the tenant's agents", _READ, **_PLACE),
    get(f"{_ONE}/live", live, "The part that refreshes itself", _READ, passive=True, **_PLACE),
    post(f"{_ONE}/activate", activate, "Switch the agent on", _MANAGE, **_SWITCH),
    post(f"{_ONE}/deactivate", deactivate, "Switch the agent off", _MANAGE, **_SWITCH),
    post(f"{_ONE}/pause", pause, "Have the agent pause", _MANAGE, **_TELL),
    post(f"{_ONE}/resume", resume, "Have the agent go on", _MANAGE, **_TELL),
    post(f"{_ONE}/restart", restart, "Have the agent restart", _MANAGE, **_TELL),
    post(f"{_ONE}/settings", configure, "Set the agent", _MANAGE, **_SET),
)
