"""What a tenant reads of its billing beside the summary: what is owed, and what time does about it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from alquimista.billing.models.agenda import PENDING_DAYS, Rules
from alquimista.billing.models.invoices import Invoice, Kind
from alquimista.billing.models.subscriptions import NoSubscription, Status, Subscription
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import subscriptions as queries
from alquimista.db.statement import Conn
from alquimista.payments.models import WITH_PORTAL


class Standing(msgspec.Struct, frozen=True):
    """What is owed first, and what happens when nobody pays it. Days are the tenant's.

    `owed` is never the invoice of a change: nothing stops without that. `tried` says that the subscription was a
    trial and has never been paid for.
    """

    owed: Invoice | None
    stops_on: date | None
    ends_on: date | None
    canceled_at: datetime | None
    tried: bool
    has_portal: bool


async def standing(conn: Conn, tenant_id: UUID, rules: Rules) -> Standing:
    """Where the tenant stands with its payments.

    Raises:
        NoSubscription: it never had a subscription.
    """
    one = await queries.latest(conn, tenant_id)
    if one is None:
        raise NoSubscription
    return standing_of(one, await invoice_queries.open_of(conn, tenant_id), rules)


def standing_of(one: Subscription, waiting: Sequence[Invoice], rules: Rules) -> Standing:
    """The same of a subscription, and of the tenant's open invoices, the one that is due first before the others."""
    if one.status is Status.PENDING:  # Nothing but its first payment begins it.
        waiting = [invoice for invoice in waiting if invoice.kind is Kind.FIRST]
    owed = next((invoice for invoice in waiting if invoice.id != one.pending_invoice_id), None)
    stops_on = ends_on = None
    if owed is not None and one.status in {Status.ACTIVE, Status.PAST_DUE}:
        stops_on = owed.due_on + timedelta(days=rules.dunning_days[-2])
    if owed is not None and one.status in {Status.ACTIVE, Status.PAST_DUE, Status.SUSPENDED}:
        ends_on = owed.due_on + timedelta(days=rules.dunning_days[-1])
    if owed is not None and one.status is Status.PENDING:
        ends_on = owed.due_on + timedelta(days=PENDING_DAYS)
    provider = one.provider or rules.provider
    return Standing(
        owed,
        stops_on,
        ends_on,
        one.canceled_at,
        one.trial_ends_at is not None and one.cycles == 0,
        provider in WITH_PORTAL and one.provider_customer_id is not None,
    )
