"""/app/company/catalogue/subnucleos: the bundles of agents, as staff keep them."""

from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.agents import service as agents
from alquimista.billing.models.catalogue import StoredSubNucleo
from alquimista.billing.service import catalogue as service
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import NotFound, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.prices import SavedQuery
from alquimista.web.rendering import page
from alquimista.web.staff import bundles, trees
from alquimista.web.staff.trees import Sent

PATH: Final = "/app/company/catalogue/subnucleos"


async def listed(context: Context) -> Response:
    """Every SubNúcleo with its agents."""
    conn = context.db.tenant(PLATFORM_TENANT)
    names = {one.slug: one.name for one in await agents.catalogue(conn)}
    found = await service.subnucleos(conn)
    return page(context, "staff/subnucleos.html", subnucleos=found, names=names, saved=context.query.saved)


async def edit(context: Context) -> Response:
    """The form of one."""
    one = await _one(context)
    return await _form(context, one, Form(bundles.fields(one).values))


async def change(context: Context) -> Response:
    """Save it, or show what is wrong."""
    one, sent = await _one(context), Sent.of(context)
    known = await agents.catalogue(context.db.tenant(PLATFORM_TENANT))
    try:
        wanted = bundles.read(sent, one, known)
        async with tenant_transaction(context.db, PLATFORM_TENANT) as conn:
            await service.change_subnucleo(conn, context.who, wanted, context.now)
    except Problem as problem:
        return await _form(context, one, trees.failed(sent, problem, ("agents",)), problem.status)
    return RedirectResponse(f"{PATH}?saved={one.name}#{one.name}", 303)


async def _one(context: Context) -> StoredSubNucleo:
    found = await service.subnucleos(context.db.tenant(PLATFORM_TENANT))
    one = next((each for each in found if each.name == context.path["name"]), None)
    if one is None:
        raise NotFound
    return one


async def _form(context: Context, one: StoredSubNucleo, form: Form, status: int = 200) -> Response:
    known = await agents.catalogue(context.db.tenant(PLATFORM_TENANT))
    # Its own agents first: they are what is looked at.
    ordered = sorted(known, key=lambda agent: (agent.slug not in one.agents, agent.category != one.category))
    return page(context, "staff/subnucleo.html", status=status, one=one, form=form, agents=ordered)


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.CATALOGUE_MANAGE,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, listed, "The SubNúcleos", query=SavedQuery, **_STAFF),
    get(PATH + "/{name}", edit, "A SubNúcleo to change", **_STAFF),
    post(
        PATH + "/{name}",
        change,
        "Change a SubNúcleo",
        raw_body=True,
        body_limit=trees.BYTES,
        form_fields=trees.FIELDS,
        **_STAFF,
    ),
)
