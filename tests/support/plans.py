"""How PostgreSQL reads for a statement: under row security, as a generic plan."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from alquimista.db.pool import Database
from alquimista.db.statement import Statement
from alquimista.db.tenancy import staff_transaction, tenant_transaction

_TYPES = {
    "now": "timestamptz",
    "paid_since": "timestamptz",
    "tenant_id": "uuid",
    "agent_id": "uuid",
    "days": "int",
    "back": "int",
    "status": "text",
    "platform": "uuid",
    "before": "date",
    "first": "date",
    "last": "date",
    "late": "timestamptz",
    "offline": "timestamptz",
    "limit": "bigint",
    "offset": "bigint",
}


async def scans(
    db: Database, tenant: UUID | None, table: str, statement: Statement[Any], **params: Any
) -> list[dict[str, Any]]:
    """The scans of a table in the plan of a prepared statement that is run, those of its indexes too.

    Without a tenant they are the internal role's, over all of them.
    """
    async with tenant_transaction(db, tenant) if tenant else staff_transaction(db) as conn:
        await conn.raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        text, names = statement.positional
        types = ", ".join(_TYPES[name] for name in names)
        await conn.raw.execute(f"PREPARE hot ({types}) AS {text}")
        values = ", ".join("NULL" if params[name] is None else f"'{params[name]}'" for name in names)
        cursor = await conn.raw.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE hot ({values})")
        row = await cursor.fetchone()
        await conn.raw.execute("DEALLOCATE hot")
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    return [node for node in _walk(plan[0]["Plan"]) if table in str(node)]


def of_days(found: list[dict[str, Any]]) -> int:
    """How many rows were read at most, by scans of which one goes by the tenant and the day."""
    indexed = [node for node in found if "tenant_id" in node.get("Index Cond", "") and "day" in node["Index Cond"]]
    assert indexed, [(n["Node Type"], n.get("Index Name"), n.get("Index Cond"), n.get("Filter")) for n in found]
    return int(max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in found))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for child in node.get("Plans", ()):
        yield from _walk(child)
    yield {key: value for key, value in node.items() if key != "Plans"}
