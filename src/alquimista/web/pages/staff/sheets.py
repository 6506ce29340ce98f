"""/app/company/catalogue/agents: the agents with their rules, as staff keep them."""

from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.agents import service
from alquimista.agents.models.agents import Agent, VersionTaken
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid, NotFound, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.prices import SavedQuery
from alquimista.web.rendering import page
from alquimista.web.staff import rules, sheets, trees
from alquimista.web.staff.trees import Sent

PATH: Final = "/app/company/catalogue/agents"


async def listed(context: Context) -> Response:
    """Every agent, those that are no longer offered included."""
    found = await service.catalogue(context.db.tenant(PLATFORM_TENANT))
    return page(context, "staff/agents.html", agents=found, labels=rules.LABELS, saved=context.query.saved)


async def edit(context: Context) -> Response:
    """The form of one."""
    agent = await _one(context)
    return _form(context, agent, sheets.fields(agent))


async def change(context: Context) -> Response:
    """Add or take away a row, save, or show what is wrong."""
    agent, raw = await _one(context), Sent.of(context)
    sent = raw.numbered(sheets.TELLING, raw.text("remove"))
    if raw.text("add") or raw.text("remove"):
        return _form(context, agent, sent, more=raw.text("add"))
    try:
        sheet = sheets.read(sent, agent)
        async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
            await service.revise(conn, context.who, sheet, context.now)
    except VersionTaken as taken:
        return _form(context, agent, sent, Invalid.of("version", taken.detail), taken.status)
    except Problem as problem:
        return _form(context, agent, sent, problem, problem.status)
    return RedirectResponse(f"{PATH}?saved={agent.slug}#{agent.slug}", 303)


async def _one(context: Context) -> Agent:
    found = await service.catalogue(context.db.tenant(PLATFORM_TENANT))
    agent = next((each for each in found if each.slug == context.path["slug"]), None)
    if agent is None:
        raise NotFound
    return agent


def _form(
    context: Context, agent: Agent, sent: Sent, problem: Problem | None = None, status: int = 200, more: str = ""
) -> Response:
    form = Form(sent.values) if problem is None else trees.failed(sent, problem, sheets.SECTIONS)
    return page(
        context,
        "staff/agent.html",
        status=status,
        agent=agent,
        form=form,
        ticked=sent.ticked,
        rows={name: max(1, sent.count(name) + (name == more)) for name in sheets.SECTIONS},
        functions=sheets.functions(sent),
        suggested=sheets.next_version(agent.version),
        labels=rules.LABELS,
    )


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.CATALOGUE_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, listed, "Every agent", query=SavedQuery, **_STAFF),
    get(PATH + "/{slug}", edit, "An agent to change", **_STAFF),
    post(
        PATH + "/{slug}",
        change,
        "Change an agent and its rules",
        raw_body=True,
        body_limit=trees.BYTES,
        form_fields=trees.FIELDS,
        **_STAFF,
    ),
)
