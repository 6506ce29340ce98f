"""/app/company/operations/new: a command is chosen, filled in, tried dry, and given."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from starlette.responses import RedirectResponse, Response

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.agents import service as agents
from alquimista.audit.guards import seen
from alquimista.dashboards import service as dashboards
from alquimista.dashboards.models.staff import TenantFilter
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Forbidden, Problem
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import TenantScope
from alquimista.integrations import service as integrations
from alquimista.operations import service
from alquimista.operations.guards import GIVING
from alquimista.operations.models.commands import KEY_LIMIT, KeyReused
from alquimista.operations.models.kinds import CommandType, Kind
from alquimista.operations.service import Foreseen, Wanted
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Tenant, UnknownTenant
from alquimista.web import schema_form
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.schema_form import Options
from alquimista.web.staff import commands
from alquimista.web.staff.new_command import (
    MATCHES,
    PATH,
    NewCommand,
    NewCommandForm,
    NewCommandQuery,
    address_of,
    asdict,
    facts_of,
    failed,
    filled,
    inputs_of,
    new_key,
    ticked,
)


async def show(context: Context) -> Response:
    """The types to choose from, or the form of one."""
    values = asdict(context.query)
    kind = commands.kind_of(values["command_type"])
    if kind is None:
        return _types(context, values["tenant_id"])
    _allow(context, kind)
    tenant_id = require_uuid("tenant_id", values["tenant_id"]) if values["tenant_id"] else None
    tenant = await tenants.get(context.db.staff(), tenant_id) if tenant_id else None
    return await _form(context, kind, tenant, filled(kind, values), search=values["company"])


async def give(context: Context) -> Response:
    """Give it, or say what it would do; what is refused stands at its field."""
    values = asdict(context.body)
    kind = commands.kind_of(values["command_type"])
    if kind is None:
        return _types(context, "")
    _allow(context, kind)
    key = values["key"][:KEY_LIMIT] or new_key()
    try:
        wanted = _wanted(kind, values, key)
        if values["act"] != "give":
            foreseen = await _foresee(context, wanted)
            return await _form(context, kind, await _tenant(context, values), Form(values), key=key, foreseen=foreseen)
        ticked(kind, values)
        return await _give(context, wanted)
    except Forbidden:
        raise
    except Problem as problem:
        key = new_key() if isinstance(problem, KeyReused) else key
        form, tenant = failed(kind, values, problem), await _tenant(context, values)
        return await _form(context, kind, tenant, form, key=key, status=problem.status)


async def choices_of(conn: Conn, command_type: str, tenant_id: UUID) -> Mapping[str, Options]:
    """The things of a company that a kind's ids name, by their names."""
    if command_type == CommandType.RESET_TOKEN:
        connected = await integrations.list_integrations(conn, tenant_id)
        return {"integration_id": [(str(one.id), one.name) for one in connected]}
    if command_type == CommandType.RESTART_AGENT:
        theirs = await agents.list_agents(conn, tenant_id)
        return {"agent_id": [(str(one.agent_id), one.name) for one in theirs]}
    return {}


def _wanted(kind: Kind, values: Mapping[str, str], key: str) -> Wanted:
    tenant_id = require_uuid("tenant_id", values["tenant_id"]) if values["tenant_id"] or kind.needs_tenant else None
    return Wanted(kind.command_type, tenant_id, schema_form.read(kind.parameters, values), key)


async def _foresee(context: Context, wanted: Wanted) -> Foreseen:
    async with tenant_transaction(context.db, wanted.tenant) as conn:
        return await service.foresee(conn, context.who, wanted, context.services.settings, context.now)


async def _give(context: Context, wanted: Wanted) -> Response:
    command, new = await service.give_alone(context.db, context.who, wanted, context.services.settings, context.now)
    if new:
        service.announce(context.services, command)
    return RedirectResponse(f"{commands.PATH}/{command.id}?done={'awaits' if command.approval_id else 'given'}", 303)


async def _tenant(context: Context, values: Mapping[str, str]) -> Tenant | None:
    """The company that was chosen, if there is such a one: what was typed is shown again whatever it was."""
    tenant_id = commands.uuid_of(values["tenant_id"])
    if tenant_id is None or tenant_id == PLATFORM_TENANT:
        return None
    try:
        return await tenants.get(context.db.staff(), tenant_id)
    except UnknownTenant:
        return None


async def _form(
    context: Context,
    kind: Kind,
    tenant: Tenant | None,
    form: Form,
    *,
    search: str = "",
    key: str = "",
    foreseen: Foreseen | None = None,
    status: int = 200,
) -> Response:
    conn = context.db.staff()
    await seen(context, tenant.id if tenant else PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    wanted = TenantFilter(search=" ".join(search.split())[:100])
    matches = [] if tenant else (await dashboards.tenant_list(conn, wanted, MATCHES, 0, context.now)).tenants
    choices = await choices_of(conn, kind.command_type, tenant.id) if tenant else {}
    approval = service.needed(context.services.settings, kind)
    view = NewCommand(
        kind=kind,
        tenant=tenant,
        search=search,
        matches=matches,
        inputs=inputs_of(kind, choices),
        form=form,
        key=key or new_key(),
        approval=approval,
        foreseen=foreseen,
    )
    icon = commands.icon_of(kind.command_type)
    facts = facts_of(kind, approval=approval)
    return page(context, "operations/new.html", status=status, view=view, icon_name=icon, facts=facts, path=PATH)


def _types(context: Context, tenant_id: str) -> Response:
    settings = context.services.settings
    kinds = [
        (kind, address_of(kind.command_type, commands.uuid_of(tenant_id) or ""), service.needed(settings, kind))
        for kind in commands.types_of(context.who)
    ]
    return page(context, "operations/types.html", kinds=kinds, icon_of=commands.icon_of)


def _allow(context: Context, kind: Kind) -> None:
    """Raises Forbidden when such a command is not theirs to give."""
    if not context.who.may(kind.permission):
        raise Forbidden


_STAFF: Final[dict[str, Any]] = {
    "permission": Permission.COMMAND_RUN,
    "scope": TenantScope.PLATFORM,
    "limits": OFTEN,
}
ROUTES: Final = (
    get(PATH, show, "Choose and fill in a command", query=NewCommandQuery, **_STAFF),
    post(PATH, give, "Give a command, or try it dry", body=NewCommandForm, **(_STAFF | {"limits": GIVING})),
)
