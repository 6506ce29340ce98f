"""/app/dashboard/settings/webhooks: where a company's own systems are told what happens to it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import reader
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.tenants import service as tenants
from alquimista.web.client.addresses import Links
from alquimista.web.client.webhooks import (
    DONE,
    EXAMPLE,
    PATH,
    Checked,
    EndpointRow,
    StateForm,
    WebhookForm,
    choice_of,
    chosen,
    filled,
    groups,
    name_of,
)
from alquimista.web.forms import Form, shaped
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.webhooks import service
from alquimista.webhooks.guards import ACTING
from alquimista.webhooks.models.endpoints import EVERYTHING, MOST_ENDPOINTS, WebhookEndpoint

_FIELDS: Final = frozenset({"url", "description", "event_types"})
_EMPTY: Final = Form()


class DoneQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done."""

    done: str = ""


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: sending it is enough."""


def manages(context: Context) -> bool:
    """Whether the reader may change webhooks; who looks at a company as its administrator only reads."""
    return context.who.may(Permission.WEBHOOK_MANAGE) and context.who.viewing is None


async def show(context: Context) -> Response:
    """All of them, and how a receiver knows that a message is ours."""
    conn = await reader(context)
    found = await service.list_endpoints(conn, context.tenant)
    return page(
        context,
        "settings/webhooks.html",
        rows=EndpointRow.all_of(found),
        tenant=await tenants.get(conn, context.tenant),
        most=MOST_ENDPOINTS,
        manages=manages(context),
        links=Links.of(context),
        notice=DONE.get(context.query.done),
        path=PATH,
        example=EXAMPLE,
    )


async def show_new(context: Context) -> Response:
    """The form of a new one."""
    return _form(context, None, _EMPTY, ())


async def create(context: Context) -> Response:
    """A new one. Its secret is on this answer, and never again."""
    form: WebhookForm = context.body
    try:
        wanted: Checked = shaped(choice_of(form), Checked)
        async with tenant_transaction(context.db, context.tenant) as conn:
            endpoint, secret = await service.create(
                conn,
                context.who,
                context.tenant,
                url=wanted.url,
                description=wanted.description,
                event_types=wanted.event_types,
                settings=context.services.settings,
                now=context.now,
            )
    except Problem as problem:
        return _again(context, None, form, problem)
    return await _secret(context, endpoint, secret)


async def show_edit(context: Context) -> Response:
    """The form of one that is there."""
    endpoint = await service.get(await reader(context), context.tenant, context.uuid("webhook_id"))
    return _form(context, endpoint, filled(endpoint), endpoint.event_types)


async def edit(context: Context) -> Response:
    """Another address, name or choice of types."""
    form: WebhookForm = context.body
    webhook_id = context.uuid("webhook_id")
    try:
        wanted: Checked = shaped(choice_of(form), Checked)
        await _change(
            context, url=wanted.url, description=wanted.description, event_types=wanted.event_types, enabled=None
        )
    except Problem as problem:
        endpoint = await service.get(context.db.tenant(context.tenant), context.tenant, webhook_id)
        return _again(context, endpoint, form, problem)
    return _done(context, "changed")


async def switch(context: Context) -> Response:
    """On or off."""
    form: StateForm = context.body
    await _change(context, url=None, description=None, event_types=None, enabled=form.enabled)
    return _done(context, "enabled" if form.enabled else "disabled")


async def remove(context: Context) -> Response:
    """It goes with its log."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.delete(conn, context.who, context.tenant, context.uuid("webhook_id"))
    return RedirectResponse(Links.of(context).to(PATH, done="removed"), 303)


async def rotate(context: Context) -> Response:
    """A new secret, on this answer and never again."""
    webhook_id, settings = context.uuid("webhook_id"), context.services.settings
    async with tenant_transaction(context.db, context.tenant) as conn:
        endpoint, secret = await service.rotate_secret(
            conn, context.who, context.tenant, webhook_id, settings, context.now
        )
    return await _secret(context, endpoint, secret)


async def _change(context: Context, **what: Any) -> None:  # noqa: ANN401 - Handed on to the service as it is.
    settings = context.services.settings
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.change(
            conn, context.who, context.tenant, context.uuid("webhook_id"), settings=settings, now=context.now, **what
        )


async def _secret(context: Context, endpoint: WebhookEndpoint, secret: str) -> Response:
    links = Links.of(context)
    tenant = await tenants.get(context.db.tenant(context.tenant), context.tenant)
    return page(
        context,
        "settings/webhook_secret.html",
        endpoint=endpoint,
        name=name_of(endpoint),
        secret=secret,
        tenant=tenant,
        back=links.to(f"{PATH}/{endpoint.id}"),
        example=EXAMPLE,
    )


def _again(context: Context, endpoint: WebhookEndpoint | None, form: WebhookForm, problem: Problem) -> Response:
    values = {"url": form.url, "description": form.description, "own_types": form.own_types}
    ticked = [EVERYTHING] if form.everything == "yes" else chosen(form)
    return _form(context, endpoint, Form.failed(values, problem, _FIELDS), ticked, problem.status)


def _form(
    context: Context,
    endpoint: WebhookEndpoint | None,
    form: Form,
    ticked: Sequence[str],
    status: int = 200,
) -> Response:
    links = Links.of(context)
    here = f"{PATH}/{endpoint.id}" if endpoint else PATH
    return page(
        context,
        "settings/webhook_form.html",
        status=status,
        endpoint=endpoint,
        name=name_of(endpoint) if endpoint else "",
        form=form,
        groups=groups(),
        ticked=ticked,
        everything=EVERYTHING in ticked,
        action=links.to(f"{here}/edit" if endpoint else f"{here}/new"),
        back=links.to(here),
    )


def _done(context: Context, what: str) -> Response:
    return RedirectResponse(Links.of(context).to(f"{PATH}/{context.uuid('webhook_id')}", done=what), 303)


_READ: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_ACT: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": ACTING}
_SEE, _MANAGE = Permission.WEBHOOK_READ, Permission.WEBHOOK_MANAGE
_ONE: Final = f"{PATH}/{{webhook_id:uuid}}"
ROUTES: Final = (
    get(PATH, show, "A company's webhooks", _SEE, query=DoneQuery, **_READ),
    get(f"{PATH}/new", show_new, "A new webhook", _MANAGE, **_READ),
    post(f"{PATH}/new", create, "Add a webhook", _MANAGE, body=WebhookForm, **_ACT),
    get(f"{_ONE}/edit", show_edit, "A webhook's settings", _MANAGE, **_READ),
    post(f"{_ONE}/edit", edit, "Change a webhook", _MANAGE, body=WebhookForm, **_ACT),
    post(f"{_ONE}/state", switch, "Turn a webhook on or off", _MANAGE, body=StateForm, **_ACT),
    post(f"{_ONE}/remove", remove, "Remove a webhook", _MANAGE, body=Sent, **_ACT),
    post(f"{_ONE}/rotate", rotate, "Give a webhook a new secret", _MANAGE, body=Sent, **_ACT),
)
