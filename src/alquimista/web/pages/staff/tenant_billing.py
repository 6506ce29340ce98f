"""/app/company/tenants/{id}/billing: the vendor's own acts on one tenant's billing.

Money moves only by a form that says what will happen and is ticked; what a service refuses stands at its field.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.access import Actor, Permission
from alquimista.audit.guards import seen
from alquimista.billing.guards import STAFF_ACTING
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import Invoice, InvoiceStatus
from alquimista.billing.models.subscriptions import Cycle, NoSubscription
from alquimista.billing.models.summary import Summary
from alquimista.billing.service import acting, catalogue, collecting, invoices
from alquimista.billing.service.subscribing import Wanted
from alquimista.billing.service.summary import summary
from alquimista.db.pool import Database
from alquimista.errors import Invalid, Problem
from alquimista.http.context import Context, require_uuid
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.payments import service as payments
from alquimista.payments.service import Providers
from alquimista.tenants import service as tenants
from alquimista.web import views
from alquimista.web.forms import Form, cents_of, reason_of, renamed
from alquimista.web.pages.routing import OFTEN, get, post
from alquimista.web.pages.staff.tenant import opened
from alquimista.web.rendering import page
from alquimista.web.staff.revenue import PATH as REVENUE
from alquimista.web.staff.tenant_billing import (
    BASE,
    DONE,
    MAIN,
    SHOWN_EVENTS,
    MoneyForm,
    TenantBilling,
    TenantBillingQuery,
    TrialForm,
    left_of,
    path_of,
    prefilled,
)
from alquimista.web.tables import PAGE_SIZE, paged

_FIELDS: Final = frozenset({"amount", "reason", "plan", "days", "confirmed"})
_EMPTY: Final = Form()
_LONGEST_TRIAL: Final = 90


async def show(context: Context) -> Response:
    """The tenant's subscription, invoices and providers' news, and the forms."""
    query: TenantBillingQuery = context.query
    return await _page(context, query, notice=DONE.get(query.done))


async def give_credit(context: Context) -> Response:
    """Give credit."""
    form: MoneyForm = context.body
    try:
        _ticked(form.confirmed)
        await acting.credit(
            *_act(context), cents_of(form.amount, "amount"), reason_of(form.reason, "reason"), context.now
        )
    except Problem as problem:
        return await _page(context, TenantBillingQuery(), status=problem.status, credit=_failed(form, problem))
    return _done(context, "credit")


async def grant_trial(context: Context) -> Response:
    """Let the tenant use a plan for some days before it pays."""
    form: TrialForm = context.body
    try:
        _ticked(form.confirmed)
        wanted = Wanted(
            require_uuid("plan", form.plan),
            Cycle.MONTHLY,
            (),
            tuple(require_uuid("subnucleos", one) for one in form.subnucleos),
        )
        await acting.trial(*_act(context), wanted, _days(form.days), context.now)
    except Problem as problem:
        failed, picked = _failed(form, problem), frozenset(form.subnucleos)
        return await _page(context, TenantBillingQuery(), status=problem.status, trial=failed, picked=picked)
    return _done(context, "trial")


async def replay(context: Context) -> Response:
    """Work through a provider's news once more."""
    await acting.replay(*_act(context), context.uuid("event_id"), context.now)
    return _done(context, "replay")


async def show_received(context: Context) -> Response:
    """The form about money that arrived, filled in with what the invoice asks for."""
    invoice = await _invoice(context)
    return _about(context, "received", invoice, prefilled(invoice.total_cents))


async def take_received(context: Context) -> Response:
    """Money of an invoice arrived."""
    form: MoneyForm = context.body
    providers = context.services.get(Providers)
    try:
        _ticked(form.confirmed)
        cents = cents_of(form.amount, "amount")
        db, rules, who, tenant_id = _act(context)
        await collecting.received(db, providers, rules, who, tenant_id, context.uuid("invoice_id"), cents)
    except Problem as problem:
        return _about(context, "received", await _invoice(context), _failed(form, problem), problem.status)
    return RedirectResponse(f"{REVENUE}?done=received", 303)


async def show_refund(context: Context) -> Response:
    """The form about money that goes back, filled in with all that is left of the invoice."""
    invoice = await _invoice(context)
    return _about(context, "refund", invoice, prefilled(left_of(invoice)))


async def take_refund(context: Context) -> Response:
    """Pay an invoice back."""
    form: MoneyForm = context.body
    try:
        _ticked(form.confirmed)
        cents, reason = cents_of(form.amount, "amount"), reason_of(form.reason, "reason")
        await acting.refund(*_act(context), context.uuid("invoice_id"), cents, reason, context.now)
    except Problem as problem:
        return _about(context, "refund", await _invoice(context), _failed(form, problem), problem.status)
    return _done(context, "refund")


async def _page(
    context: Context,
    query: TenantBillingQuery,
    *,
    notice: views.Notice | None = None,
    status: int = 200,
    credit: Form = _EMPTY,
    trial: Form = _EMPTY,
    picked: frozenset[str] = frozenset(),
) -> Response:
    head = await opened(context, "billing")
    tenant_id = head.tenant.id
    conn = context.db.tenant(tenant_id)
    offered = await catalogue.offered(conn, context.now)

    async def read(offset: int) -> tuple[Sequence[Invoice], int]:
        return await invoices.page(conn, tenant_id, PAGE_SIZE, offset)

    view = TenantBilling(
        tenant=head.tenant,
        summary=await _summary(context, tenant_id),
        invoices=await paged(
            read, query.invoices, id="invoices", parameter="invoices", path=path_of(tenant_id), query={}, target=MAIN
        ),
        plans=offered.plans,
        subnucleos=offered.subnucleos,
        events=await payments.events(conn, tenant_id, None, SHOWN_EVENTS, 0),
        credit=credit,
        trial=trial,
        picked=picked,
    )
    return page(
        context,
        "billing/tenant.html",
        status=status,
        head=head,
        view=view,
        notice=notice,
        kinds=views.INVOICE_KINDS,
        invoice_states=views.INVOICE_STATES,
        subscription_states=views.SUBSCRIPTION_STATES,
        event_states=views.EVENT_STATES,
        left_of=left_of,
    )


def _about(context: Context, act: str, invoice: Invoice, form: Form, status: int = 200) -> Response:
    wanted = InvoiceStatus.OPEN if act == "received" else InvoiceStatus.PAID
    return page(
        context,
        f"billing/{act}.html",
        status=status,
        invoice=invoice,
        form=form,
        possible=invoice.status is wanted,
        left=left_of(invoice),
        state=views.INVOICE_STATES[invoice.status],
        back=path_of(context.uuid("tenant_id")),
        action=path_of(context.uuid("tenant_id"), "invoices", invoice.id, act),
    )


async def _read(context: Context) -> None:
    """Staff who look at a tenant leave a row in the tenant's own audit."""
    tenant_id = context.uuid("tenant_id")
    await tenants.get(context.db.tenant(tenant_id), tenant_id)
    await seen(context, tenant_id, resource_type="page", resource_id=context.request.url.path)


async def _invoice(context: Context) -> Invoice:
    await _read(context)
    tenant_id = context.uuid("tenant_id")
    return await invoices.find(context.db.tenant(tenant_id), tenant_id, context.uuid("invoice_id"))


async def _summary(context: Context, tenant_id: UUID) -> Summary | None:
    try:
        return await summary(context.db.tenant(tenant_id), tenant_id, _rules(context), context.now)
    except NoSubscription:
        return None


def _rules(context: Context) -> Rules:
    return Rules.of(context.services.settings)


def _act(context: Context) -> tuple[Database, Rules, Actor, UUID]:
    """Where an act takes place, who acts, and on whom."""
    return context.db, _rules(context), context.who, context.uuid("tenant_id")


def _ticked(confirmed: str) -> None:
    if confirmed != "yes":
        raise Invalid.of("confirmed", N_("Tick this box first: it cannot be taken back with a click."))


def _days(text: str) -> int:
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= days <= _LONGEST_TRIAL:
        raise Invalid.of("days", N_("Give a whole number of days, 1 to {most}.", most=_LONGEST_TRIAL))
    return days


def _failed(form: MoneyForm | TrialForm, problem: Problem) -> Form:
    values = {name: text for name, text in msgspec.structs.asdict(form).items() if isinstance(text, str)}
    return Form.failed(values, renamed(problem, amount_cents="amount"), _FIELDS)


def _done(context: Context, what: str) -> Response:
    return RedirectResponse(f"{path_of(context.uuid('tenant_id'))}?done={what}", 303)


_STAFF: Final[dict[str, Any]] = {"scope": TenantScope.PLATFORM, "limits": OFTEN}
_ACT: Final[dict[str, Any]] = {**_STAFF, "limits": STAFF_ACTING}
_INVOICE: Final = f"{BASE}/invoices/{{invoice_id:uuid}}"
_MANAGE: Final = Permission.PAYMENT_MANAGE
ROUTES: Final = (
    get(BASE, show, "A tenant's billing, for staff", _MANAGE, query=TenantBillingQuery, **_STAFF),
    post(f"{BASE}/credit", give_credit, "Give credit", _MANAGE, body=MoneyForm, **_ACT),
    post(f"{BASE}/trial", grant_trial, "Grant a trial", _MANAGE, body=TrialForm, **_ACT),
    post(f"{BASE}/events/{{event_id:uuid}}/replay", replay, "Replay a provider's message", _MANAGE, **_ACT),
    get(f"{_INVOICE}/received", show_received, "Money of an invoice arrived", _MANAGE, **_STAFF),
    post(f"{_INVOICE}/received", take_received, "Register a payment", _MANAGE, body=MoneyForm, **_ACT),
    get(f"{_INVOICE}/refund", show_refund, "Pay an invoice back", _MANAGE, **_STAFF),
    post(f"{_INVOICE}/refund", take_refund, "Ask for a refund", _MANAGE, body=MoneyForm, **_ACT),
)
