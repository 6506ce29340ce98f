"""The hot reads touch the rows of their own tenant and period, however much history and however many tenants exist."""

from datetime import timedelta

import psycopg
import pytest

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import now
from alquimista.dashboards.models.agents import TenantSort
from alquimista.dashboards.queries import agents, company, overview, usage
from support.plans import of_days, scans

HISTORY_DAYS, AGENTS, NEIGHBOURS = 700, 4, 60
FILL = """
INSERT INTO alquimista_platform.tenant_usage_daily
SELECT a.tenant_id, current_date - d, a.agent_id, 'BRL', 10, 1, 1000, 0, 0, 0, 10
FROM alquimista_platform.tenant_agents a, generate_series(0, %(days)s) d WHERE a.tenant_id = ANY(%(tenants)s)
"""
ACTIVATE = """
INSERT INTO alquimista_platform.tenant_agents (tenant_id, agent_id, status, activated_at, updated_at)
SELECT t, a, 'active', now(), now() FROM unnest(%(tenants)s::uuid[]) t, unnest(%(agents)s::uuid[]) a
"""


@pytest.fixture(scope="module")
async def crowded(db, migrated):
    """A tenant with two years of history among many, written by the superuser: the way there is not the point."""
    tenants = [(await factories.make_tenant(db)).id for _ in range(NEIGHBOURS)]
    agents = [(await factories.make_agent(db)).id for _ in range(AGENTS)]
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute(ACTIVATE, {"tenants": tenants, "agents": agents})
        await conn.execute(FILL, {"tenants": tenants, "days": HISTORY_DAYS})
        await conn.execute("VACUUM ANALYZE alquimista_platform.tenant_usage_daily")
    return tenants[NEIGHBOURS // 2]


@pytest.mark.parametrize(
    ("statement", "more"),
    [
        (usage.TENANT, {"days": 30, "back": 0, "agent_id": None}),
        (usage.TENANT, {"days": 30, "back": 30, "agent_id": None}),
        (overview.AGENTS, {"status": "active"}),
        (overview.ME, {}),
    ],
    ids=["usage", "usage of the period before", "agents", "me"],
)
async def test_a_read_costs_its_period_not_the_history(db, crowded, statement, more):
    found = await scans(db, crowded, "tenant_usage_daily", statement, tenant_id=crowded, now=now(), **more)
    assert of_days(found) <= 31 * AGENTS


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (company.COMPANY, ("before", "limit")),
        (agents.CATALOGUE, ("late", "offline")),
        (agents.ONE, ("late", "offline", "agent_id")),
        (agents.DAYS, ("agent_id",)),
        (agents.OWNERS[TenantSort.REQUESTS, "desc"], ("agent_id", "limit", "offset")),
    ],
    ids=["overview", "catalogue", "one agent", "its days", "its companies"],
)
async def test_what_staff_read_of_all_costs_the_period_not_the_history(db, crowded, statement, names):
    today, agent = now().date(), (await agents.catalogue(db.staff(), now().date(), now().date(), now()))[0].id
    values = {
        "before": today - timedelta(days=59),
        "limit": 10,
        "offset": 0,
        "late": now(),
        "offline": now(),
        "agent_id": agent,
    }
    span = {"platform": PLATFORM_TENANT, "first": today - timedelta(days=29), "last": today}
    given = {name: values[name] for name in names}
    found = await scans(db, None, "tenant_usage_daily", statement, **span, **given)
    assert found
    for node in found:
        condition = node.get("Index Cond", node.get("Recheck Cond", ""))
        assert "tenant_id" in condition, node
        assert "day" in condition, node
        assert node["Actual Rows"] + node.get("Rows Removed by Filter", 0) <= 31 * AGENTS
