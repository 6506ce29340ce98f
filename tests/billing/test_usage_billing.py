"""From events to invoices: tiers, late events, corrections, and the way back down."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.billing.models.invoices import Kind, NoUsageLine, UnknownInvoice, UnknownLine
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import invoices, subscribing
from alquimista.db.statement import NoRow, Statement
from support.billing import Customer, customer
from support.metered import events_under, use

# A correction as spans make it: a row that takes back another, in the events and in the rollup alike.
_CORRECT = Statement(
    """
    UPDATE alquimista_platform.tenant_usage_daily SET requests = requests + %(change)s
    WHERE tenant_id = %(tenant_id)s AND day = %(day)s
    """,
    NoRow,
)


async def under(one: Customer, invoice, position: int):
    """A line, and all events under it."""
    conn = one.db.tenant(one.tenant.id)
    line = await invoices.usage_line(conn, one.tenant.id, invoice.id, position)
    days = await invoices.usage_days(conn, one.tenant.id, line)
    events = await events_under(one, line)
    for day in {one.day for one in days}:
        counted = sum(requests for on, requests in events if on == day)
        assert counted == sum(row.requests for row in days if row.day == day)
    return line.line, sum(requests for _, requests in events)


async def test_use_beyond_the_plan_is_on_the_renewal_and_leads_down_to_its_events(payer):
    await payer.pass_days(3)
    await use(payer, 9_990)
    await use(payer, 100, index=0, agent=(await payer.subscription()).selected_agents[1])
    await payer.pass_days(1)
    await use(payer, 2_001)
    await payer.pass_days(28, paying_all=True)
    renewal = (await payer.invoices())[-1]
    assert renewal.kind is Kind.RENEWAL
    plan, line = await payer.lines(renewal)
    assert plan == ("plan", 1, 29_700)
    assert line[:2] == ("usage", 12_091)
    assert renewal.total_cents == 29_700 + line[2]
    found, events = await under(payer, renewal, 2)
    assert (found.quantity, events) == (12_091, 12_091)


async def test_use_of_the_day_after_is_on_the_next_invoice(payer):
    await payer.pass_days(31)  # Noon of the 15th: the new month has begun at midnight.
    payer.now += timedelta(minutes=1)
    await use(payer, 5)
    await use(payer, 7, at=payer.now.replace(hour=2, minute=59))  # 23:59 of the 14th, after it was billed.
    (renewal,) = [i for i in await payer.invoices() if i.kind is Kind.RENEWAL]
    assert (await payer.lines(renewal))[1] == ("usage", 0, 0)
    await payer.pay(renewal)
    await payer.pass_days(28, paying_all=True)
    last = (await payer.invoices())[-1]
    assert [line[:2] for line in await payer.lines(last)] == [("plan", 1), ("usage", 5), ("adjustment", 7)]
    adjustment, events = await under(payer, last, 3)
    assert (adjustment.quantity, events) == (7, 7)


async def test_events_that_come_35_days_late_are_billed_however_long_the_next_invoice_takes(payer):
    await payer.pass_days(20)
    late = payer.now
    await use(payer, 10_000)
    await payer.pass_days(34, paying_all=True)
    await use(payer, 1_000, at=late)
    await payer.pass_days(30, paying_all=True)
    lines = [line for invoice in await payer.invoices() for line in await payer.lines(invoice)]
    (adjustment,) = [line for line in lines if line[0] == "adjustment"]
    assert adjustment[1] == 1_000
    assert adjustment[2] > 0
    billed = [
        (i, n) for i in await payer.invoices() for n, line in enumerate(await payer.lines(i), 1) if line[1] == 1_000
    ]
    line, events = await under(payer, billed[0][0], billed[0][1])
    assert (line.quantity, events) == (1_000, 1_000)


async def test_an_old_event_is_billed_even_when_it_just_missed_an_invoice(payer):
    await payer.pass_days(30)
    late = payer.now
    await payer.pass_days(1, paying_all=True)
    await payer.pass_days(33, paying_all=True)  # The invoice of March has gone out; this is the 34th day after.
    await use(payer, 3, at=late)
    await payer.pass_days(29, paying_all=True)
    lines = [line for invoice in await payer.invoices() for line in await payer.lines(invoice)]
    assert ("adjustment", 3, 0) in lines


async def test_what_is_taken_back_between_two_renewals_becomes_credit(metered_db):
    one = await customer(metered_db)
    await one.pay(await one.subscribe("starter", "yearly"))
    await use(one, 11_000)
    await one.pass_days(31, paying_all=True)
    (usage,) = [i for i in await one.invoices() if i.kind is Kind.USAGE]
    day = one.now.date() - timedelta(days=31)
    await one.db.tenant(one.tenant.id).execute(_CORRECT, tenant_id=one.tenant.id, day=day, change=-1_000)
    await one.pass_days(29, paying_all=True)
    last = (await one.invoices())[-1]
    assert [line[0] for line in await one.lines(last)] == ["usage", "adjustment", "carried"]
    assert (last.total_cents, last.status) == (0, "paid")
    assert await one.balance() == usage.total_cents > 0


async def test_a_month_without_a_charge_between_renewals_makes_no_invoice(metered_db):
    one = await customer(metered_db)
    await one.pay(await one.subscribe("starter", "yearly"))
    await use(one, 10)
    await one.pass_days(62, paying_all=True)
    assert [i.kind for i in await one.invoices()] == ["first"]
    periods = await usage_queries.recent(
        one.db.tenant(one.tenant.id), one.tenant.id, one.now.date() - timedelta(days=90)
    )
    assert [(p.status, p.requests) for p in reversed(periods)][:2] == [("billed", 10), ("billed", 0)]


async def test_use_that_an_earlier_subscription_had_stays_owed_when_a_new_one_is_never_paid(payer):
    await use(payer, 12_000)
    async with payer.book() as book:
        await subscribing.cancel(book)
    payer.now += timedelta(days=29, hours=13)
    await payer.pass_days(1)  # 01:00 of the 15th: ended, and its use not settled yet.
    assert await payer.state() == "canceled"
    await payer.subscribe()
    await payer.pass_days(20)
    by_kind = {(i.kind, i.status) for i in await payer.invoices()}
    assert ("usage", "open") in by_kind
    assert ("first", "void") in by_kind


async def test_lines_that_are_not_about_use_or_not_there(payer):
    conn, tenant = payer.db.tenant(payer.tenant.id), payer.tenant.id
    (first,) = await payer.invoices()
    with pytest.raises(NoUsageLine):
        await invoices.usage_line(conn, tenant, first.id, 1)
    for position in (0, 2, 30_000):
        with pytest.raises(UnknownLine):
            await invoices.usage_line(conn, tenant, first.id, position)
    with pytest.raises(UnknownInvoice):
        await invoices.usage_line(conn, tenant, clock.new_id(), 1)
