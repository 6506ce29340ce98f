"""The only SQL on subscriptions, what they bring of SubNúcleos, and the ledger of their changes."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.billing.models.ledger import Movement
from alquimista.billing.models.subscriptions import Subscription
from alquimista.clock import new_id
from alquimista.db.statement import Conn, NoRow, Statement

COLUMNS = """id, status, billing_cycle, plan_id, addon_id, addon_count, selected_agents, selected_subnucleos,
  total_cents, currency, mrr_cents, anchor_on, cycles, current_period_start, current_period_end, trial_ends_at,
  cancel_at_period_end, canceled_at, next_terms, pending_terms, pending_invoice_id, dunning_step, provider,
  provider_customer_id, provider_method_id, due_at, created_at"""

# One row of a tenant is live at most; a canceled one comes after it. The lock makes a tenant's changes take turns. It
# spares those who only refer to the tenant: FOR UPDATE would keep every row waiting that names it, and two transactions
# that each wrote such a row before they came here would wait for each other.
LOCK_TENANT = Statement("SELECT 1 FROM alquimista_platform.tenants WHERE id = %(tenant_id)s FOR NO KEY UPDATE", NoRow)

LATEST = Statement(
    f"""
    SELECT {COLUMNS} FROM public.subscriptions WHERE tenant_id = %(tenant_id)s
    ORDER BY status = 'canceled', created_at DESC LIMIT 1
    """,  # noqa: S608 - The only interpolation is the constant column list above.
    Subscription,
)

BY_ID = Statement(
    f"SELECT {COLUMNS} FROM public.subscriptions WHERE tenant_id = %(tenant_id)s AND id = %(id)s",  # noqa: S608 - As above.
    Subscription,
)

SAVE = Statement(
    f"""
    INSERT INTO public.subscriptions (tenant_id, {COLUMNS}, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(status)s, %(billing_cycle)s, %(plan_id)s, %(addon_id)s, %(addon_count)s,
      %(selected_agents)s::uuid[], %(selected_subnucleos)s::uuid[], %(total_cents)s, %(currency)s, %(mrr_cents)s,
      %(anchor_on)s, %(cycles)s, %(current_period_start)s, %(current_period_end)s, %(trial_ends_at)s,
      %(cancel_at_period_end)s, %(canceled_at)s, %(next_terms)s, %(pending_terms)s, %(pending_invoice_id)s,
      %(dunning_step)s, %(provider)s, %(provider_customer_id)s, %(provider_method_id)s, %(due_at)s, %(created_at)s,
      %(now)s)
    ON CONFLICT (tenant_id, id) DO UPDATE SET
      status = excluded.status, billing_cycle = excluded.billing_cycle, plan_id = excluded.plan_id,
      addon_id = excluded.addon_id, addon_count = excluded.addon_count, selected_agents = excluded.selected_agents,
      selected_subnucleos = excluded.selected_subnucleos, total_cents = excluded.total_cents,
      currency = excluded.currency, mrr_cents = excluded.mrr_cents, anchor_on = excluded.anchor_on,
      cycles = excluded.cycles, current_period_start = excluded.current_period_start,
      current_period_end = excluded.current_period_end, trial_ends_at = excluded.trial_ends_at,
      cancel_at_period_end = excluded.cancel_at_period_end, canceled_at = excluded.canceled_at,
      next_terms = excluded.next_terms, pending_terms = excluded.pending_terms,
      pending_invoice_id = excluded.pending_invoice_id, dunning_step = excluded.dunning_step,
      provider = excluded.provider, provider_customer_id = excluded.provider_customer_id,
      provider_method_id = excluded.provider_method_id, due_at = excluded.due_at, updated_at = excluded.updated_at
    """,  # noqa: S608 - As above.
    NoRow,
)


class TenantDue(msgspec.Struct, frozen=True):
    """A tenant with something to do."""

    tenant_id: UUID


DUE = Statement(
    "SELECT DISTINCT tenant_id FROM public.subscriptions WHERE due_at <= %(now)s ORDER BY tenant_id", TenantDue
)

# All in one statement, so that what a tenant has is never half of it.
BUNDLES = Statement(
    """
    INSERT INTO public.tenant_subnucleos AS ts (tenant_id, subnucleo_id, status, activated_at, updated_at)
    SELECT %(tenant_id)s, wanted, 'active', %(now)s, %(now)s FROM unnest(%(subnucleos)s::uuid[]) AS wanted
    ON CONFLICT (tenant_id, subnucleo_id) DO UPDATE
      SET status = 'active', activated_at = excluded.activated_at, deactivated_at = NULL,
          updated_at = excluded.updated_at
      WHERE ts.status <> 'active'
    """,
    NoRow,
)
OTHER_BUNDLES = Statement(
    """
    UPDATE public.tenant_subnucleos SET status = 'inactive', deactivated_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND status <> 'inactive' AND subnucleo_id <> ALL (%(subnucleos)s::uuid[])
    """,
    NoRow,
)


class Last(msgspec.Struct, frozen=True):
    """How many movements a tenant has had."""

    count: int


MOVEMENTS = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.subscription_changes WHERE tenant_id = %(tenant_id)s", Last
)

ADD_MOVEMENT = Statement(
    """
    INSERT INTO alquimista_platform.subscription_changes
      (tenant_id, id, subscription_id, sequence, occurred_at, kind, reason,
      mrr_before_cents, mrr_after_cents, currency, plan_before, plan_after, segment, actor_id)
    VALUES (%(tenant_id)s, %(id)s, %(subscription_id)s, %(sequence)s, %(now)s, %(kind)s, %(reason)s, %(before)s,
      %(after)s, %(currency)s, %(plan_before)s, %(plan_after)s, %(segment)s, %(actor_id)s)
    """,
    NoRow,
)


async def lock(conn: Conn, tenant_id: UUID) -> Subscription | None:
    """The tenant's live subscription, or its last one; others who change it wait until the transaction ends.

    Two statements: one that waits for a lock goes on with the snapshot from before the wait.
    """
    await conn.execute(LOCK_TENANT, tenant_id=tenant_id)
    return await latest(conn, tenant_id)


async def latest(conn: Conn, tenant_id: UUID) -> Subscription | None:
    """The tenant's live subscription, or its last one."""
    return await conn.fetch_one(LATEST, tenant_id=tenant_id)


async def by_id(conn: Conn, tenant_id: UUID, subscription_id: UUID) -> Subscription | None:
    """One of the tenant's subscriptions."""
    return await conn.fetch_one(BY_ID, tenant_id=tenant_id, id=subscription_id)


async def save(conn: Conn, tenant_id: UUID, subscription: Subscription, now: datetime) -> None:
    """Write a subscription as it is now."""
    values = {name: getattr(subscription, name) for name in Subscription.__struct_fields__}
    for name in ("next_terms", "pending_terms"):
        values[name] = msgspec.to_builtins(values[name]) if values[name] is not None else None
    for name in ("selected_agents", "selected_subnucleos"):
        values[name] = list(values[name])
    await conn.execute(SAVE, **values, tenant_id=tenant_id, now=now)


async def due(conn: Conn, now: datetime) -> list[UUID]:
    """Tenants with something to do; takes a connection of the internal role."""
    return [row.tenant_id for row in await conn.fetch(DUE, now=now)]


async def set_bundles(conn: Conn, tenant_id: UUID, subnucleos: tuple[UUID, ...], now: datetime) -> None:
    """Make these the tenant's SubNúcleos, and no others."""
    await conn.execute(OTHER_BUNDLES, tenant_id=tenant_id, subnucleos=list(subnucleos), now=now)
    await conn.execute(BUNDLES, tenant_id=tenant_id, subnucleos=list(subnucleos), now=now)


async def movements(conn: Conn, tenant_id: UUID) -> int:
    """How many movements the tenant's ledger has; final while the tenant is locked."""
    found = await conn.fetch_one(MOVEMENTS, tenant_id=tenant_id)
    assert found is not None
    return found.count


async def add_movement(
    conn: Conn,
    tenant_id: UUID,
    subscription: Subscription,
    sequence: int,
    kind: Movement,
    reason: str,
    mrr: tuple[int, int],
    plans: tuple[str, str],
    segment: str,
    actor_id: UUID | None,
    now: datetime,
) -> None:
    """Append a movement; `mrr` and `plans` are before and after."""
    await conn.execute(
        ADD_MOVEMENT,
        tenant_id=tenant_id,
        id=new_id(),
        subscription_id=subscription.id,
        sequence=sequence,
        kind=kind.value,
        reason=reason,
        before=mrr[0],
        after=mrr[1],
        currency=subscription.currency,
        plan_before=plans[0],
        plan_after=plans[1],
        segment=segment,
        actor_id=actor_id,
        now=now,
    )
