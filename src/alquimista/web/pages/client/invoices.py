"""/app/billing/invoices/…: one invoice; /billing/pay/…: where it is paid by hand."""

from contextlib import suppress
from typing import Any, Final

import msgspec
from starlette.responses import HTMLResponse, Response

from alquimista.access import Permission
from alquimista.audit.guards import seen
from alquimista.billing.models.invoices import InvoiceStatus, Issued
from alquimista.billing.models.subscriptions import NoSubscription
from alquimista.billing.service import invoices
from alquimista.billing.service.summary import summary
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_
from alquimista.payments import service as payments
from alquimista.payments.models import UnknownCharge
from alquimista.tenants import service as tenants
from alquimista.web import formats, refreshing, views
from alquimista.web.client.billing import PATH, invoice_state
from alquimista.web.client.invoices import (
    CHARGE_STATES,
    KINDS,
    MAIN,
    PROVIDERS,
    InvoicePage,
    PayPage,
    UsageDays,
    pay_state,
)
from alquimista.web.pages.client.billing import CYCLES, rules
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import page

_INVOICE: Final = f"{PATH}/invoices/{{invoice_id:uuid}}"
_PAY: Final = "/billing/pay/{charge_id:uuid}"
_FAILED: Final = views.Notice(
    N_("The invoice is ready, but the payment could not be opened. Nothing was charged: try again with the button."),
    "warn",
    icon="triangle-alert",
)


class InvoiceQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`error`: why the reader was sent here."""

    error: str = ""


class PayQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seen` is the hash of the fragment that the browser shows."""

    seen: str = ""


async def invoice(context: Context) -> HTMLResponse:
    """An invoice with its lines, sums and payments."""
    conn, tenant_id, invoice_id = context.db.tenant(context.tenant), context.tenant, context.uuid("invoice_id")
    issued = await invoices.get(conn, tenant_id, invoice_id)
    await seen(context, context.tenant, resource_type="page", resource_id=f"{PATH}/invoices")
    tenant = await tenants.get(conn, tenant_id)
    mine = not context.who.internal and context.who.may(Permission.BILLING_MANAGE)
    view = InvoicePage(
        issued=issued,
        tenant=tenant,
        charges=await payments.of_invoice(conn, tenant_id, invoice_id),
        usage=await _usage(context, issued),
        state=invoice_state(issued.invoice, formats.day_of(context.now, tenant.time_zone)),
        pays=mine and issued.invoice.status is InvoiceStatus.OPEN,
        query=_kept(context),
    )
    notice = _FAILED if context.query.error == "checkout" and view.pays else None
    return page(
        context,
        "billing/invoice.html",
        view=view,
        notice=notice,
        kinds=KINDS,
        charge_states=CHARGE_STATES,
        providers=PROVIDERS,
    )


async def _usage(context: Context, issued: Issued) -> list[UsageDays]:
    """The days under each line about a month's use, from the sums of days."""
    used = await invoices.used_days(context.db.tenant(context.tenant), context.tenant, issued)
    return [UsageDays.of(line.description, days) for line, days in used if days]


async def pay(context: Context) -> HTMLResponse:
    """The whole page."""
    view = await _view(context)
    await seen(context, context.tenant, resource_type="page", resource_id="/billing/pay")
    return refreshing.whole(context, MAIN, _part(context, view), None, room="billing")


async def live(context: Context) -> Response:
    """The fragment as it is now, or 204 when the browser shows it already."""
    view = await _view(context)
    if not refreshing.was_opened(context, MAIN, context.query.seen):
        await seen(context, context.tenant, resource_type="page", resource_id="/billing/pay")
    return refreshing.answer(context, MAIN, _part(context, view), context.query.seen)


def _part(context: Context, view: PayPage) -> refreshing.Part:
    title = N_("Pay invoice {number}", number=view.invoice.number).render(context.locale)
    return refreshing.made(context, MAIN, title, {"view": view, "cycles": CYCLES}, room="billing")


async def _view(context: Context) -> PayPage:
    conn, tenant_id = context.db.tenant(context.tenant), context.tenant
    charge = await payments.get(conn, tenant_id, context.uuid("charge_id"))
    invoice = await invoices.find(conn, tenant_id, charge.invoice_id)
    tenant = await tenants.get(conn, tenant_id)
    state = pay_state(charge, invoice, context.now)
    told = None
    if state == "paid":
        with suppress(NoSubscription):
            told = await summary(conn, tenant_id, rules(context), context.now)
    return PayPage(
        charge=charge,
        invoice=invoice,
        tenant=tenant,
        state=state,
        summary=told,
        today=formats.day_of(context.now, tenant.time_zone),
        contact=context.services.settings.sales_email,
        query=_kept(context),
    )


def _kept(context: Context) -> dict[str, str]:
    return {"tenant_id": str(context.tenant)} if context.who.internal else {}


_PLACE: Final[dict[str, Any]] = {"scope": TenantScope.OWN, "query": PayQuery, "limits": OFTEN}
_READS: Final = Permission.BILLING_READ
ROUTES: Final = (
    get(_INVOICE, invoice, "An invoice", _READS, scope=TenantScope.OWN, query=InvoiceQuery, limits=OFTEN),
    get(_PAY, pay, "Where an invoice is paid by hand", _READS, problems=(UnknownCharge,), **_PLACE),
    get(f"{_PAY}/live", live, "The part that refreshes itself", _READS, passive=True, **_PLACE),
)
