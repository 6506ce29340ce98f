"""What billing tells a tenant's administrators, by mail and on the pages."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from babel.numbers import format_currency

from alquimista.billing.models.invoices import Invoice
from alquimista.billing.models.usage import UsagePeriod
from alquimista.billing.service.book import Book
from alquimista.i18n import N_
from alquimista.identity import service as identity
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient

_BILLING: Final = "/app/billing"


async def invoice_issued(book: Book, invoice: Invoice) -> None:
    """There is something to pay."""
    await _tell(book, "invoice_issued", _link(book, invoice), **_facts(book, invoice))


async def reminder(book: Book, invoice: Invoice) -> None:
    """It was not paid in time; when the agents stop."""
    stops = invoice.due_on + timedelta(days=book.rules.dunning_days[-2])
    await _tell(book, "invoice_reminder", _link(book, invoice), stops_on=book.day(stops), **_facts(book, invoice))


async def suspended(book: Book, invoice: Invoice) -> None:
    """The agents have stopped for want of a payment."""
    await _tell(book, "subscription_suspended", _link(book, invoice), **_facts(book, invoice))


async def trial_ended(book: Book, invoice: Invoice) -> None:
    """The agents have stopped with the trial."""
    await _tell(book, "trial_ended", _link(book, invoice), **_facts(book, invoice))


async def canceled(book: Book) -> None:
    """The subscription ended without a payment."""
    await _tell(book, "subscription_canceled", f"{book.rules.public_url}{_BILLING}", company=book.tenant.name)


async def threshold(book: Book, period: UsagePeriod, requests: int, percent: int) -> None:
    """So much of the month's requests is used, and what that means."""
    plan = book.plans[period.plan_id]
    beyond = (
        N_("Requests beyond them are charged as the plan says.")
        if plan.overage_tiers
        else N_("The agents go on working beyond them; a larger plan fits such use better.")
    )
    await _tell(
        book,
        "usage_threshold",
        f"{book.rules.public_url}{_BILLING}",
        company=book.tenant.name,
        percent=percent,
        requests=book.number(requests),
        included=book.number(plan.max_requests_per_month),
        ends_on=book.day(period.until_on - timedelta(days=1)),
        beyond=book.tell(beyond),
    )


async def stopped(book: Book, period: UsagePeriod, requests: int) -> None:
    """The agents have stopped at the hard limit."""
    await _tell(
        book,
        "usage_stopped",
        f"{book.rules.public_url}{_BILLING}",
        company=book.tenant.name,
        requests=book.number(requests),
        ends_on=book.day(period.until_on - timedelta(days=1)),
    )


async def _tell(book: Book, template: str, link: str, **params: object) -> None:
    for member in await identity.administrators(book.conn, book.tenant.id):
        person = Recipient(member.id, member.email, member.full_name)
        await notifications.tell(book.conn, book.tenant.id, person, template, book.tenant.locale, link, **params)


def _facts(book: Book, invoice: Invoice) -> dict[str, object]:
    amount = format_currency(Decimal(invoice.total_cents) / 100, invoice.currency, locale=_babel(book))
    return {
        "company": book.tenant.name,
        "number": invoice.number,
        "amount": amount,
        "due_on": book.day(invoice.due_on),
    }


def _babel(book: Book) -> str:
    return book.tenant.locale.replace("-", "_")


def _link(book: Book, invoice: Invoice) -> str:
    return f"{book.rules.public_url}{_BILLING}/invoices/{invoice.id}"
