"""The pool, and the transaction of one tenant."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

engine = create_async_engine(
    make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"),
    pool_size=int(os.environ.get("POOL", "8")),
    max_overflow=0,
)

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant_id, true)")
_statement = json.loads(Path(os.environ["STATEMENTS_FILE"]).read_text())["usage"]["sql"]
USAGE = text(re.sub(r"%\((\w+)\)s", r":\1", _statement.replace("::", r"\:\:")).replace("%%", "%"))


@asynccontextmanager
async def tenant_transaction(tenant_id: UUID) -> AsyncIterator[AsyncConnection]:
    """A transaction that row-level security confines to the tenant; committed at the end of the block."""
    async with engine.begin() as connection:
        await connection.execute(_SET_TENANT, {"tenant_id": str(tenant_id)})
        yield connection
