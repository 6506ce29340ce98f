"""A tenant whose billing tests move through time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import factories
from alquimista import clock
from alquimista.agents import service as agents
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Kind
from alquimista.billing.models.subscriptions import Cycle, Subscription
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import subscriptions as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service import catalogue, invoicing, paying, subscribing
from alquimista.billing.service.advance import advance
from alquimista.billing.service.book import Book, open_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.clock import new_id
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.catalogue import with_tiers
from alquimista.payments import service as payments
from alquimista.payments.models import Notice
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Tenant

START = datetime(2026, 1, 15, 15, tzinfo=UTC)  # Noon in São Paulo.
RULES = Rules(5, (2, 7, 14, 21), (), 0, "manual", "http://localhost:8080")


async def load_catalogue(db: Database) -> None:
    """The shipped catalogue with tiers, on sale before START."""
    with clock.frozen(START - timedelta(days=1)):
        await load(db, with_tiers(files.read()), clock.now())


@dataclass
class Customer:
    """A tenant and the moment that it is in."""

    db: Database
    tenant: Tenant
    now: datetime = START
    rules: Rules = RULES

    @asynccontextmanager
    async def book(self) -> AsyncIterator[Book]:
        """Its billing, in one transaction."""
        with clock.frozen(self.now):
            async with tenant_transaction(self.db, self.tenant.id) as conn:
                yield await open_book(conn, self.tenant.id, self.rules, self.now)

    async def plan(self, name: str) -> UUID:
        """The version of a plan on sale."""
        return next(one.id for one in await catalogue.plans(self.db.staff(), self.now) if one.name == name)

    async def wants(self, plan: str = "starter", cycle: str = "monthly", agents_of: int = 2, **more: Any) -> Wanted:
        """A choice of the first agents of the catalogue."""
        known = [one.id for one in await agents.catalogue(self.db.staff())]
        return Wanted(await self.plan(plan), Cycle(cycle), tuple(known[:agents_of]), more.get("subnucleos", ()))

    async def subscribe(self, plan: str = "starter", cycle: str = "monthly", **more: Any) -> Invoice | None:
        """Choose a plan, or change to it."""
        wanted = await self.wants(plan, cycle, **more)
        async with self.book() as book:
            return await subscribing.subscribe(book, wanted)

    async def pay(self, invoice: Invoice | None) -> None:
        """Pay an invoice."""
        assert invoice is not None
        async with self.book() as book:
            await paying.paid(book, invoice)

    async def pass_days(self, days: int, *, paying_all: bool = False) -> None:
        """Let days pass, one at a time, as the platform does."""
        for _ in range(days):
            self.now += timedelta(days=1)
            async with self.book() as book:
                issued = await advance(book)
            if paying_all:
                for invoice in issued:
                    await self.pay(invoice)

    async def subscription(self) -> Subscription:
        """The subscription as it is."""
        found = await queries.latest(self.db.tenant(self.tenant.id), self.tenant.id)
        assert found is not None
        return found

    async def state(self) -> str:
        """Its status."""
        return (await self.subscription()).status.value

    async def invoices(self, status: InvoiceStatus | None = None) -> list[Invoice]:
        """Its invoices, the oldest first."""
        found = await invoice_queries.list_page(self.db.tenant(self.tenant.id), self.tenant.id, 1000, 0)
        return [one for one in reversed(found) if status in {None, one.status}]

    async def lines(self, invoice: Invoice) -> list[tuple[str, int, int]]:
        """An invoice's lines: kind, quantity, cents."""
        found = await invoice_queries.lines(self.db.tenant(self.tenant.id), self.tenant.id, invoice.id)
        return [(one.kind.value, one.quantity, one.amount_cents) for one in found]

    async def active_agents(self) -> list[str]:
        """The status of each of its agents."""
        return sorted(one.status for one in await agents.list_agents(self.db.tenant(self.tenant.id), self.tenant.id))

    async def balance(self) -> int:
        """Its credit."""
        return await invoice_queries.balance(self.db.tenant(self.tenant.id), self.tenant.id)

    async def credit(self, cents: int) -> None:
        """Give credit."""
        async with self.book() as book:
            await invoicing.give(book, cents, "BRL", "test", None)

    def with_rules(self, **changes: Any) -> "Customer":
        """The same where billing is done otherwise."""
        return replace(self, rules=Rules(**{**{n: getattr(self.rules, n) for n in Rules.__struct_fields__}, **changes}))


async def customer(db: Database, **fields: Any) -> Customer:
    """A tenant without a subscription, with an administrator to tell things to."""
    with clock.frozen(START):
        tenant = await factories.make_tenant(db, **fields)
        await factories.make_user(db, tenant.id)
    return Customer(db, tenant)


async def billed(db: Database, tenant_id: UUID, path: str) -> dict[str, str]:
    """Bring a tenant to where an operation of billing finds something to do; what its requests may name."""
    found = await tenants.get(db.tenant(tenant_id), tenant_id)
    one = Customer(db, found, clock.now())
    things = {
        "tenant_id": str(tenant_id),
        "planId": str(await one.plan("profissional")),
        "subnucleos": str((await catalogue.subnucleos(db.staff()))[0].id),
        "agents": str((await agents.catalogue(db.staff()))[0].id),
    }
    if path.endswith("/trial"):
        return things
    invoice = await one.subscribe()
    assert invoice is not None
    things["invoiceId"] = things["invoice_id"] = str(invoice.id)
    if path.endswith(("/create-checkout-session", "/received")):
        return things
    await one.pay(invoice)
    if path.endswith("/keep"):
        await one.subscribe("starter", "yearly")
    if "/lines/" in path:
        async with one.book() as book:
            running = await usage_queries.open_periods(book.conn, tenant_id)
            lines = await invoicing.usage_lines(book, running, settle=False)
            used = await invoicing.issue(book, book.subscription, Kind.USAGE, lines, book.today)
        return things | {"invoice_id": str(used.id), "position": "1"}
    async with one.book() as book:
        if path.endswith("/resume"):
            await subscribing.cancel(book)
        event = Notice("manual", new_id().hex, "test", one.now, tenant_id=tenant_id)
    kept = await payments.keep(db, event, "", one.now)
    return things | {"event_id": str(kept)}
