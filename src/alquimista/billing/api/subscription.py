"""A tenant's subscription: what it has, choosing, changing, paying. The tenant is the session's, never the body's."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.agents.models.agents import UnknownAgent
from alquimista.audit.guards import reader
from alquimista.billing.guards import CHANGING, PAYING
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import InvoiceClosed, NotRefundable, RefundWaits, UnknownInvoice
from alquimista.billing.models.subscriptions import (
    AlreadySubscribed,
    ChangeWaits,
    Cycle,
    DebtOpen,
    EndsSoon,
    NoSubscription,
    NotFromHere,
    NotOnSale,
    Status,
    SubNucleosBeyondPlan,
    TooManyAgents,
    UnknownSubNucleo,
)
from alquimista.billing.models.summary import Item, NamedPlan, Pricing, Summary, Use
from alquimista.billing.service import collecting, subscribing
from alquimista.billing.service.book import open_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.billing.service.summary import summary
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope
from alquimista.http.shares import READING
from alquimista.payments.models import AlreadyPaid, Busy, NoPortal, NotConfigured, ProviderRefused
from alquimista.payments.service import Providers

_Ids = Annotated[tuple[UUID, ...], Meta(max_length=100)]


class Choice(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A plan, how often it is paid, and what is chosen of it. Required agents of a SubNúcleo come with it."""

    plan_id: UUID
    cycle: Literal["monthly", "yearly", "annual"] = "monthly"
    agents: _Ids = ()
    subnucleos: Annotated[tuple[UUID, ...], Meta(max_length=20)] = ()

    def wanted(self) -> Wanted:
        """As billing takes it; `annual` is the founding word for yearly."""
        cycle = Cycle.MONTHLY if self.cycle == "monthly" else Cycle.YEARLY
        return Wanted(self.plan_id, cycle, self.agents, self.subnucleos)


class Chosen(msgspec.Struct, frozen=True, rename="camel"):
    """The subscription after a choice; `invoice_id` is what to pay for it, null when nothing is."""

    subscription: Summary
    invoice_id: UUID | None


class CheckoutRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """What to pay: a choice, an open invoice, or (neither) what is due first."""

    choice: Choice | None = None
    invoice_id: UUID | None = None


class CheckoutSession(msgspec.Struct, frozen=True, rename="camel"):
    """Where to pay, and until when; the page of the plan, and the tenant's id, when there is nothing to pay."""

    checkout_url: str
    session_id: UUID
    expires_at: datetime | None


class CancelRequest(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """`guarantee`: give up the first subscription within seven days, for the money back."""

    guarantee: bool = False


class PortalLink(msgspec.Struct, frozen=True, rename="camel"):
    """Where stored means of payment are changed."""

    url: str


async def get_subscription(context: Context) -> Summary:
    """The tenant's subscription."""
    await reader(context)
    return await _summary(context)


async def choose(context: Context) -> Chosen:
    """Subscribe, or change the subscription."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        book = await open_book(conn, context.tenant, _rules(context), context.now, context.who)
        invoice = await subscribing.subscribe(book, context.body.wanted())
    unpaid = invoice.id if invoice is not None and invoice.status == "open" else None
    return Chosen(await _summary(context), unpaid)


async def checkout(context: Context) -> CheckoutSession:
    """A page of the payment provider, or of our own, where an invoice is paid."""
    wanted: CheckoutRequest = context.body
    invoice_id = wanted.invoice_id
    if wanted.choice is not None:
        async with tenant_transaction(context.db, context.tenant) as conn:
            book = await open_book(conn, context.tenant, _rules(context), context.now, context.who)
            invoice = await subscribing.subscribe(book, wanted.choice.wanted())
        if invoice is None or invoice.status != "open":  # Credit paid it, or it begins with the next cycle.
            return CheckoutSession(f"{context.services.settings.public_url}/app/billing", context.tenant, None)
        invoice_id = invoice.id
    charge = await collecting.checkout(
        context.db, context.services.get(Providers), _rules(context), context.who, context.tenant, invoice_id
    )
    return CheckoutSession(charge.checkout_url or "", charge.id, charge.expires_at)


async def cancel(context: Context) -> Summary:
    """Cancel with the end of the paid period, or under the guarantee."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        book = await open_book(conn, context.tenant, _rules(context), context.now, context.who)
        await (collecting.guarantee(book) if context.body.guarantee else subscribing.cancel(book))
    return await _summary(context)


async def resume(context: Context) -> Summary:
    """Take back a cancellation that has not come yet."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await subscribing.resume(await open_book(conn, context.tenant, _rules(context), context.now, context.who))
    return await _summary(context)


async def drop_change(context: Context) -> Summary:
    """Give up a change that is to come."""
    async with tenant_transaction(context.db, context.tenant) as conn:
        await subscribing.drop_change(await open_book(conn, context.tenant, _rules(context), context.now, context.who))
    return await _summary(context)


async def portal(context: Context) -> PortalLink:
    """The provider's page for stored means of payment."""
    providers = context.services.get(Providers)
    return PortalLink(await collecting.portal(context.db, providers, _rules(context), context.tenant))


async def _summary(context: Context) -> Summary:
    """What the subscription is now. After an act, which stands in the audit itself, that is no read."""
    return await summary(context.db.tenant(context.tenant), context.tenant, _rules(context), context.now)


def _rules(context: Context) -> Rules:
    return Rules.of(context.services.settings)


_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_SUMMARY: Final = Summary(
    tenant_id=_ID,
    company_name="Clínica Aurora",
    cnpj="11222333000181",
    plan=NamedPlan(_ID, "starter", "Starter", Cycle.MONTHLY),
    agents=[Item(_ID, "cobranca", "Cobrança")],
    subnucleos=[Item(_ID, "financeiro", "Cobrança & Financeiro")],
    pricing=Pricing("BRL", 29_700, 0, 29_700),
    status=Status.ACTIVE,
    current_period_start=datetime(2026, 1, 15, 3, tzinfo=UTC),
    current_period_end=datetime(2026, 2, 15, 3, tzinfo=UTC),
    cancel_at_period_end=False,
    trial_ends_at=None,
    coming=None,
    requests=Use(8_123, 10_000, 81, date(2026, 1, 15), date(2026, 2, 14)),
    active_agents=Use(1, 8, 12),
    people=Use(2, 3, 66),
    credit_cents=0,
    open_invoices=[],
    provider="manual",
    guarantee_until=datetime(2026, 1, 22, 15, tzinfo=UTC),
)
_CHOICE: Final = Choice(_ID, "monthly", (_ID,), (_ID,))
_TENANT: Final[dict[str, Any]] = {"tag": "billing", "scope": TenantScope.OWN}
_CHANGES: Final[dict[str, Any]] = {**_TENANT, "permission": Permission.BILLING_MANAGE}
_CHOOSING: Final = (
    NotOnSale,
    UnknownAgent,
    UnknownSubNucleo,
    SubNucleosBeyondPlan,
    TooManyAgents,
    AlreadySubscribed,
    ChangeWaits,
    EndsSoon,
    DebtOpen,
    NotFromHere,
)
_PAYING: Final = (UnknownInvoice, InvoiceClosed, NoSubscription, Busy, AlreadyPaid, ProviderRefused, NotConfigured)
ROUTES: Final = (
    Route(
        method="GET",
        path="/api/billing/subscription",
        handler=get_subscription,
        summary="The tenant's subscription: plan, price, use against limits",
        limits=READING,
        permission=Permission.BILLING_READ,
        response=Summary,
        problems=(NoSubscription,),
        example=_SUMMARY,
        **_TENANT,
    ),
    Route(
        method="POST",
        path="/api/billing/subscription",
        handler=choose,
        summary="Subscribe, or change the subscription; nothing is active before its payment",
        body=Choice,
        response=Chosen,
        problems=_CHOOSING,
        limits=CHANGING,
        example=_CHOICE,
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/api/billing/create-checkout-session",
        handler=checkout,
        summary="Where to pay: for a choice, an invoice, or what is due first",
        body=CheckoutRequest,
        response=CheckoutSession,
        problems=(*_CHOOSING, *_PAYING),
        limits=PAYING,
        example=CheckoutRequest(_CHOICE),
        timeout_s=40,  # It waits for the provider, and its tries.
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/api/billing/subscription/cancel",
        handler=cancel,
        summary="Cancel with the end of the paid period, or within seven days for the money back",
        body=CancelRequest,
        response=Summary,
        problems=(NoSubscription, NotFromHere, NotRefundable, RefundWaits),
        limits=CHANGING,
        example=CancelRequest(),
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/api/billing/subscription/resume",
        handler=resume,
        summary="Take back a cancellation that has not come yet",
        response=Summary,
        problems=(NoSubscription, NotFromHere),
        limits=CHANGING,
        example=_SUMMARY,
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/api/billing/subscription/keep",
        handler=drop_change,
        summary="Give up a change that waits for its payment or for the next cycle",
        response=Summary,
        problems=(NoSubscription, NotFromHere),
        limits=CHANGING,
        example=_SUMMARY,
        **_CHANGES,
    ),
    Route(
        method="POST",
        path="/api/billing/portal",
        handler=portal,
        summary="The payment provider's page for stored means of payment",
        response=PortalLink,
        problems=(NoSubscription, NoPortal, NotConfigured),
        limits=CHANGING,
        timeout_s=40,
        example=PortalLink("https://billing.stripe.com/p/session/test"),
        **_CHANGES,
    ),
)
