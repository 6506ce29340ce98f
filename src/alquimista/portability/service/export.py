"""Taking out everything of one tenant."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.db.pool import Database
from alquimista.db.tenancy import export_snapshot, tenant_transaction
from alquimista.portability import queries
from alquimista.portability.models import FORMAT, REFERENCES, VERBATIM, Entry, Manifest, Reference, ids_in, tellable
from alquimista.portability.service.archive import head, writing
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant

BATCH: Final = 2_000
TENANT: Final = "alquimista_platform.tenants"

Progress = Callable[[Entry, int], Awaitable[None]]


async def export(
    db: Database, actor: Actor | None, tenant_id: UUID, path: Path, progress: Progress | None = None
) -> Manifest:
    """Write everything of a tenant to a file, as it is at one moment, and leave a row in its audit.

    Args:
        db: the database.
        actor: who takes it; None for the platform itself.
        tenant_id: whose data.
        path: a ZIP in the format of docs/portability.md; whatever is there is replaced, once the new one is whole.
        progress: awaited after each table with its entry and the number of tables; what it raises ends the export.

    Raises:
        UnknownTenant: there is no such company; the platform's own tenant is none.
    """
    if tenant_id == PLATFORM_TENANT:
        raise UnknownTenant
    with writing(path) as writer:
        async with export_snapshot(db, tenant_id) as conn:
            tenant = await tenants.get(conn, tenant_id)
            tables = tellable(await queries.tables(conn))
            ids = frozenset([one for reference in REFERENCES for one in await queries.ids(conn, reference)])
            named: set[str] = set()  # It has grown to all that the company's rows name once the shared tables begin.
            own = queries.shared(conn, Reference(TENANT, ("id",)), [str(tenant_id)], BATCH)
            parts: list[tuple[str, AsyncIterator[list[str]]]] = [(TENANT, own)]
            parts += [(table.name, queries.rows(conn, table, tenant_id, BATCH)) for table in tables]
            parts = [(name, _noting(batches, ids, named, name)) for name, batches in parts]
            parts += [(reference.name, queries.shared(conn, reference, named, BATCH)) for reference in REFERENCES]
            for name, batches in parts:
                entry = await writer.table(name, batches)
                if progress:
                    await progress(entry, len(parts))
            manifest = Manifest(
                FORMAT,
                version("alquimista"),
                head(),
                tenant_id,
                tenant.name,
                clock.now(),
                tuple(writer.entries),
            )
        writer.manifest(manifest, audit.signer(db.settings))
    async with tenant_transaction(db, tenant_id) as conn:
        await audit.record(
            conn,
            actor,
            "tenant.exported",
            category="tenant",
            resource_type="tenant",
            resource_id=str(tenant_id),
            details={"rows": sum(entry.rows for entry in manifest.tables)},
            tenant_id=tenant_id,
        )
    return manifest


async def _noting(
    batches: AsyncIterator[list[str]], among: frozenset[str], named: set[str], table: str
) -> AsyncIterator[list[str]]:
    """The same rows, and which of some ids they name; what history names is not needed where it goes."""
    async for batch in batches:
        if not VERBATIM.match(table):
            named |= await asyncio.to_thread(ids_in, batch, among)
        yield batch
