"""/app/dashboard/settings/webhooks/{id}: what a webhook was told, and telling it again."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import reader, seen
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict, Invalid, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.tenants import service as tenants
from alquimista.web import formats, refreshing
from alquimista.web.client.addresses import Links
from alquimista.web.client.webhooks import (
    DELIVERY_STATES,
    DONE,
    FAILURES,
    MAIN,
    PATH,
    SHOWN,
    Days,
    EndpointPage,
    LogQuery,
    RangeForm,
    name_of,
    state_of,
    told,
)
from alquimista.web.forms import Form, shaped
from alquimista.web.pages.client.webhooks import Sent, manages
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.rendering import page
from alquimista.web.shell import Shell
from alquimista.web.tables import paged
from alquimista.web.views import Notice
from alquimista.webhooks import service
from alquimista.webhooks.guards import ACTING
from alquimista.webhooks.models.deliveries import KEPT, MOST_REPLAYED, DeliveryState, WebhookDelivery
from alquimista.webhooks.models.endpoints import WebhookEndpoint

_RANGE: Final = frozenset({"first", "last"})
_EMPTY: Final = Form()
_NAME: Final = "webhook"


async def show(context: Context) -> Response:
    """How it stands, and a page of its log."""
    query: LogQuery = context.query
    notice = DONE.get(query.done)
    if query.done == "range":
        notice = _told_again(query.count)
    return await _shown(context, query, notice)


async def live(context: Context) -> Response:
    """The log as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, _NAME, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    part = _log(context, await _view(context, context.query))
    return refreshing.answer(context, _NAME, part, context.query.seen)


async def test(context: Context) -> Response:
    """Send a test."""
    try:
        async with tenant_transaction(context.db, context.tenant) as conn:
            await service.send_test(conn, context.who, context.tenant, context.uuid("webhook_id"), context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(context, done="tested")


async def delivery(context: Context) -> Response:
    """One message, what it tells, and each of its tries."""
    conn, tenant_id = await reader(context), context.tenant
    webhook_id, delivery_id = context.uuid("webhook_id"), context.uuid("delivery_id")
    endpoint = await service.get(conn, tenant_id, webhook_id)
    found, data = await service.get_delivery(conn, tenant_id, webhook_id, delivery_id)
    links = Links.of(context)
    return page(
        context,
        "settings/webhook_delivery.html",
        tenant=await tenants.get(conn, tenant_id),
        name=name_of(endpoint),
        delivery=found,
        data=msgspec.json.format(msgspec.json.encode(data), indent=2).decode(),
        attempts=await service.attempts(conn, tenant_id, delivery_id),
        manages=manages(context),
        states=DELIVERY_STATES,
        failures=FAILURES,
        back=links.to(f"{PATH}/{webhook_id}"),
        action=links.to(f"{PATH}/{webhook_id}/deliveries/{delivery_id}/replay"),
    )


async def replay(context: Context) -> Response:
    """Send one again."""
    webhook_id, delivery_id = context.uuid("webhook_id"), context.uuid("delivery_id")
    try:
        async with tenant_transaction(context.db, context.tenant) as conn:
            await service.replay(conn, context.who, context.tenant, webhook_id, delivery_id, context.now)
    except Conflict as problem:
        return await _refused(context, problem)
    return _done(context, done="replayed")


async def replay_range(context: Context) -> Response:
    """Send those of some days again."""
    form: RangeForm = context.body
    values = {"first": form.first, "last": form.last}
    try:
        since, until = await _span(context, values)
        async with tenant_transaction(context.db, context.tenant) as conn:
            count = await service.replay_range(
                conn,
                context.who,
                context.tenant,
                context.uuid("webhook_id"),
                since,
                until,
                context.now,
                delivered=form.delivered == "yes",
            )
    except Conflict as problem:
        return await _refused(context, problem)
    except Invalid as problem:
        failed = Form.failed(values, problem, _RANGE)
        return await _shown(context, LogQuery(), None, problem.status, failed)
    return _done(context, done="range", count=count)


async def _span(context: Context, values: dict[str, str]) -> tuple[datetime, datetime]:
    """The first moment of the first day and the one after the last, in the company's zone. Raises Invalid."""
    days: Days = shaped(values, Days)
    if days.last < days.first:
        raise Invalid.of("last", N_("The last day comes before the first."))
    zone = (await tenants.get(context.db.tenant(context.tenant), context.tenant)).time_zone
    today = formats.day_of(context.now, zone)
    if days.first < today - KEPT - timedelta(days=1):
        raise Invalid.of("first", N_("Messages are kept for {days} days.", days=KEPT.days))
    if days.last > today:
        raise Invalid.of("last", N_("Choose a day that is not in the future."))
    return _midnight(days.first, zone), _midnight(days.last + timedelta(days=1), zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), formats.tz(zone))


async def _refused(context: Context, problem: Problem) -> Response:
    return await _shown(context, LogQuery(), Notice(problem.detail, "bad", "circle-alert"), problem.status)


async def _view(context: Context, query: LogQuery) -> EndpointPage:
    conn, tenant_id, webhook_id = context.db.tenant(context.tenant), context.tenant, context.uuid("webhook_id")
    links, state = Links.of(context), DeliveryState(query.state) if query.state else None
    known: list[WebhookEndpoint] = []

    async def read(offset: int) -> tuple[Sequence[WebhookDelivery], int]:
        endpoint, found, total = await service.log(conn, tenant_id, webhook_id, state, SHOWN, offset)
        known.append(endpoint)
        return found, total

    kept = {**links.carried} | ({"state": query.state} if query.state else {})
    place: dict[str, Any] = {"path": f"{PATH}/{webhook_id}", "query": kept, "target": MAIN}
    deliveries = await paged(read, query.page, SHOWN, id="deliveries", parameter="page", **place)
    tenant = await tenants.get(conn, tenant_id)
    return EndpointPage(tenant=tenant, endpoint=known[0], deliveries=deliveries, state=query.state, links=links)


def _log(context: Context, view: EndpointPage) -> refreshing.Part:
    values = {
        "shell": Shell.of(context),
        "view": view,
        "manages": manages(context),
        "states": DELIVERY_STATES,
        "failures": FAILURES,
    }
    return refreshing.made(context, _NAME, name_of(view.endpoint), values, room="settings")


async def _shown(
    context: Context, query: LogQuery, notice: Notice | None, status: int = 200, form: Form = _EMPTY
) -> Response:
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    view = await _view(context, query)
    answer = refreshing.whole(
        context,
        _NAME,
        _log(context, view),
        notice,
        room="settings",
        view=view,
        standing=state_of(view.endpoint),
        told=told(view.endpoint),
        manages=manages(context),
        range=form,
        most=MOST_REPLAYED,
    )
    answer.status_code = status
    return answer


def _told_again(count: int) -> Notice:
    if not count:
        return Notice(N_("There was nothing to send again in these days."), "info", icon="info")
    if count == MOST_REPLAYED:
        text = N_("{count} messages are sent again, the oldest first. There may be more: ask again.", count=count)
        return Notice(text, "warn", icon="triangle-alert")
    return Notice(N_("Messages that are sent again: {count}.", count=count), "good", icon="circle-check")


def _done(context: Context, **query: object) -> Response:
    return RedirectResponse(Links.of(context).to(f"{PATH}/{context.uuid('webhook_id')}", **query), 303)


_ONE: Final = f"{PATH}/{{webhook_id:uuid}}"
_DELIVERY: Final = f"{_ONE}/deliveries/{{delivery_id:uuid}}"
_SEE, _MANAGE = Permission.WEBHOOK_READ, Permission.WEBHOOK_MANAGE
_READ: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": OFTEN}
_ACT: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "limits": ACTING}
ROUTES: Final = (
    get(_ONE, show, "A webhook and its log", _SEE, query=LogQuery, **_READ),
    get(f"{_ONE}/live", live, "The log as it is now", _SEE, query=LogQuery, passive=True, **_READ),
    post(f"{_ONE}/test", test, "Send a webhook a test", _MANAGE, body=Sent, **_ACT),
    post(
        f"{_ONE}/replay",
        replay_range,
        "Send a webhook the messages of some days again",
        _MANAGE,
        body=RangeForm,
        **_ACT,
    ),
    get(_DELIVERY, delivery, "One message of a webhook", _SEE, **_READ),
    post(f"{_DELIVERY}/replay", replay, "Send a message again", _MANAGE, body=Sent, **_ACT),
)
