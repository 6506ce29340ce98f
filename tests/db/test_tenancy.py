import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.pool import Database
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction


class One(msgspec.Struct, frozen=True):
    n: int


async def test_it(db: Database):
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        assert await conn.fetch(Statement("select 1 as n", One)) == [One(1)]
    assert await db.tenant(PLATFORM_TENANT).fetch(Statement("select 1 as n", One)) == [One(1)]
    await db.ping()
