"""Numbers of invoices: one after the other for each customer, whatever happens at once."""

import asyncio

from alquimista.billing.models.invoices import Kind, Line, LineKind
from alquimista.billing.service import invoicing
from support.billing import Customer, customer


class GivenUp(Exception):  # noqa: N818 - It is told as a fact.
    """A transaction that is rolled back."""


def give_up(really: bool) -> None:  # noqa: FBT001 - The only thing it takes.
    """Fail, if asked to."""
    if really:
        raise GivenUp


async def issue(one: Customer, *, fails: bool) -> int | None:
    """Issue an invoice, perhaps in a transaction that is rolled back after it got its number."""
    try:
        async with one.book() as book:
            line = Line(LineKind.USAGE, "Uso", 1, 100)
            invoice = await invoicing.issue(book, book.subscription, Kind.USAGE, [line], book.today)
            await asyncio.sleep(0)
            give_up(fails)
    except GivenUp:
        return None
    return invoice.number


async def test_no_number_is_missing_or_given_twice_at_once_and_with_failures(payer):
    given = await asyncio.gather(*(issue(payer, fails=n % 3 == 0) for n in range(30)))
    numbers = sorted(number for number in given if number is not None)
    assert numbers == list(range(2, 22))
    assert [invoice.number for invoice in await payer.invoices()] == list(range(1, 22))


async def test_each_customer_is_counted_from_one(metered_db, payer):
    other = await customer(metered_db)
    assert (await other.subscribe()).number == 1
    assert await issue(payer, fails=False) == 2
    assert await issue(other, fails=False) == 2
