"""The vendor's own acts on a tenant's billing: money that arrived, refunds, credit, trials; and providers' news."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Actor, Permission
from alquimista.agents.models.agents import UnknownAgent
from alquimista.audit.guards import seen
from alquimista.billing.api.subscription import Choice
from alquimista.billing.guards import STAFF_ACTING
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import (
    Invoice,
    InvoiceClosed,
    InvoiceStatus,
    Kind,
    NotRefundable,
    RefundWaits,
    UnknownInvoice,
)
from alquimista.billing.models.subscriptions import (
    AlreadySubscribed,
    NotOnSale,
    SubNucleosBeyondPlan,
    TooManyAgents,
    UnknownSubNucleo,
)
from alquimista.billing.models.summary import Summary
from alquimista.billing.service import acting, collecting
from alquimista.billing.service.summary import summary
from alquimista.db.pool import Database
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING_ONE
from alquimista.payments import service as payments
from alquimista.payments.models import UnknownEvent
from alquimista.payments.service import Providers
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant

_Cents = Annotated[int, Meta(ge=1, le=10**12)]
_Reason = Annotated[str, Meta(min_length=3, max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class PaymentReceived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much arrived, in cents of the invoice's currency."""

    amount_cents: _Cents


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much goes back, all that is left unless given, and why."""

    reason: _Reason
    amount_cents: _Cents | None = None


class CreditGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Credit in cents, and why."""

    amount_cents: _Cents
    reason: _Reason


class CreditBalance(msgspec.Struct, frozen=True):
    """What the tenant has to its credit now, in cents."""

    balance_cents: int


class TrialGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan to use before it is paid for, for some days."""

    choice: Choice
    days: Annotated[int, Meta(ge=1, le=90)]


class EventsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of providers' news about a tenant; without one, those that named none of ours."""

    status: Literal["received", "processed", "ignored", "failed"] | None = None


class ProviderEvent(msgspec.Struct, frozen=True):
    """What a provider told, without its body."""

    id: UUID
    provider: str
    provider_event_id: str
    event_type: str
    charge_id: UUID | None
    status: str
    error: str | None
    occurred_at: datetime
    received_at: datetime
    processed_at: datetime | None


class ProviderEvents(msgspec.Struct, frozen=True):
    """A page of providers' news, the newest first."""

    events: list[ProviderEvent]


async def received(context: Context) -> Invoice:
    """Money of an invoice arrived."""
    providers, cents = context.services.get(Providers), context.body.amount_cents
    return await collecting.received(
        context.db, providers, _rules(context), context.who, _tenant(context), context.uuid("invoice_id"), cents
    )


async def refund(context: Context) -> Invoice:
    """Pay an invoice back; a job sees to the provider."""
    wanted: RefundRequest = context.body
    return await acting.refund(
        *_act(context), context.uuid("invoice_id"), wanted.amount_cents, wanted.reason, context.now
    )


async def credit(context: Context) -> CreditBalance:
    """Give a tenant credit."""
    grant: CreditGrant = context.body
    return CreditBalance(await acting.credit(*_act(context), grant.amount_cents, grant.reason, context.now))


async def grant_trial(context: Context) -> Summary:
    """Let a tenant use a plan for some days before it pays."""
    grant: TrialGrant = context.body
    await acting.trial(*_act(context), grant.choice.wanted(), grant.days, context.now)
    tenant_id = _tenant(context)
    return await summary(context.db.tenant(tenant_id), tenant_id, _rules(context), context.now)


async def list_events(context: Context) -> ProviderEvents:
    """What providers told about a tenant."""
    query: EventsQuery = context.query
    tenant_id = _tenant(context)
    await tenants.get(context.db.tenant(tenant_id), tenant_id)
    await seen(context, tenant_id)
    found = await payments.events(context.db.tenant(tenant_id), tenant_id, query.status, query.limit, query.offset)
    names = ProviderEvent.__struct_fields__
    return ProviderEvents([ProviderEvent(*(getattr(one, name) for name in names)) for one in found])


async def replay(context: Context) -> None:
    """Work through a provider's news once more."""
    await acting.replay(*_act(context), context.uuid("event_id"), context.now)


def _tenant(context: Context) -> UUID:
    return context.uuid("tenant_id")


def _act(context: Context) -> tuple[Database, Rules, Actor, UUID]:
    """Where an act takes place, who acts, and on whom."""
    return context.db, _rules(context), context.who, _tenant(context)


def _rules(context: Context) -> Rules:
    return Rules.of(context.services.settings)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_MOMENT: Final = datetime(2026, 1, 15, 15, tzinfo=UTC)
_INVOICE: Final = Invoice(
    _ID, 1, _ID, Kind.FIRST, InvoiceStatus.PAID, "BRL", 29_700, 0, 0, 29_700, 0, "Clínica Aurora", "11222333000181",
    _MOMENT, _MOMENT.date(), _MOMENT, None,
)  # fmt: skip
_STAFF: Final[dict[str, Any]] = {
    "tag": "billing",
    "permission": Permission.PAYMENT_MANAGE,
    "scope": TenantScope.PLATFORM,
}
_ACT: Final[dict[str, Any]] = {**_STAFF, "method": "POST", "limits": STAFF_ACTING}
_BASE: Final = "/internal/billing/tenants/{tenant_id:uuid}"
ROUTES: Final = (
    Route(
        path=f"{_BASE}/invoices/{{invoice_id:uuid}}/received",
        handler=received,
        summary="Money of an invoice arrived by hand, such as a Pix",
        body=PaymentReceived,
        response=Invoice,
        problems=(UnknownTenant, UnknownInvoice, InvoiceClosed),
        example=PaymentReceived(29_700),
        **_ACT,
    ),
    Route(
        path=f"{_BASE}/invoices/{{invoice_id:uuid}}/refund",
        handler=refund,
        summary="Pay an invoice back, in part or all that is left; of one paid by hand: it was sent back",
        body=RefundRequest,
        response=Invoice,
        problems=(UnknownTenant, UnknownInvoice, NotRefundable, RefundWaits),
        example=RefundRequest("Cobrado em dobro."),
        **_ACT,
    ),
    Route(
        path=f"{_BASE}/credits",
        handler=credit,
        summary="Give a tenant credit, which its next invoices use",
        body=CreditGrant,
        response=CreditBalance,
        problems=(UnknownTenant,),
        example=CreditGrant(5_000, "Indisponibilidade de 3 de março."),
        **_ACT,
    ),
    Route(
        path=f"{_BASE}/trial",
        handler=grant_trial,
        summary="Let a tenant use a plan for some days before it pays",
        body=TrialGrant,
        response=Summary,
        problems=(
            UnknownTenant,
            NotOnSale,
            UnknownAgent,
            UnknownSubNucleo,
            SubNucleosBeyondPlan,
            TooManyAgents,
            AlreadySubscribed,
        ),
        example=TrialGrant(Choice(_ID), 14),
        **_ACT,
    ),
    Route(
        method="GET",
        path=f"{_BASE}/events",
        handler=list_events,
        summary="What payment providers told about a tenant",
        query=EventsQuery,
        limits=READING_ONE,
        response=ProviderEvents,
        problems=(UnknownTenant,),
        example=ProviderEvents(
            [
                ProviderEvent(
                    _ID,
                    "stripe",
                    "evt_1",
                    "checkout.session.completed",
                    _ID,
                    "processed",
                    None,
                    _MOMENT,
                    _MOMENT,
                    _MOMENT,
                )
            ]
        ),
        **_STAFF,
    ),
    Route(
        path=f"{_BASE}/events/{{event_id:uuid}}/replay",
        handler=replay,
        summary="Work through a provider's news once more; nothing happens twice",
        status=204,
        problems=(UnknownTenant, UnknownEvent),
        **_ACT,
    ),
)
