"""A tenant's billing at a glance, without a lock."""

from datetime import datetime, timedelta
from uuid import UUID

from alquimista.agents import service as agents
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import InvoiceStatus, Kind
from alquimista.billing.models.money import percentage
from alquimista.billing.models.periods import local_day
from alquimista.billing.models.subscriptions import Deal, NoSubscription, Status, Subscription
from alquimista.billing.models.summary import Coming, Item, NamedPlan, Pricing, Summary, Use
from alquimista.billing.queries import catalogue as catalogue_queries
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import subscriptions as queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service.collecting import GUARANTEE
from alquimista.db.statement import Conn
from alquimista.identity import service as identity
from alquimista.tenants import service as tenants
from alquimista.usage import service as usage


async def summary(conn: Conn, tenant_id: UUID, rules: Rules, now: datetime) -> Summary:
    """What the tenant subscribes to, pays and uses.

    Raises:
        NoSubscription: it never had one.
    """
    one = await queries.latest(conn, tenant_id)
    if one is None:
        raise NoSubscription
    tenant = await tenants.get(conn, tenant_id)
    plans = {plan.id: plan for plan in await catalogue_queries.plans(conn)}
    addons = {addon.id: addon for addon in await catalogue_queries.addons(conn)}
    deal = Deal(one.terms, plans[one.plan_id], addons[one.addon_id] if one.addon_id else None)
    known = {agent.id: agent for agent in await agents.catalogue(conn)}
    bundles = {bundle.id: bundle for bundle in await catalogue_queries.subnucleos(conn)}
    terms = one.pending_terms or one.next_terms
    taxes = sum(percentage(deal.cents, tax.rate) for tax in rules.taxes)
    held = await agents.list_agents(conn, tenant_id)
    _, seats = await identity.list_members(conn, tenant_id, 1, 0)
    open_ones = await invoice_queries.open_of(conn, tenant_id)
    return Summary(
        tenant_id=tenant_id,
        company_name=tenant.name,
        cnpj=tenant.cnpj,
        plan=NamedPlan(deal.plan.id, deal.plan.name, deal.plan.display_name, one.billing_cycle),
        agents=[Item(one_id, known[one_id].slug, known[one_id].name) for one_id in one.selected_agents],
        subnucleos=[
            Item(one_id, bundles[one_id].name, bundles[one_id].display_name) for one_id in one.selected_subnucleos
        ],
        pricing=Pricing(one.currency, deal.cents, taxes, deal.cents + taxes),
        status=one.status,
        current_period_start=one.current_period_start,
        current_period_end=one.current_period_end,
        cancel_at_period_end=one.cancel_at_period_end,
        trial_ends_at=one.trial_ends_at,
        coming=Coming(plans[terms.plan_id].display_name, terms.cycle, one.pending_invoice_id) if terms else None,
        requests=await _requests(conn, tenant_id, tenant.time_zone, tenant.max_requests_per_month, now),
        active_agents=_use(sum(agent.status == "active" for agent in held), tenant.max_agents),
        people=_use(seats, tenant.max_users),
        credit_cents=await invoice_queries.balance(conn, tenant_id),
        open_invoices=[invoice.id for invoice in open_ones],
        provider=one.provider or rules.provider,
        guarantee_until=await _guarantee(conn, tenant_id, one, now),
    )


async def _requests(conn: Conn, tenant_id: UUID, zone: str, limit: int, now: datetime) -> Use:
    periods = await usage_queries.open_periods(conn, tenant_id)
    if periods:
        since, until = periods[0].from_on, periods[0].until_on - timedelta(days=1)
    else:  # Without months of its own, the calendar's.
        until = local_day(now, zone)
        since = until.replace(day=1)
    sums = await usage.totals(conn, tenant_id, since, until)
    return Use(sums.requests, limit, _percent(sums.requests, limit), since, until)


def _use(used: int, limit: int) -> Use:
    return Use(used, limit, _percent(used, limit))


def _percent(used: int, limit: int) -> int:
    """In whole percent, rounded down: 99.9 is not all of it."""
    return used * 100 // limit if limit else 0


async def _guarantee(conn: Conn, tenant_id: UUID, one: Subscription, now: datetime) -> datetime | None:
    """Until when the first subscription can be given back; None when it cannot."""
    if one.status is Status.CANCELED:
        return None
    for invoice in await invoice_queries.list_page(conn, tenant_id, 100, 0):
        first = invoice.subscription_id == one.id and invoice.kind is Kind.FIRST
        if first and invoice.status is InvoiceStatus.PAID and invoice.paid_at and now <= invoice.paid_at + GUARANTEE:
            return invoice.paid_at + GUARANTEE
    return None
