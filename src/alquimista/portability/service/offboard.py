"""A tenant that leaves: out at once, deleted after a waiting period, its audit and invoices kept."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import structlog

from alquimista import clock
from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction, owner_tenant_transaction, tenant_transaction
from alquimista.portability import queries
from alquimista.portability.models import (
    WAITING_DAYS,
    LeavingAlready,
    NotLeaving,
    Offboarding,
    deleted_with_the_tenant,
)
from alquimista.portability.service.export import Progress, export
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus

_log = structlog.get_logger("alquimista.portability")


async def offboard(
    db: Database,
    actor: Actor | None,
    tenant_id: UUID,
    reason: str,
    path: Path,
    *,
    days: int = WAITING_DAYS,
    progress: Progress | None = None,
) -> Offboarding:
    """Close a tenant's doors, write its export to a file, and have its data deleted in so many days.

    The doors close first, so that the export is the last word.

    Raises:
        UnknownTenant, LeavingAlready: as they say.
    """
    now = clock.now()
    async with tenant_transaction(db, tenant_id) as conn:
        tenant = await tenants.get(conn, tenant_id)
        delete_after = now + timedelta(days=days)
        by = actor.user_id if actor else None
        if not await queries.request(
            conn, tenant_id, clock.new_id(), reason, by, tenant.standing.value, now, delete_after
        ):
            found = await queries.current(conn, tenant_id)
            raise LeavingAlready(date=found.delete_after.date().isoformat() if found else "")
        await tenants.set_standing(conn, actor, tenant_id, TenantStatus.INACTIVE, now)
        await _note(conn, actor, tenant_id, "tenant.offboarding_requested", reason=reason, delete_after=delete_after)
        leaving = await queries.current(conn, tenant_id)
        assert leaving is not None
    await export(db, actor, tenant_id, path, progress)
    return leaving


async def keep(db: Database, actor: Actor | None, tenant_id: UUID) -> Offboarding:
    """A tenant that was leaving stays, as it was.

    Raises:
        NotLeaving: it is not leaving, or its data is deleted already.
    """
    now = clock.now()
    async with tenant_transaction(db, tenant_id) as conn:
        kept = await queries.cancel(conn, tenant_id, now)
        if kept is None:
            raise NotLeaving
        await tenants.set_standing(conn, actor, tenant_id, TenantStatus(kept.standing_before), now)
        await _note(conn, actor, tenant_id, "tenant.offboarding_cancelled")
        return kept


async def due(db: Database) -> list[UUID]:
    """Tenants whose waiting period is over."""
    return await queries.due(db.staff(), clock.now())


async def delete(db: Database, tenant_id: UUID) -> int:
    """Delete what does not outlive a tenant whose waiting period is over, all of it at once; how many rows.

    Safe to repeat. People go first, those of no other company: who they were can be read from their memberships alone.
    Their part of the audit goes before their names, which it is found by; the audit is still proven without it.
    """
    now = clock.now()
    if not await queries.begin_deletion(db.tenant(tenant_id), tenant_id, now):
        return 0
    people = await queries.members(db.tenant(tenant_id), tenant_id)
    for one in await queries.last_of(db.login(), tenant_id, people):
        async with tenant_transaction(db, tenant_id) as conn:
            await audit.erase(conn, None, tenant_id, one.id, emails=[one.email])
    async with login_transaction(db) as conn:
        await queries.forget_people(conn, tenant_id, people, now)
    deleted = 0
    async with owner_tenant_transaction(db, tenant_id) as conn:
        if await queries.mark_deleted(conn, tenant_id, now):
            await queries.begin_forgetting(conn, tenant_id)
            for table in deleted_with_the_tenant(await queries.tables(conn)):
                deleted += await queries.delete_rows(conn, table, tenant_id)
            await _note(conn, None, tenant_id, "tenant.deleted", rows=deleted)
    _log.info("portability.deleted", tenant_id=str(tenant_id), rows=deleted)
    return deleted


async def _note(conn: Conn, actor: Actor | None, tenant_id: UUID, action: str, **details: object) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="tenant",
        resource_type="tenant",
        resource_id=str(tenant_id),
        details=details,
        tenant_id=tenant_id,
    )
