"""The next invoice, told ahead: the same as the one that comes, and nothing is written for it."""

from datetime import date, timedelta

import msgspec
import psycopg
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind
from alquimista.billing.models.invoices import Kind, Tax
from alquimista.billing.models.subscriptions import NoSubscription
from alquimista.billing.service import catalogue, previewing, subscribing
from alquimista.billing.service.book import read_book
from alquimista.billing.service.previewing import Preview
from alquimista.db.tenancy import tenant_snapshot, tenant_transaction
from support.billing import Customer, customer
from support.metered import use


async def preview(one: Customer) -> Preview | None:
    """What the next invoice would say now."""
    with clock.frozen(one.now):
        async with tenant_snapshot(one.db, one.tenant.id) as conn:
            return await previewing.preview(await read_book(conn, one.tenant.id, one.rules, one.now))


async def require_same(one: Customer, told: Preview) -> None:
    """Fail unless the last invoice says what was told."""
    last = (await one.invoices())[-1]
    sums = told.sums
    assert (last.kind, last.due_on, last.currency) == (told.kind, told.due_on, told.currency)
    assert (last.subtotal_cents, last.tax_cents, last.credit_cents, last.total_cents) == (
        sums.subtotal_cents,
        sums.tax_cents,
        sums.credit_cents,
        sums.total_cents,
    )
    assert await one.lines(last) == [(line.kind.value, line.quantity, line.amount_cents) for line in sums.lines]


async def test_a_renewal_with_use_and_credit_and_taxes_comes_as_it_was_told(payer):
    taxed = payer.with_rules(taxes=(Tax("ISS", 500), Tax("PIS", 65)))
    await use(taxed, 12_345)
    await taxed.credit(1_234)
    await taxed.pass_days(20)
    told = await preview(taxed)
    assert told is not None
    assert told.sums.tax_cents > 0
    assert told.sums.credit_cents == 1_234
    await taxed.pass_days(11)
    await require_same(taxed, told)


async def test_prices_that_are_known_to_come_are_told(payer):
    plan = next(p for p in await catalogue.plans(payer.db.staff(), payer.now) if p.name == "starter")
    dearer = msgspec.structs.replace(plan.terms, price_monthly_cents=31_700)
    coming = msgspec.structs.replace(plan.terms, price_monthly_cents=99_900)
    system = Actor(ActorKind.SYSTEM, frozenset())
    with clock.frozen(payer.now):
        async with tenant_transaction(payer.db, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(conn, system, dearer, payer.now + timedelta(days=10), payer.now)
    told = await preview(payer)
    assert told is not None
    assert told.sums.total_cents == 31_700
    with clock.frozen(payer.now + timedelta(days=11)):
        async with tenant_transaction(payer.db, PLATFORM_TENANT) as conn:
            await catalogue.sell_plan(
                conn, system, coming, payer.now + timedelta(days=300), payer.now + timedelta(days=11)
            )
    # A price that comes later still does not keep the one that is sold by then from being used.
    assert (await preview(payer)).sums.total_cents == 31_700
    await payer.pass_days(31)
    await require_same(payer, told)


async def test_a_change_that_nobody_pays_gives_its_credit_back(payer):
    await payer.pass_days(29)
    await payer.credit(500)
    await payer.subscribe("profissional")
    told = await preview(payer)
    assert told is not None
    assert told.sums.credit_cents == 500
    await payer.pass_days(2)
    await require_same(payer, told)


async def test_use_between_two_renewals_and_after_a_cancellation(metered_db):
    one = await customer(metered_db)
    await one.pay(await one.subscribe("starter", "yearly"))
    await use(one, 12_000)
    told = await preview(one)
    assert (told.kind, told.due_on) == (Kind.USAGE, date(2026, 2, 20))
    await one.pass_days(31)
    await require_same(one, told)
    two = await customer(metered_db)
    await two.pay(await two.subscribe())
    await use(two, 12_000)
    async with two.book() as book:
        await subscribing.cancel(book)
    told = await preview(two)
    await two.pass_days(31)
    assert await two.state() == "canceled"
    await require_same(two, told)
    assert await preview(two) is None


async def test_before_the_first_payment_nothing_comes_and_after_a_trial_the_first_invoice(metered_db):
    one = await customer(metered_db)
    with pytest.raises(NoSubscription):
        await preview(one)
    await one.subscribe()
    assert await preview(one) is None
    two = await customer(metered_db)
    wanted = await two.wants()
    async with two.book() as book:
        await subscribing.grant_trial(book, wanted, 7)
    told = await preview(two)
    assert told.kind is Kind.FIRST
    await two.pass_days(8)
    await require_same(two, told)


async def test_nothing_is_written_and_nobody_is_waited_for(payer, migrated):
    await use(payer, 12_000)

    async def rows() -> list[str]:
        found = []
        async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
            for table in ("usage_periods", "invoices", "invoice_lines", "credits"):
                cursor = await conn.execute(f"SELECT t::text FROM alquimista_platform.{table} t ORDER BY 1")
                found += [row[0] for row in await cursor.fetchall()]
        return found

    before = await rows()
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        await conn.execute("SELECT 1 FROM alquimista_platform.tenants WHERE id = %s FOR UPDATE", [payer.tenant.id])
        assert await preview(payer) is not None
    assert await rows() == before
