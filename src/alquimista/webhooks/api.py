"""A company's webhooks: where it is told what happens to it, what it was told, and telling it again."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.audit.guards import reader
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Limit, Route, TenantScope
from alquimista.webhooks import service
from alquimista.webhooks.guards import ACTING
from alquimista.webhooks.models.deliveries import (
    DeliveryInFlight,
    DeliveryState,
    UnknownDelivery,
    WebhookAttempt,
    WebhookDelivery,
)
from alquimista.webhooks.models.endpoints import (
    URL_LIMIT,
    EndpointDisabled,
    EndpointStatus,
    TooManyEndpoints,
    UnknownEndpoint,
    WebhookEndpoint,
)

_Url = Annotated[str, Meta(min_length=8, max_length=URL_LIMIT, description="Where to post; https.")]
_Description = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]
_Types = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=100)]],
    Meta(min_length=1, max_length=100, description="Types of events (docs/events.md); `*` is all."),
]


class NewWebhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to tell, and what."""

    url: _Url
    event_types: _Types
    description: _Description = ""


class WebhookChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; the rest stays as it is."""

    url: _Url | None = None
    event_types: _Types | None = None
    description: _Description | None = None
    enabled: bool | None = None


class WebhookWithSecret(msgspec.Struct, frozen=True):
    """A webhook and its new secret, which is shown this once."""

    webhook: WebhookEndpoint
    secret: str


class Webhooks(msgspec.Struct, frozen=True):
    """All of a company's."""

    webhooks: list[WebhookEndpoint]


class WebhookDeliveriesQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of deliveries."""

    state: Annotated[DeliveryState, Meta(description="In this state only.")] | None = None


class WebhookDeliveries(msgspec.Struct, frozen=True):
    """One page of deliveries, newest first, and how many there are."""

    deliveries: list[WebhookDelivery]
    total: int


class WebhookDeliveryDetail(msgspec.Struct, frozen=True):
    """A delivery, what it tells, and its latest tries, the last one first."""

    delivery: WebhookDelivery
    data: dict[str, Any]
    attempts: list[WebhookAttempt]


async def list_webhooks(context: Context) -> Webhooks:
    """A company's webhooks, never their secrets."""
    return Webhooks(await service.list_endpoints(await reader(context), context.tenant))


async def create_webhook(context: Context) -> WebhookWithSecret:
    """A new one."""
    body: NewWebhook = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        made = await service.create(
            conn,
            context.who,
            context.tenant,
            url=body.url,
            description=body.description,
            event_types=body.event_types,
            settings=context.services.settings,
            now=context.now,
        )
    return WebhookWithSecret(*made)


async def get_webhook(context: Context) -> WebhookEndpoint:
    """One of them."""
    return await service.get(await reader(context), context.tenant, context.uuid("webhook_id"))


async def change_webhook(context: Context) -> WebhookEndpoint:
    """Change, enable or disable one."""
    body: WebhookChange = context.body
    async with tenant_transaction(context.db, context.tenant) as conn:
        return await service.change(
            conn,
            context.who,
            context.tenant,
            context.uuid("webhook_id"),
            url=body.url,
            description=body.description,
            event_types=body.event_types,
            enabled=body.enabled,
            settings=context.services.settings,
            now=context.now,
        )


async def delete_webhook(context: Context) -> None:
    """Remove one, with its log."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await service.delete(conn, context.who, context.tenant, context.uuid("webhook_id"))


async def rotate_secret(context: Context) -> WebhookWithSecret:
    """A new secret."""
    settings = context.services.settings
    async with tenant_transaction(context.db, context.tenant) as conn:
        rotated = await service.rotate_secret(
            conn, context.who, context.tenant, context.uuid("webhook_id"), settings, context.now
        )
    return WebhookWithSecret(*rotated)


async def test_webhook(context: Context) -> WebhookDelivery:
    """Send a test."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        return await service.send_test(conn, context.who, context.tenant, context.uuid("webhook_id"), context.now)


async def list_deliveries(context: Context) -> WebhookDeliveries:
    """What it was told."""
    query: WebhookDeliveriesQuery = context.query
    conn, webhook_id = await reader(context), context.uuid("webhook_id")
    found = await service.list_deliveries(conn, context.tenant, webhook_id, query.state, query.limit, query.offset)
    return WebhookDeliveries(*found)


async def get_delivery(context: Context) -> WebhookDeliveryDetail:
    """One message, and how each try went."""
    conn, delivery_id = await reader(context), context.uuid("delivery_id")
    delivery, data = await service.get_delivery(conn, context.tenant, context.uuid("webhook_id"), delivery_id)
    return WebhookDeliveryDetail(delivery, data, await service.attempts(conn, context.tenant, delivery_id))


async def replay_delivery(context: Context) -> WebhookDelivery:
    """Send it again."""
    webhook_id, delivery_id = context.uuid("webhook_id"), context.uuid("delivery_id")
    async with tenant_transaction(context.db, context.tenant) as conn:
        return await service.replay(conn, context.who, context.tenant, webhook_id, delivery_id, context.now)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ENDPOINT: Final = WebhookEndpoint(
    id=_ID,
    url="https://crm.example.com/alquimista",
    description="CRM",
    event_types=["agendamento.confirmado", "lead.recebido"],
    status=EndpointStatus.ENABLED,
    disabled_reason=None,
    failing_since=None,
    previous_until=None,
    created_by=_ID,
    created_at=_MOMENT,
    updated_at=_MOMENT,
)
_DELIVERY: Final = WebhookDelivery(
    id=_ID,
    event_id=_ID,
    event_type=EventType.INCIDENT_OPENED,
    state=DeliveryState.DELIVERED,
    attempts=1,
    next_attempt_at=None,
    last_status=204,
    last_failure=None,
    occurred_at=_MOMENT,
    created_at=_MOMENT,
    delivered_at=_MOMENT,
)
_BASE: Final = "/tenant/webhooks"
_ONE: Final = f"{_BASE}/{{webhook_id:uuid}}"
_DELIVERIES: Final = f"{_ONE}/deliveries"
_OWN: Final[dict[str, Any]] = {
    "tag": "webhooks",
    "permission": Permission.WEBHOOK_MANAGE,
    "scope": TenantScope.OWN,
}
_READ: Final[dict[str, Any]] = {
    **_OWN,
    "permission": Permission.WEBHOOK_READ,
    "limits": (Limit(count=600, seconds=60, per=("tenant",)),),
}

ROUTES: Final = (
    Route(
        method="GET",
        path=_BASE,
        handler=list_webhooks,
        summary="Your webhooks",
        response=Webhooks,
        example=Webhooks([_ENDPOINT]),
        **_READ,
    ),
    Route(
        method="POST",
        path=_BASE,
        handler=create_webhook,
        summary="Be told about events at an address of yours; the answer shows the secret, this once",
        body=NewWebhook,
        response=WebhookWithSecret,
        status=201,
        limits=ACTING,
        problems=(TooManyEndpoints,),
        example=NewWebhook("https://crm.example.com/alquimista", ["agendamento.confirmado", "lead.recebido"], "CRM"),
        **_OWN,
    ),
    Route(
        method="GET",
        path=_ONE,
        handler=get_webhook,
        summary="One of your webhooks",
        response=WebhookEndpoint,
        problems=(UnknownEndpoint,),
        example=_ENDPOINT,
        **_READ,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        handler=change_webhook,
        summary="Change a webhook, or disable and enable it",
        body=WebhookChange,
        response=WebhookEndpoint,
        limits=ACTING,
        problems=(UnknownEndpoint,),
        example=WebhookChange(enabled=True),
        **_OWN,
    ),
    Route(
        method="DELETE",
        path=_ONE,
        handler=delete_webhook,
        summary="Remove a webhook and its log; what waits for it is not sent",
        limits=ACTING,
        status=204,
        problems=(UnknownEndpoint,),
        **_OWN,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/rotate-secret",
        handler=rotate_secret,
        summary="A new secret, shown this once; for 24 hours the one before signs too",
        response=WebhookWithSecret,
        limits=ACTING,
        problems=(UnknownEndpoint,),
        example=WebhookWithSecret(_ENDPOINT, "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        **_OWN,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/test",
        handler=test_webhook,
        summary="Send a message of the type webhook.test; its delivery shows what became of it",
        response=WebhookDelivery,
        status=202,
        limits=ACTING,
        problems=(UnknownEndpoint, EndpointDisabled),
        example=_DELIVERY,
        **_OWN,
    ),
    Route(
        method="GET",
        path=_DELIVERIES,
        handler=list_deliveries,
        summary="What a webhook was told, newest first",
        query=WebhookDeliveriesQuery,
        response=WebhookDeliveries,
        problems=(UnknownEndpoint,),
        example=WebhookDeliveries([_DELIVERY], 1),
        **_READ,
    ),
    Route(
        method="GET",
        path=f"{_DELIVERIES}/{{delivery_id:uuid}}",
        handler=get_delivery,
        summary="One message of a webhook, and each of its tries",
        response=WebhookDeliveryDetail,
        problems=(UnknownDelivery,),
        example=WebhookDeliveryDetail(
            _DELIVERY, {"incident_id": str(_ID)}, [WebhookAttempt(1, _MOMENT, 112, 204, None, "")]
        ),
        **_READ,
    ),
    Route(
        method="POST",
        path=f"{_DELIVERIES}/{{delivery_id:uuid}}/replay",
        handler=replay_delivery,
        summary="Send a message again, with the same id",
        response=WebhookDelivery,
        status=202,
        limits=ACTING,
        problems=(UnknownEndpoint, UnknownDelivery, EndpointDisabled, DeliveryInFlight),
        example=_DELIVERY,
        **_OWN,
    ),
)
