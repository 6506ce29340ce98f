"""A tenant's billing at a glance."""

from datetime import date, datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.subscriptions import Cycle, Status


class NamedPlan(msgspec.Struct, frozen=True, rename="camel"):
    """The plan, and how often it is paid."""

    id: UUID
    name: str
    display_name: str
    periodicity: Cycle


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """An agent or a SubNúcleo of the subscription."""

    id: UUID
    slug: str
    name: str


class Pricing(msgspec.Struct, frozen=True, rename="camel"):
    """What a cycle costs, in cents, with the taxes that are configured."""

    currency: str
    subtotal: int
    taxes: int
    total: int


class Use(msgspec.Struct, frozen=True, rename="camel"):
    """Use against a limit. Days are the tenant's, `until` is the last one; None where nothing is counted by days."""

    used: int
    limit: int
    percent: int
    since: date | None = None
    until: date | None = None


class Coming(msgspec.Struct, frozen=True, rename="camel"):
    """A change that is to come: with a payment of `invoice_id`, or (None) with the next cycle."""

    plan: str
    periodicity: Cycle
    invoice_id: UUID | None


class Summary(msgspec.Struct, frozen=True, rename="camel"):
    """The subscription, in the founding shape, with what else its page shows. Amounts in cents."""

    tenant_id: UUID
    company_name: str
    cnpj: str
    plan: NamedPlan
    agents: list[Item]
    subnucleos: list[Item]
    pricing: Pricing
    status: Status
    current_period_start: datetime | None
    current_period_end: datetime | None
    cancel_at_period_end: bool
    trial_ends_at: datetime | None
    coming: Coming | None
    requests: Use
    active_agents: Use
    people: Use
    credit_cents: int
    open_invoices: list[UUID]
    provider: str
    guarantee_until: datetime | None
