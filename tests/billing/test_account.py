"""An account's one statement says what its parts say, and reads the tenant's own month, not the history."""

from datetime import timedelta

import psycopg

from alquimista.billing.queries import account, catalogue
from alquimista.billing.queries import invoices as invoice_queries
from alquimista.billing.queries import usage as usage_queries
from alquimista.billing.service.collecting import GUARANTEE
from alquimista.usage import service as usage
from support.billing import customer
from support.metered import use
from support.plans import of_days, scans

HISTORY_DAYS, NEIGHBOURS = 700, 40
HAVE = """
INSERT INTO alquimista_platform.tenant_agents (tenant_id, agent_id, status, activated_at, updated_at)
SELECT t, a, 'active', now(), now() FROM unnest(%(tenants)s::uuid[]) t, unnest(%(agents)s::uuid[]) a
ON CONFLICT DO NOTHING
"""
FILL = """
INSERT INTO alquimista_platform.tenant_usage_daily
SELECT t, %(today)s::date - d, a, 'BRL', 10, 1, 1000, 0, 0, 0, 10
FROM unnest(%(tenants)s::uuid[]) t, unnest(%(agents)s::uuid[]) a, generate_series(0, %(days)s) d
"""


async def read(one):
    """The account as it is at the customer's moment."""
    found = await account.account(one.db.tenant(one.tenant.id), one.tenant.id, one.now, one.now - GUARANTEE)
    assert found is not None
    return found


async def test_it_is_what_its_parts_are(payer):
    await use(payer, 30)
    await payer.credit(700)
    waiting = await payer.subscribe("profissional", agents_of=3)
    conn, tenant_id = payer.db.tenant(payer.tenant.id), payer.tenant.id
    found = await read(payer)
    one = await payer.subscription()
    plans = {plan.id: plan for plan in await catalogue.plans(conn)}
    assert found.subscription == one
    assert found.plan == plans[one.plan_id]
    assert found.addon is None
    assert one.pending_terms is not None
    assert found.coming_plan == plans[one.pending_terms.plan_id].display_name
    assert list(found.open_invoices) == await invoice_queries.open_of(conn, tenant_id) == [waiting]
    assert [item.id for item in found.agents] == list(one.selected_agents)
    assert found.active_agents == len(one.selected_agents)
    assert found.credit_cents == await invoice_queries.balance(conn, tenant_id)
    (period,) = await usage_queries.open_periods(conn, tenant_id)
    assert (found.first_day, found.last_day) == (period.from_on, period.until_on - timedelta(days=1))
    assert found.requests == (await usage.totals(conn, tenant_id, found.first_day, found.last_day)).requests == 30
    assert found.first_paid_at == payer.now
    payer.now += GUARANTEE + timedelta(seconds=1)
    assert (await read(payer)).first_paid_at is None


async def test_the_catalogue_in_one_statement_is_the_same_as_by_parts(payer):
    conn = payer.db.tenant(payer.tenant.id)
    found = await catalogue.catalogue(conn)
    assert list(found.plans) == await catalogue.plans(conn)
    assert list(found.addons) == await catalogue.addons(conn)
    assert list(found.subnucleos) == await catalogue.subnucleos(conn)


async def test_a_page_of_invoices_and_an_invoice_with_its_lines_are_the_same_as_by_parts(payer):
    await payer.subscribe("profissional")
    conn, tenant_id = payer.db.tenant(payer.tenant.id), payer.tenant.id
    newest, first = await invoice_queries.list_page(conn, tenant_id, 10, 0)
    assert await invoice_queries.page(conn, tenant_id, 1, 1) == ([first], 2)
    assert await invoice_queries.page(conn, tenant_id, 1, 2) == ([], 2)
    issued = await invoice_queries.issued(conn, tenant_id, newest.id)
    assert issued is not None
    assert issued.invoice == newest
    assert list(issued.lines) == await invoice_queries.lines(conn, tenant_id, newest.id)


async def test_it_costs_its_month_not_the_history(payer, migrated):
    agents = list((await payer.subscription()).selected_agents)
    neighbours = [(await customer(payer.db)).tenant.id for _ in range(NEIGHBOURS)]
    payer.now += timedelta(days=20)
    values = {"today": payer.now.date(), "tenants": [payer.tenant.id, *neighbours], "agents": agents}
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute(HAVE, {"tenants": values["tenants"], "agents": agents})
        await conn.execute(FILL, {**values, "days": HISTORY_DAYS})
        await conn.execute("VACUUM ANALYZE alquimista_platform.tenant_usage_daily")
    given = {"tenant_id": payer.tenant.id, "now": payer.now, "paid_since": payer.now - GUARANTEE}
    found = await scans(payer.db, payer.tenant.id, "tenant_usage_daily", account.ACCOUNT, **given)
    assert 20 <= of_days(found) <= 31 * len(agents)
