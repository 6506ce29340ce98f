"""A company that moves to another time zone: its cycle keeps its days, and each request is on one invoice."""

from datetime import date, timedelta

import pytest

from alquimista.access import Actor, ActorKind
from alquimista.billing.models.invoices import Kind
from alquimista.billing.queries import subscriptions
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import paying, subscribing
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Profile
from support.billing import customer
from support.metered import use

# Of a month that begins on the 15th; São Paulo is three hours behind UTC.
MIDNIGHTS = {"Pacific/Honolulu": "10:00", "America/Manaus": "04:00", "Atlantic/Azores": "01:00", "Asia/Tokyo": "15:00"}


async def move(payer, zone: str) -> None:
    system = Actor(ActorKind.SYSTEM, frozenset())
    async with tenant_transaction(payer.db, payer.tenant.id) as conn:
        await tenants.change_profile(conn, system, payer.tenant.id, Profile(time_zone=zone), payer.now)


async def days_of(payer) -> tuple[date, date]:
    async with payer.book() as book:
        return paying.cycle_days(book, book.subscription)


@pytest.mark.parametrize("zone", MIDNIGHTS)
async def test_the_cycle_keeps_its_days_and_is_looked_at_again(payer, zone):
    before = await days_of(payer)
    await payer.pass_days(3)
    await move(payer, zone)
    assert await days_of(payer) == before
    one = await payer.subscription()
    assert f"{one.current_period_end:%H:%M}" == MIDNIGHTS[zone]
    assert payer.tenant.id in await subscriptions.due(payer.db.staff(), payer.now + timedelta(hours=1))
    await payer.pass_days(1)
    assert (await payer.subscription()).due_at == one.current_period_end + timedelta(hours=3)


@pytest.mark.parametrize("zone", MIDNIGHTS)
async def test_each_request_is_billed_once_and_each_month_follows_the_last(payer, zone):
    await payer.pass_days(10)
    await use(payer, 12_000)
    await move(payer, zone)
    await payer.pass_days(10)
    await use(payer, 500)
    await payer.pass_days(40, paying_all=True)
    await move(payer, "America/Sao_Paulo")
    await use(payer, 11_000)
    await payer.pass_days(40, paying_all=True)
    renewals = [one for one in await payer.invoices() if one.kind is Kind.RENEWAL]
    assert [one.kind for one in await payer.invoices()] == [Kind.FIRST, *[Kind.RENEWAL] * len(renewals)]
    used = [quantity for one in renewals for kind, quantity, _ in await payer.lines(one) if kind == "usage"]
    assert used == [12_500, 0, 11_000]
    async with payer.book() as book:
        (running,) = await usage_queries.open_periods(book.conn, payer.tenant.id)
    assert (running.from_on, running.until_on) == await days_of(payer) == (date(2026, 4, 15), date(2026, 5, 15))


async def test_a_trial_keeps_its_moments_and_what_is_over_is_history(metered_db):
    one = await customer(metered_db)
    wanted = await one.wants()
    async with one.book() as book:
        trial = await subscribing.grant_trial(book, wanted, 7)
    await move(one, "Asia/Tokyo")
    assert (await one.subscription()).current_period_end == trial.current_period_end
    async with one.book() as book:
        await paying.end(book, "test")
    await move(one, "America/Manaus")
    assert (await one.subscription()).current_period_end == trial.current_period_end
