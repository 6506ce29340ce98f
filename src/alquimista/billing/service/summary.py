"""A tenant's billing at a glance, without a lock."""

from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.money import percentage
from alquimista.billing.models.subscriptions import Deal, NoSubscription, Status
from alquimista.billing.models.summary import Coming, NamedPlan, Pricing, Summary, Use
from alquimista.billing.queries import account as queries
from alquimista.billing.service.collecting import GUARANTEE
from alquimista.billing.service.viewing import Standing, standing_of
from alquimista.db.statement import Conn


async def summary(conn: Conn, tenant_id: UUID, rules: Rules, now: datetime) -> Summary:
    """What the tenant subscribes to, pays and uses.

    Raises:
        NoSubscription: it never had one.
    """
    return _summary(await _read(conn, tenant_id, now), tenant_id, rules)


async def summary_and_standing(conn: Conn, tenant_id: UUID, rules: Rules, now: datetime) -> tuple[Summary, Standing]:
    """The same, and where the tenant stands with its payments, both of one moment.

    Raises:
        NoSubscription: it never had one.
    """
    found = await _read(conn, tenant_id, now)
    return _summary(found, tenant_id, rules), standing_of(found.subscription, found.open_invoices, rules)


async def _read(conn: Conn, tenant_id: UUID, now: datetime) -> queries.Account:
    found = await queries.account(conn, tenant_id, now, now - GUARANTEE)
    if found is None:
        raise NoSubscription
    return found


def _summary(found: queries.Account, tenant_id: UUID, rules: Rules) -> Summary:
    one = found.subscription
    deal = Deal(one.terms, found.plan, found.addon)
    terms = one.pending_terms or one.next_terms
    taxes = sum(percentage(deal.cents, tax.rate) for tax in rules.taxes)
    requests = _use(found.requests, found.max_requests_per_month)
    paid_at = found.first_paid_at if one.status is not Status.CANCELED else None
    return Summary(
        tenant_id=tenant_id,
        company_name=found.company_name,
        cnpj=found.cnpj,
        plan=NamedPlan(deal.plan.id, deal.plan.name, deal.plan.display_name, one.billing_cycle),
        agents=list(found.agents),
        subnucleos=list(found.subnucleos),
        pricing=Pricing(one.currency, deal.cents, taxes, deal.cents + taxes),
        status=one.status,
        current_period_start=one.current_period_start,
        current_period_end=one.current_period_end,
        cancel_at_period_end=one.cancel_at_period_end,
        trial_ends_at=one.trial_ends_at,
        coming=Coming(found.coming_plan, terms.cycle, one.pending_invoice_id) if terms and found.coming_plan else None,
        requests=replace(requests, since=found.first_day, until=found.last_day),
        active_agents=_use(found.active_agents, found.max_agents),
        people=_use(found.people, found.max_users),
        credit_cents=found.credit_cents,
        open_invoices=[invoice.id for invoice in found.open_invoices],
        provider=one.provider or rules.provider,
        guarantee_until=paid_at + GUARANTEE if paid_at is not None else None,
    )


def _use(used: int, limit: int) -> Use:
    return Use(used, limit, _percent(used, limit))


def _percent(used: int, limit: int) -> int:
    """In whole percent, rounded down: 99.9 is not all of it."""
    return used * 100 // limit if limit else 0
