"""EXPORT_TENANT: writes everything of a company into a file of the data directory, which staff can fetch for a week."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.i18n import N_
from alquimista.identity import service as identity
from alquimista.operations.models.commands import EXPORT_KEPT, NoDataDirectory
from alquimista.operations.models.kinds import ExportTenantParameters
from alquimista.operations.service import exports
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run
from alquimista.portability.models import Entry
from alquimista.portability.service.export import export
from alquimista.tenants import service as tenants


async def work(run: Run) -> Output:
    """Table by table. Done twice, the second file replaces the first. The audit names the command's author.

    Raises:
        NoDataDirectory: there is no place for the file.
    """
    path = exports.path_of(run.services.settings, run.command)
    if path is None:
        raise NoDataDirectory
    done = 0

    async def told(entry: Entry, tables: int) -> None:
        nonlocal done
        done += 1
        await run.progress(done, tables, entry.table)

    await run.progress(0, None, "")
    by = run.command.created_by
    author = await identity.author(run.db.login(), by) if by else None
    manifest = await export(run.db, author, run.tenant, path, told)
    size, sha256 = await exports.measure(path)
    rows = sum(entry.rows for entry in manifest.tables)
    return {"file": path.name, "bytes": size, "sha256": sha256, "rows": rows}


async def foresee(
    conn: Conn, tenant_id: UUID, _wanted: ExportTenantParameters, settings: Settings, _now: datetime
) -> Foreseen:
    """Whose data it would be.

    Raises:
        NoDataDirectory: as work. Worker and web process share the directory, or the file could not be fetched.
    """
    if exports.directory(settings) is None:
        raise NoDataDirectory
    tenant = await tenants.get(conn, tenant_id)
    return Foreseen(
        N_(
            "Writes everything of {name} into a file that staff can fetch for {days} days.",
            name=tenant.name,
            days=EXPORT_KEPT.days,
        )
    )


EFFECT: Final = Effect(foresee=foresee, work=work)
