"""/app/dashboard/integrations/new and …/{id}/reconnect: a form for each provider; nothing is stored before it works."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.errors import Invalid, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.integrations import service
from alquimista.integrations.guards import TIMEOUT_S, TRYING
from alquimista.integrations.models.connections import PROVIDERS, Provider
from alquimista.integrations.models.failures import Demonstration
from alquimista.integrations.models.integrations import NAME_LIMIT, IntegrationRecord
from alquimista.web.client.addresses import Links
from alquimista.web.client.integrations import PATH
from alquimista.web.client.providers import (
    KINDS,
    LABELS,
    ConnectionForm,
    config_of,
    connection_of,
    inputs_of,
    provider_named,
)
from alquimista.web.forms import Form
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page

_NEW: Final = f"{PATH}/new"


class ProviderQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose form; without, there is a choice."""

    provider: Annotated[str, Meta(max_length=40)] = ""


async def choose(context: Context) -> Response:
    """The services that can be connected, or the form of one."""
    if context.query.provider:
        provider = provider_named(context.query.provider)
        return _form(context, provider, None, Form(_defaults(provider, {})))
    kinds = [(named, [one for one in service.kinds() if one.kind == kind]) for kind, named in KINDS.items()]
    return page(context, "integrations/choose.html", kinds=kinds, labels=LABELS, links=Links.of(context), here=_NEW)


async def connect(context: Context) -> Response:
    """Try a new connection, and store it if it works."""
    provider = provider_named(context.query.provider)
    typed = _typed(context)
    try:
        name = typed["name"]
        if not name.strip() or len(name) > NAME_LIMIT:
            raise Invalid.of("name", N_("Write a name of 1 to {most} characters.", most=NAME_LIMIT))
        if provider.consent:
            return await _consent(context, provider, typed, name, None)
        connection = connection_of(provider, typed)
        await service.connect(context.services, context.who, context.tenant, name, connection, context.now)
    except Problem as problem:
        return _again(context, provider, None, typed, problem)
    return RedirectResponse(Links.of(context).to(PATH, done="connected"), 303)


async def show_reconnect(context: Context) -> Response:
    """The same form for one that is there, filled in with its settings."""
    record, provider = await _known(context)
    return _form(context, provider, record, Form(_defaults(provider, record.config)))


async def reconnect(context: Context) -> Response:
    """Try new credentials, and put them in the place of the old ones if they work."""
    record, provider = await _known(context)
    typed = _typed(context)
    try:
        if provider.consent:
            return await _consent(context, provider, typed, None, record.id)
        connection = connection_of(provider, typed)
        await service.reconnect(context.services, context.who, context.tenant, record.id, connection, context.now)
    except Problem as problem:
        return _again(context, provider, record, typed, problem)
    return RedirectResponse(Links.of(context).to(f"{PATH}/{record.id}", done="reconnected"), 303)


async def _consent(
    context: Context, provider: Provider, typed: Mapping[str, str], name: str | None, integration_id: UUID | None
) -> Response:
    """Send the browser to the service, which sends it back to the room's own address."""
    url, _ = await service.start_authorization(
        context.services, context.who, context.tenant, name, integration_id, config_of(provider, typed), context.now
    )
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


async def _known(context: Context) -> tuple[IntegrationRecord, Provider]:
    conn = context.db.tenant(context.tenant)
    record = await service.get(conn, context.tenant, context.uuid("integration_id"))
    if record.provider not in PROVIDERS:
        raise Demonstration
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return record, PROVIDERS[record.provider]


def _typed(context: Context) -> dict[str, str]:
    """What was typed. Blanks around it come from copying; only a password may begin or end with one."""
    found = msgspec.structs.asdict(context.body)
    return {name: text if name == "password" else text.strip() for name, text in found.items()}


def _defaults(provider: Provider, config: Mapping[str, Any]) -> dict[str, str]:
    return {one.name: str(config.get(one.name, one.default)) for one in inputs_of(provider) if one.kind != "password"}


def _again(
    context: Context, provider: Provider, record: IntegrationRecord | None, typed: Mapping[str, str], problem: Problem
) -> Response:
    """The form as it was sent, without what is secret, and what is wrong with it."""
    inputs = inputs_of(provider)
    shown = {one.name: typed[one.name] for one in inputs if one.kind != "password"} | {"name": typed["name"]}
    form = Form.failed(shown, problem, frozenset({"name", *(one.name for one in inputs)}))
    return _form(context, provider, record, form, problem.status)


def _form(
    context: Context, provider: Provider, record: IntegrationRecord | None, form: Form, status: int = 200
) -> Response:
    links = Links.of(context)
    here = f"{PATH}/{record.id}" if record else _NEW
    action = links.to(f"{here}/reconnect") if record else links.to(here, provider=provider.name)
    return page(
        context,
        "integrations/form.html",
        status=status,
        provider=provider,
        named=LABELS[provider.name],
        kind=KINDS[provider.kind],
        record=record,
        inputs=inputs_of(provider),
        form=form,
        action=action,
        back=links.to(here),
        longest=NAME_LIMIT,
    )


_READ: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_TRY: Final[dict[str, Any]] = {
    "scope": TenantScope.OWN,
    "limits": (TRYING,),
    "timeout_s": TIMEOUT_S,
    "body": ConnectionForm,
}
_MANAGE: Final = Permission.INTEGRATION_MANAGE
_RECONNECT: Final = f"{PATH}/{{integration_id:uuid}}/reconnect"
ROUTES: Final = (
    get(_NEW, choose, "What can be connected", _MANAGE, query=ProviderQuery, **_READ),
    post(_NEW, connect, "Connect a service", _MANAGE, query=ProviderQuery, **_TRY),
    get(_RECONNECT, show_reconnect, "An integration's new credentials", _MANAGE, **_READ),
    post(_RECONNECT, reconnect, "Connect an integration again", _MANAGE, **_TRY),
)
