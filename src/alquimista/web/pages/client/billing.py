"""/app/billing: the tenant's plan, its use and its invoices, and what may be done about them."""

from contextlib import suppress
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import RedirectResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.billing.guards import CHANGING, PAYING
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import InvoiceStatus, NotRefundable, UnknownInvoice
from alquimista.billing.models.subscriptions import NoSubscription, NotFromHere
from alquimista.billing.models.summary import Summary
from alquimista.billing.service import collecting, invoices, subscribing
from alquimista.billing.service.book import open_book
from alquimista.billing.service.summary import summary_and_standing
from alquimista.billing.service.viewing import Standing
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Forbidden, Problem
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.payments.models import Charge
from alquimista.payments.service import Providers
from alquimista.tenants import service as tenants
from alquimista.web import formats, refreshing, views
from alquimista.web.client.billing import MAIN, NO_PLAN, PAGE_SIZE, PATH, STATES, Account, bars, rows, sentence
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.shell import Shell

_DONE: Final = {
    "canceled": views.Notice(
        N_("The cancellation is noted. You can take it back here while the subscription runs."), "good", "circle-check"
    ),
    "ended": views.Notice(N_("The subscription has ended."), "good", "circle-check"),
    "returned": views.Notice(
        N_("The subscription has ended, and the money goes back the way it came."), "good", "circle-check"
    ),
    "resumed": views.Notice(N_("The subscription goes on: the cancellation is taken back."), "good", "circle-check"),
    "kept": views.Notice(N_("You keep your plan: the change is dropped."), "good", "circle-check"),
    "changed": views.Notice(N_("The change is in force."), "good", "circle-check"),
    "later": views.Notice(N_("The change is noted. It begins with the next cycle."), "good", "circle-check"),
}
_STALE: Final = N_("The subscription has changed meanwhile: this page shows it as it is now.")
_TOO_LATE: Final = N_("The seven days of the guarantee are over, or nothing was paid in them.")


class BillingQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`paid`: the invoice from whose payment the reader comes back. `done`: what they have just done here."""

    page: Annotated[int, Meta(le=1_000_000)] = 1
    paid: UUID | None = None
    done: str = ""
    seen: str = ""  # The hash of the fragment that the browser shows.


class CancelForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`guarantee`: give up the first subscription, for the money back."""

    guarantee: bool = False


class PayForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which invoice to pay."""

    invoice_id: UUID


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: sending it is enough."""


def rules(context: Context) -> Rules:
    """How this installation bills."""
    return Rules.of(context.services.settings)


def own(context: Context) -> UUID:
    """The tenant of the session. Staff have none: their acts on a tenant's billing are other ones, of their own.

    Raises:
        Forbidden: the actor is of the staff.
    """
    if context.who.internal:
        raise Forbidden
    return context.tenant


async def account(context: Context) -> Response:
    """The whole page."""
    await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    return await _shown(context, context.query, _DONE.get(context.query.done))


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    if not refreshing.was_opened(context, MAIN, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id=PATH)
    view = await _view(context, context.query)
    return refreshing.answer(context, MAIN, _part(context, view), context.query.seen)


async def cancel(context: Context) -> Response:
    """Cancel with the end of the paid period, or under the guarantee."""
    try:
        async with tenant_transaction(context.db, own(context)) as conn:
            book = await open_book(conn, context.tenant, rules(context), context.now, context.who)
            if context.body.guarantee:
                await collecting.guarantee(book)
                return _done("returned")
            left = await subscribing.cancel(book)
            return _done("canceled" if left.cancel_at_period_end else "ended")
    except (NotFromHere, NoSubscription, NotRefundable) as problem:
        return await _refused(context, problem)


async def resume(context: Context) -> Response:
    """Take back a cancellation that has not come yet."""
    try:
        async with tenant_transaction(context.db, own(context)) as conn:
            await subscribing.resume(await open_book(conn, context.tenant, rules(context), context.now, context.who))
    except (NotFromHere, NoSubscription) as problem:
        return await _refused(context, problem)
    return _done("resumed")


async def keep(context: Context) -> Response:
    """Give up a change that is to come."""
    try:
        async with tenant_transaction(context.db, own(context)) as conn:
            await subscribing.drop_change(
                await open_book(conn, context.tenant, rules(context), context.now, context.who)
            )
    except (NotFromHere, NoSubscription) as problem:
        return await _refused(context, problem)
    return _done("kept")


async def pay(context: Context) -> Response:
    """On to the page where an invoice is paid."""
    own(context)
    try:
        return await to_checkout(context, context.body.invoice_id)
    except UnknownInvoice:
        raise
    except Problem as problem:
        return await _refused(context, problem)


async def portal(context: Context) -> Response:
    """On to the provider's page for stored means of payment."""
    try:
        url = await collecting.portal(context.db, context.services.get(Providers), rules(context), own(context))
    except Forbidden:
        raise
    except Problem as problem:
        return await _refused(context, problem)
    return RedirectResponse(url, 303)


async def to_checkout(context: Context, invoice_id: UUID) -> Response:
    """On to where an invoice is paid.

    Raises:
        Problem: as the provider has it; nothing is charged then.
    """
    providers = context.services.get(Providers)
    charge = await collecting.checkout(context.db, providers, rules(context), context.who, context.tenant, invoice_id)
    return RedirectResponse(way_of(charge), 303, headers={"Cache-Control": "no-store"})


def way_of(charge: Charge) -> str:
    """Where a charge is paid. Our own page is named without a host: by whatever name the reader reached us."""
    return f"/billing/pay/{charge.id}" if charge.provider == "manual" else charge.checkout_url or PATH


def _done(what: str) -> Response:
    return RedirectResponse(f"{PATH}?done={what}", 303, headers={"Cache-Control": "no-store"})


async def _refused(context: Context, problem: Problem) -> Response:
    """The page as it is now, and why nothing was done."""
    said = problem.detail
    if isinstance(problem, NotFromHere):
        said = _STALE
    elif isinstance(problem, NotRefundable):
        said = _TOO_LATE
    notice = views.Notice(said, "bad", "circle-alert")
    return await _shown(context, BillingQuery(), notice, status=problem.status)


async def _shown(context: Context, query: BillingQuery, notice: views.Notice | None, *, status: int = 200) -> Response:
    view = await _view(context, query)
    shown = refreshing.whole(context, MAIN, _part(context, view), notice, room="billing", view=view)
    shown.status_code = status
    return shown


def _part(context: Context, view: Account) -> refreshing.Part:
    values = {"view": view, "shell": Shell.of(context), "cycles": CYCLES}
    return refreshing.made(context, MAIN, view.tenant.name, values, room="billing")


async def _view(context: Context, query: BillingQuery) -> Account:
    conn, tenant_id = context.db.tenant(context.tenant), context.tenant
    tenant = await tenants.get(conn, tenant_id)
    told: Summary | None = None
    standing: Standing | None = None
    with suppress(NoSubscription):
        told, standing = await summary_and_standing(conn, tenant_id, rules(context), context.now)
    number = max(1, query.page)
    found, total = await invoices.page(conn, tenant_id, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    if total and not found:  # Beyond the end is the last page.
        number = -(-total // PAGE_SIZE)
        found, total = await invoices.page(conn, tenant_id, PAGE_SIZE, (number - 1) * PAGE_SIZE)
    today = formats.day_of(context.now, tenant.time_zone)
    kept = {"tenant_id": str(tenant_id)} if context.who.internal else {}
    if query.paid is not None:
        kept["paid"] = str(query.paid)
    return Account(
        tenant=tenant,
        summary=told,
        standing=standing,
        state=STATES[told.status] if told is not None else NO_PLAN,
        sentence=sentence(told, standing, tenant.time_zone, context.locale),
        rows=rows(found, tenant.time_zone, today),
        total=total,
        page=number,
        bars=bars(told) if told is not None else (),
        manages=not context.who.internal and context.who.may(Permission.BILLING_MANAGE),
        payment=await _payment(context, query.paid),
        query=kept,
    )


async def _payment(context: Context, invoice_id: UUID | None) -> Literal["", "awaited", "seen"]:
    if invoice_id is None:
        return ""
    try:
        invoice = await invoices.find(context.db.tenant(context.tenant), context.tenant, invoice_id)
    except UnknownInvoice:
        return ""
    return _PAYMENTS.get(invoice.status, "")


_PAYMENTS: Final[dict[InvoiceStatus, Literal["awaited", "seen"]]] = {
    InvoiceStatus.OPEN: "awaited",
    InvoiceStatus.PAID: "seen",
}
CYCLES: Final = {"monthly": N_("by the month"), "yearly": N_("by the year")}
_READ: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": BillingQuery, "limits": OFTEN}
_ACT: Final[dict[str, Any]] = {
    "scope": TenantScope.OWN,
    "limits": CHANGING,
    "timeout_s": 40,  # It may wait for the provider, and its tries.
}
PAY: Final[dict[str, Any]] = {**_ACT, "limits": PAYING}
_READS, _MANAGES = Permission.BILLING_READ, Permission.BILLING_MANAGE
ROUTES: Final = (
    get(PATH, account, "The tenant's plan and invoices", _READS, **_READ),
    get(f"{PATH}/live", live, "The part that refreshes itself", _READS, passive=True, **_READ),
    post(f"{PATH}/cancel", cancel, "Cancel the subscription", _MANAGES, body=CancelForm, **_ACT),
    post(f"{PATH}/resume", resume, "Take back a cancellation", _MANAGES, body=Sent, **_ACT),
    post(f"{PATH}/keep", keep, "Give up a change that is to come", _MANAGES, body=Sent, **_ACT),
    post(f"{PATH}/pay", pay, "Pay an invoice", _MANAGES, body=PayForm, **PAY),
    post(f"{PATH}/portal", portal, "Manage the means of payment", _MANAGES, body=Sent, **_ACT),
)
