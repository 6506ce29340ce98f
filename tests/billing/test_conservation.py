"""No cent is lost or made, whatever people do and time brings.

The law, for one tenant at any moment, over its invoices that are not void:

    sum of totals (paid or still asked for) + credit that the vendor gave
      = sum of lines of plans, add-ons, prorations, use, adjustments and taxes + credit that is left

So what a customer is asked for differs from what lines come to only by credit, and credit comes from nowhere else.
Beside it: each invoice's lines add up to its total; a void invoice leaves no credit behind; credit is never below zero;
of each period of use the lines come to what was billed for it; and numbers count from 1 without gaps.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alquimista.billing.models.invoices import InvoiceStatus, Tax
from alquimista.billing.service import subscribing
from alquimista.billing.service.book import Book
from alquimista.errors import Problem
from support.billing import START, Customer, customer
from support.metered import use

LAW = """
    SELECT
      (SELECT coalesce(sum(total_cents), 0) FROM alquimista_platform.invoices
      WHERE tenant_id = %(t)s AND status <> 'void')
        + %(given)s AS asked_and_given,
      (SELECT coalesce(sum(l.amount_cents), 0) FROM alquimista_platform.invoice_lines l
         JOIN alquimista_platform.invoices i ON (i.tenant_id, i.id) = (l.tenant_id, l.invoice_id)
         WHERE l.tenant_id = %(t)s AND i.status <> 'void' AND l.kind NOT IN ('carried', 'credit'))
        + (SELECT coalesce(sum(amount_cents), 0) FROM alquimista_platform.credits
        WHERE tenant_id = %(t)s) AS billed_and_left,
      (SELECT coalesce(sum(amount_cents), 0) FROM alquimista_platform.credits WHERE tenant_id = %(t)s) AS credit,
      (SELECT coalesce(sum(c.amount_cents), 0) FROM alquimista_platform.credits c
         JOIN alquimista_platform.invoices i ON (i.tenant_id, i.id) = (c.tenant_id, c.invoice_id)
         WHERE c.tenant_id = %(t)s AND i.status = 'void') AS credit_of_void,
      (SELECT count(*) FROM alquimista_platform.invoices i WHERE tenant_id = %(t)s AND total_cents <>
         (SELECT sum(amount_cents) FROM alquimista_platform.invoice_lines l
            WHERE (l.tenant_id, l.invoice_id) = (i.tenant_id, i.id))) AS wrong_sums,
      (SELECT count(*) FROM alquimista_platform.usage_periods p WHERE tenant_id = %(t)s AND overage_cents <>
         (SELECT coalesce(sum(l.amount_cents), 0) FROM alquimista_platform.invoice_lines l
            JOIN alquimista_platform.invoices i ON (i.tenant_id, i.id) = (l.tenant_id, l.invoice_id)
            WHERE l.tenant_id = p.tenant_id AND l.usage_period_id = p.id AND i.status <> 'void')) AS wrong_periods,
      (SELECT coalesce(max(number), 0) - count(*) FROM alquimista_platform.invoices WHERE tenant_id = %(t)s) AS gaps
"""

ACTIONS = st.one_of(
    st.tuples(
        st.just("subscribe"),
        st.sampled_from(["starter", "profissional", "expert"]),
        st.sampled_from(["monthly", "yearly"]),
        st.sampled_from([1, 2, 10]),
    ),
    st.tuples(st.just("pay"), st.integers(0, 3)),
    st.tuples(st.just("pass"), st.sampled_from([1, 4, 9, 16, 31])),
    st.tuples(st.just("use"), st.sampled_from([1, 700, 10_050])),
    st.tuples(st.just("use late"), st.integers(1, 30)),
    st.tuples(st.just("credit"), st.sampled_from([1, 333, 50_000])),
    st.sampled_from([("cancel",), ("resume",), ("drop change",)]),
)


_OTHERS: dict[str, Callable[[Book], Awaitable[object]]] = {
    "cancel": subscribing.cancel,
    "resume": subscribing.resume,
    "drop change": subscribing.drop_change,
}


async def act(one: Customer, action: Sequence[Any]) -> int:
    """Do it, if the present state allows it; the credit that it gave."""
    name, *values = action
    try:
        match name:
            case "subscribe":
                await one.subscribe(values[0], values[1], agents_of=values[2])
            case "pay":
                waiting = await one.invoices(InvoiceStatus.OPEN)
                if waiting:
                    await one.pay(waiting[values[0] % len(waiting)])
            case "pass":
                if one.now < START + timedelta(days=90):  # Beyond lie no partitions.
                    await one.pass_days(values[0])
            case "use" | "use late":
                if await one.state() == "active":
                    back = timedelta(days=values[0]) if name == "use late" else timedelta()
                    await use(one, 900 if back else values[0], at=one.now - back)
            case "credit":
                await one.credit(values[0])
                return int(values[0])
            case _:
                async with one.book() as book:
                    await _OTHERS[name](book)
    except Problem:
        pass  # The state does not allow it: nothing happened, which the law holds for too.
    return 0


async def require_law(one: Customer, admin_url: str, given: int) -> None:
    """Fail unless every cent is where it belongs."""
    async with await psycopg.AsyncConnection.connect(admin_url) as conn:
        row = await (await conn.execute(LAW, {"t": one.tenant.id, "given": given})).fetchone()
    assert row is not None
    left, right, credit, of_void, wrong_sums, wrong_periods, gaps = row
    assert left == right
    assert credit >= 0
    assert (of_void, wrong_sums, wrong_periods, gaps) == (0, 0, 0, 0)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(ACTIONS, min_size=3, max_size=14), st.sampled_from([(), (Tax("ISS", 500), Tax("PIS", 65))]))
async def test_no_cent_is_lost_or_made(metered_db, migrated, actions, taxes):
    one = (await customer(metered_db)).with_rules(taxes=taxes)
    await one.subscribe("starter")
    given_cents = 0
    for action in [("pay", 0), *actions]:
        given_cents += await act(one, action)
        await require_law(one, migrated.admin_url, given_cents)
