"""The plan of a write, which a connection makes once, while a new installation's tables are empty."""

from alquimista.db.pool import Database
from alquimista.db.tenancy import owner_transaction, tenant_transaction
from alquimista.usage.queries.ingest import WRITE
from support.senders import Sender

TYPES = {
    "tenant_id": "uuid",
    "batch_id": "uuid",
    "received_at": "timestamptz",
    "today": "date",
    "keys": "uuid[]",
    "rows": "alquimista_platform.sent_request[]",
}


async def test_known_keys_are_found_by_their_index_though_there_are_none_yet(
    usage_db: Database, sender: Sender
) -> None:
    async with owner_transaction(usage_db) as conn:
        await conn.raw.execute("ANALYZE alquimista_platform.event_keys")
    async with tenant_transaction(usage_db, sender.tenant_id) as conn:
        await conn.raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        text, names = WRITE.positional
        await conn.raw.execute(f"PREPARE write ({', '.join(TYPES[name] for name in names)}) AS {text}".encode())
        cursor = await conn.raw.execute(f"EXPLAIN EXECUTE write ({', '.join('NULL' for _ in names)})".encode())
        plan = "\n".join(line for (line,) in await cursor.fetchall())
        await conn.raw.execute("DEALLOCATE write")
    assert "Seq Scan" not in plan, plan
    assert "event_keys_pkey" in plan, plan
