"""The hot reads touch the rows of their own tenant and period, however much history and however many tenants exist."""

import json
from typing import Any

import psycopg
import pytest

import factories
from alquimista.clock import now
from alquimista.dashboards.queries import overview, usage
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction

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


async def explain(db, tenant, statement: Statement[Any], **params: Any) -> list[dict[str, Any]]:
    """The scans of tenant_usage_daily in the plan of a prepared statement, generic plans included."""
    async with tenant_transaction(db, tenant) as conn:
        await conn.raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        text, names = statement.positional
        types = ", ".join(TYPES[name] for name in names)
        await conn.raw.execute(f"PREPARE hot ({types}) AS {text}")
        values = ", ".join("NULL" if params[name] is None else f"'{params[name]}'" for name in names)
        cursor = await conn.raw.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE hot ({values})")
        row = await cursor.fetchone()
        await conn.raw.execute("DEALLOCATE hot")
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return [node for node in walk(plan[0]["Plan"]) if "tenant_usage_daily" in str(node)]


TYPES = {
    "now": "timestamptz",
    "tenant_id": "uuid",
    "agent_id": "uuid",
    "days": "int",
    "back": "int",
    "status": "text",
}


def walk(node: dict[str, Any]):
    for child in node.get("Plans", ()):
        yield from walk(child)
    yield {key: value for key, value in node.items() if key != "Plans"}


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
    scans = await explain(db, crowded, statement, tenant_id=crowded, now=now(), **more)
    assert scans
    indexed = [node for node in scans if "tenant_id" in node.get("Index Cond", "") and "day" in node["Index Cond"]]
    assert indexed, [(n["Node Type"], n.get("Index Name"), n.get("Index Cond"), n.get("Filter")) for n in scans]
    read = max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in scans)
    assert read <= 31 * AGENTS
