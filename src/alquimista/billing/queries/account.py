"""All that an account's page tells of a tenant, in one statement: it joins what several rooms keep of it."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from alquimista.billing.models.catalogue import AddonVersion, PlanVersion
from alquimista.billing.models.invoices import Invoice
from alquimista.billing.models.subscriptions import Subscription
from alquimista.billing.models.summary import Item
from alquimista.billing.queries import catalogue, invoices, subscriptions
from alquimista.db.statement import Conn, Statement


class Account(msgspec.Struct, frozen=True):
    """A tenant with its live subscription, or its last one.

    `first_day` and `last_day` are of the running month of use, or of the calendar's. `first_paid_at` is when the
    subscription's first invoice was paid, if that was after the moment that was asked about.
    """

    company_name: str
    cnpj: str
    max_agents: int
    max_users: int
    max_requests_per_month: int
    subscription: Subscription
    plan: PlanVersion
    addon: AddonVersion | None
    coming_plan: str | None
    agents: tuple[Item, ...]
    subnucleos: tuple[Item, ...]
    active_agents: int
    people: int
    first_day: date
    last_day: date
    requests: int
    open_invoices: tuple[Invoice, ...]
    credit_cents: int
    first_paid_at: datetime | None


# The month's ends are single values, computed first, so that row security leaves the days to their index
# (docs/decisions/0013).
ACCOUNT: Final = Statement(
    f"""
    WITH one AS MATERIALIZED (
      SELECT {subscriptions.COLUMNS} FROM public.subscriptions WHERE tenant_id = %(tenant_id)s
      ORDER BY status = 'canceled', created_at DESC LIMIT 1
    ), span AS MATERIALIZED (
      SELECT coalesce(period.from_on, date_trunc('month', today)::date) AS first_day,
        coalesce(period.until_on - 1, today::date) AS last_day
      FROM (
        SELECT %(now)s::timestamptz AT TIME ZONE time_zone AS today
        FROM alquimista_platform.tenants WHERE id = %(tenant_id)s
      ) AS clock
      LEFT JOIN (
        SELECT from_on, until_on FROM alquimista_platform.usage_periods
        WHERE tenant_id = %(tenant_id)s AND status = 'open' ORDER BY from_on DESC LIMIT 1
      ) AS period ON true
    )
    SELECT t.name AS company_name, t.cnpj, t.max_agents, t.max_users, t.max_requests_per_month,
      to_jsonb(one) AS subscription,
      (SELECT to_jsonb(p) FROM ({catalogue.PLAN}) AS p WHERE p.id = one.plan_id) AS plan,
      (SELECT to_jsonb(a) FROM ({catalogue.ADDON}) AS a WHERE a.id = one.addon_id) AS addon,
      (SELECT p.display_name FROM public.subscription_plans AS p
        WHERE p.id = (coalesce(one.pending_terms, one.next_terms) ->> 'plan_id')::uuid) AS coming_plan,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'slug', a.slug, 'name', a.name) ORDER BY place), '[]')
        FROM unnest(one.selected_agents) WITH ORDINALITY AS chosen (id, place)
        JOIN alquimista_platform.agents AS a ON a.id = chosen.id) AS agents,
      (SELECT coalesce(jsonb_agg(
          jsonb_build_object('id', s.id, 'slug', s.name, 'name', s.display_name) ORDER BY place), '[]')
        FROM unnest(one.selected_subnucleos) WITH ORDINALITY AS chosen (id, place)
        JOIN public.subnucleos AS s ON s.id = chosen.id) AS subnucleos,
      (SELECT count(*) FROM alquimista_platform.tenant_agents
        WHERE tenant_id = %(tenant_id)s AND status = 'active') AS active_agents,
      (SELECT count(*) FROM alquimista_platform.tenant_users WHERE tenant_id = %(tenant_id)s) AS people,
      span.first_day, span.last_day,
      (SELECT coalesce(sum(requests), 0)::bigint FROM alquimista_platform.tenant_usage_daily
        WHERE tenant_id = %(tenant_id)s
          AND day >= (SELECT first_day FROM span) AND day <= (SELECT last_day FROM span)) AS requests,
      (SELECT coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.due_on, i.number), '[]') FROM (
          SELECT {invoices.COLUMNS} FROM alquimista_platform.invoices
          WHERE tenant_id = %(tenant_id)s AND status = 'open') AS i) AS open_invoices,
      (SELECT coalesce(sum(amount_cents), 0)::bigint FROM alquimista_platform.credits
        WHERE tenant_id = %(tenant_id)s) AS credit_cents,
      (SELECT i.paid_at FROM alquimista_platform.invoices AS i
        WHERE i.tenant_id = %(tenant_id)s AND i.subscription_id = one.id AND i.kind = 'first' AND i.status = 'paid'
          AND i.paid_at >= %(paid_since)s
        ORDER BY i.number DESC LIMIT 1) AS first_paid_at
    FROM one CROSS JOIN span JOIN alquimista_platform.tenants AS t ON t.id = %(tenant_id)s
    """,  # noqa: S608 - The interpolations are constant lists of columns, and two selects from the catalogue.
    Account,
)


async def account(conn: Conn, tenant_id: UUID, now: datetime, paid_since: datetime) -> Account | None:
    """A tenant's account; None when it never had a subscription."""
    return await conn.fetch_one(ACCOUNT, tenant_id=tenant_id, now=now, paid_since=paid_since)
