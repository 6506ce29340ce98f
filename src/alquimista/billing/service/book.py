"""A tenant's billing, held while something changes it: the one place that writes subscriptions and the ledger."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec
from babel.dates import format_date
from babel.numbers import format_decimal

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.agents import service as agents
from alquimista.audit import service as audit
from alquimista.billing.models.agenda import Due, Rules, agenda
from alquimista.billing.models.catalogue import AddonVersion, ListedAgent, PlanVersion, StoredSubNucleo
from alquimista.billing.models.invoices import Invoice
from alquimista.billing.models.ledger import movement
from alquimista.billing.models.periods import local_day
from alquimista.billing.models.subscriptions import Deal, NoSubscription, Status, Subscription, Terms
from alquimista.billing.queries import catalogue as catalogue_queries
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import subscriptions as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.cache import store
from alquimista.db.statement import Conn
from alquimista.events import EventType
from alquimista.i18n import Text
from alquimista.orchestrator import service as orchestrator
from alquimista.tenants import service as tenants
from alquimista.tenants.models import Limits, Tenant, TenantStatus

TOPIC = "billing"
REVENUE_TOPIC = "revenue"  # Of the platform tenant, to which figures of all tenants together belong.

PUBLISHED: Final = {
    Status.ACTIVE: EventType.SUBSCRIPTION_ACTIVATED,
    Status.PAST_DUE: EventType.SUBSCRIPTION_PAST_DUE,
    Status.SUSPENDED: EventType.SUBSCRIPTION_SUSPENDED,
    Status.CANCELED: EventType.SUBSCRIPTION_CANCELED,
}


@dataclass(slots=True)
class Book:
    """A tenant under lock, with its subscription and the catalogue. `actor` None: time itself."""

    conn: Conn
    actor: Actor | None
    rules: Rules
    now: datetime
    tenant: Tenant
    latest: Subscription | None
    plans: dict[UUID, PlanVersion]
    addons: dict[UUID, AddonVersion]
    subnucleos: tuple[StoredSubNucleo, ...]
    agents: tuple[ListedAgent, ...]

    @property
    def subscription(self) -> Subscription:
        """The live subscription, or the last one.

        Raises:
            NoSubscription: there never was one.
        """
        if self.latest is None:
            raise NoSubscription
        return self.latest

    @property
    def live(self) -> Subscription | None:
        """The subscription unless it is canceled."""
        return self.latest if self.latest is not None and self.latest.status is not Status.CANCELED else None

    @property
    def today(self) -> date:
        """The tenant's day."""
        return local_day(self.now, self.tenant.time_zone)

    def deal(self, terms: Terms) -> Deal:
        """Terms with the prices of their versions."""
        addon = self.addons[terms.addon_id] if terms.addon_id is not None else None
        return Deal(terms, self.plans[terms.plan_id], addon)

    def tell(self, text: Text) -> str:
        """A text in the tenant's language."""
        return text.render(self.tenant.locale)

    def day(self, day: date) -> str:
        """A day as the tenant writes it."""
        return format_date(day, "dd/MM/yyyy", locale=self.tenant.locale.replace("-", "_"))

    def number(self, value: int) -> str:
        """A number as the tenant writes it."""
        return str(format_decimal(value, locale=self.tenant.locale.replace("-", "_")))

    async def agenda(self, subscription: Subscription) -> list[Due]:
        """What is to come for a subscription, the earliest first."""
        return agenda(
            subscription,
            self.tenant.time_zone,
            self.rules,
            await invoice_queries.open_of(self.conn, self.tenant.id),
            await usage_queries.open_periods(self.conn, self.tenant.id),
        )

    async def save(self, subscription: Subscription) -> None:
        """Write the subscription, with the moment when it must be looked at next."""
        before = self.latest.status if self.latest is not None and self.latest.id == subscription.id else None
        await queries.save(self.conn, self.tenant.id, subscription, self.now)
        coming = await self.agenda(subscription)
        due_at = coming[0].at if coming else None
        if due_at != subscription.due_at:
            subscription = msgspec.structs.replace(subscription, due_at=due_at)
            await queries.save(self.conn, self.tenant.id, subscription, self.now)
        self.latest = subscription
        if subscription.status is not before and subscription.status in PUBLISHED:
            await orchestrator.publish(
                self.conn,
                self.tenant.id,
                PUBLISHED[subscription.status],
                {"subscription_id": subscription.id, "status": subscription.status, "before": before},
            )
        await store.invalidate(self.conn, self.tenant.id, TOPIC)

    async def leave(self) -> None:
        """Look at the canceled subscription no more: a new one takes its place, and settles what is open of its use."""
        if self.latest is not None:
            await queries.save(self.conn, self.tenant.id, msgspec.structs.replace(self.latest, due_at=None), self.now)

    async def earn(self, subscription: Subscription, mrr_cents: int, plan: str, reason: str) -> Subscription:
        """Append to the ledger how monthly revenue moved, and set the tenant's limits and figures to it."""
        before, plan_before = subscription.mrr_cents, self.tenant.plan if subscription.mrr_cents else ""
        count = await queries.movements(self.conn, self.tenant.id)
        kind = movement(before, mrr_cents, first=count == 0, other_plan=plan != plan_before)
        if kind is not None:
            await queries.add_movement(
                self.conn,
                self.tenant.id,
                subscription,
                count + 1,
                kind,
                reason,
                (before, mrr_cents),
                (plan_before, plan if mrr_cents else ""),
                self.tenant.segment,
                self.actor.user_id if self.actor else None,
                self.now,
            )
            await store.invalidate(self.conn, PLATFORM_TENANT, REVENUE_TOPIC)
        return msgspec.structs.replace(subscription, mrr_cents=mrr_cents)

    async def grant(self, subscription: Subscription) -> None:
        """Give the tenant what it subscribes to: limits, SubNúcleos, and its agents active, all in this transaction."""
        deal = self.deal(subscription.terms)
        limits = Limits(
            deal.plan.max_agents + deal.terms.addon_count, deal.plan.max_users, deal.plan.max_requests_per_month
        )
        await tenants.set_terms(self.conn, self.tenant.id, deal.plan.name, limits, subscription.mrr_cents, self.now)
        await queries.set_bundles(self.conn, self.tenant.id, subscription.selected_subnucleos, self.now)
        chosen = self._brought(subscription)
        await agents.select(self.conn, self.tenant.id, chosen, self.now, stopped=await self.stopped())
        if self.tenant.standing is TenantStatus.SUSPENDED:
            await tenants.set_standing(self.conn, self.actor, self.tenant.id, TenantStatus.ACTIVE, self.now)
        self.tenant = await tenants.get(self.conn, self.tenant.id)

    async def stopped(self) -> bool:
        """Whether the tenant's agents are stopped at the hard limit of its running month."""
        return any(
            period.stopped_at and period.from_on <= self.today < period.until_on
            for period in await usage_queries.open_periods(self.conn, self.tenant.id)
        )

    async def withdraw(self, subscription: Subscription, *, for_good: bool) -> None:
        """Pause the tenant's agents with its subscription, or take them away; its people may still sign in to pay."""
        if for_good:
            await agents.select(self.conn, self.tenant.id, {}, self.now)
            await queries.set_bundles(self.conn, self.tenant.id, (), self.now)
        else:
            await agents.suspend_all(self.conn, self.tenant.id, self.now)
        await tenants.set_mrr(self.conn, self.tenant.id, subscription.mrr_cents, self.now)
        if self.tenant.standing is TenantStatus.ACTIVE:
            await tenants.set_standing(self.conn, self.actor, self.tenant.id, TenantStatus.SUSPENDED, self.now)
        self.tenant = await tenants.get(self.conn, self.tenant.id)

    async def note(self, action: str, **details: object) -> None:
        """Append to the tenant's audit trail."""
        await audit.record(
            self.conn,
            self.actor,
            action,
            category="tenant",
            resource_type="subscription",
            resource_id=str(self.latest.id) if self.latest else "",
            details=details,
            tenant_id=self.tenant.id,
        )

    async def publish(self, what: EventType, invoice: Invoice) -> None:
        """Publish what became of an invoice."""
        data = {
            "invoice_id": invoice.id,
            "number": invoice.number,
            "kind": invoice.kind,
            "total_cents": invoice.total_cents,
            "currency": invoice.currency,
            "due_on": invoice.due_on,
        }
        await orchestrator.publish(self.conn, self.tenant.id, what, data)

    def _brought(self, subscription: Subscription) -> dict[UUID, UUID | None]:
        known = {one.slug: one.id for one in self.agents}
        bundles = [one for one in self.subnucleos if one.id in subscription.selected_subnucleos]
        by = {known[slug]: bundle.id for bundle in reversed(bundles) for slug in bundle.agents if slug in known}
        return {agent: by.get(agent) for agent in subscription.selected_agents}


async def open_book(conn: Conn, tenant_id: UUID, rules: Rules, now: datetime, actor: Actor | None = None) -> Book:
    """A tenant's billing under lock, until the transaction ends.

    Raises:
        UnknownTenant: no such tenant.
    """
    return await _book(conn, tenant_id, rules, now, actor, await queries.lock(conn, tenant_id))


async def read_book(conn: Conn, tenant_id: UUID, rules: Rules, now: datetime) -> Book:
    """A tenant's billing to look at: nobody waits for it, and nothing is to be written through it.

    Raises:
        UnknownTenant: no such tenant.
    """
    return await _book(conn, tenant_id, rules, now, None, await queries.latest(conn, tenant_id))


async def _book(
    conn: Conn, tenant_id: UUID, rules: Rules, now: datetime, actor: Actor | None, latest: Subscription | None
) -> Book:
    tenant = await tenants.get(conn, tenant_id)
    catalogue = await catalogue_queries.catalogue(conn)
    plans = {one.id: one for one in catalogue.plans}
    addons = {one.id: one for one in catalogue.addons}
    return Book(conn, actor, rules, now, tenant, latest, plans, addons, catalogue.subnucleos, catalogue.agents)
