"""The people of a tenant, as its administrators run them."""

from datetime import datetime
from uuid import UUID

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, Permission, Role
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.identity.models.problems import LastAdministrator, UnknownUser, UserLimitReached
from alquimista.identity.models.users import (
    Headcount,
    Member,
    MemberFilter,
    MemberStatus,
    administrator,
    clean_role,
)
from alquimista.identity.queries import grants
from alquimista.identity.queries import members as queries
from alquimista.identity.service.kit import Identity, announce
from alquimista.identity.service.sessions import end_all
from alquimista.tenants import service as tenants
from alquimista.wiring import Services


async def list_members(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[Member], int]:
    """One page of the tenant's people by name, deactivated ones included, and how many there are."""
    return (
        await queries.list_members(conn, tenant_id, limit, offset),
        await queries.count_members(conn, tenant_id),
    )


async def search_members(
    conn: Conn, tenant_id: UUID, wanted: MemberFilter, limit: int, offset: int
) -> tuple[list[Member], int]:
    """One page, by name, of the tenant's people who are meant, and how many there are."""
    return (
        await queries.search(conn, tenant_id, wanted, limit, offset),
        await queries.count_found(conn, tenant_id, wanted),
    )


async def headcount(conn: Conn, tenant_id: UUID, now: datetime) -> Headcount:
    """How many people, open invitations and grants in force a tenant has."""
    return await queries.headcount(conn, tenant_id, now)


async def find_member(conn: Conn, tenant_id: UUID, user_id: UUID) -> Member | None:
    """One of the tenant's people, deactivated ones included; of the platform tenant, one of the staff."""
    return await queries.get(conn, tenant_id, user_id)


async def person_id(conn: Conn, email: str) -> UUID | None:
    """Who has this address, of any tenant; None when nobody has. Takes a connection of the internal role."""
    return await queries.person_id(conn, email.strip().lower()[:254].replace("\x00", ""))


async def administrators(conn: Conn, tenant_id: UUID) -> list[Member]:
    """A tenant's active administrators: whom the platform tells what concerns the whole company."""
    return await queries.administrators(conn, tenant_id)


async def holders(conn: Conn, tenant_id: UUID, *needed: Permission) -> list[Member]:
    """A tenant's active people whose role gives them all of these permissions; the platform's are the staff."""
    roles = [role for role, given in ROLE_PERMISSIONS.items() if given.issuperset(needed)]
    return await queries.with_roles(conn, tenant_id, roles)


async def change_member(
    services: Services,
    actor: Actor,
    tenant_id: UUID,
    user_id: UUID,
    role: Role | None = None,
    status: MemberStatus | None = None,
) -> Member:
    """Change a member's role, deactivate or reactivate them; takes effect at once on every device.

    Raises:
        UnknownUser: not a member of this tenant.
        Invalid: the role does not fit the tenant.
        LastAdministrator: too few administrators would remain.
        UserLimitReached: reactivating would pass the plan's limit.
    """
    kit, now = services.get(Identity), clock.now()
    async with tenant_transaction(kit.db, tenant_id) as conn:
        await queries.lock_administrators(conn, tenant_id)
        member = await queries.get(conn, tenant_id, user_id)
        if member is None:
            raise UnknownUser
        new_role = clean_role(role, tenant_id) if role is not None else member.role
        new_status = status if status is not None else member.status
        await keep_administrators(conn, tenant_id, member, new_role, new_status)
        if new_status == MemberStatus.ACTIVE and member.status != MemberStatus.ACTIVE:
            await require_seat(conn, tenant_id)
        await queries.update(conn, tenant_id, user_id, new_role, new_status, now)
        ended = 0
        if new_status == MemberStatus.DEACTIVATED:
            ended = await grants.revoke_all(conn, tenant_id, user_id, actor.user_id, now)
        await audit.record(
            conn,
            actor,
            "user.deactivated" if new_status == MemberStatus.DEACTIVATED else "user.changed",
            category="user",
            resource_type="user",
            resource_id=str(user_id),
            details={
                "role": [member.role.value, new_role.value],
                "status": [member.status.value, new_status.value],
                "grants_revoked": ended,
            },
            tenant_id=tenant_id,
        )
        await announce(conn, user_id=user_id)
        changed = await queries.get(conn, tenant_id, user_id)
    if new_status == MemberStatus.DEACTIVATED:
        # The membership alone refuses these sessions already; ending them keeps a reactivation from reviving them.
        async with login_transaction(kit.db) as conn:
            await end_all(conn, user_id, "deactivated", now, tenant_id=tenant_id)
    kit.actors.purge(user_id=user_id)
    return changed or member


async def keep_administrators(conn: Conn, tenant_id: UUID, member: Member, role: Role, status: MemberStatus) -> None:
    needed, minimum = administrator(tenant_id)
    was = member.role == needed and member.status == MemberStatus.ACTIVE
    stays = role == needed and status == MemberStatus.ACTIVE
    if was and not stays and await queries.count_administrators(conn, tenant_id, needed, member.id) < minimum:
        raise LastAdministrator(minimum=minimum)


async def require_seat(conn: Conn, tenant_id: UUID) -> None:
    """Whether one more person fits into the plan, open invitations counted; the platform has no plan.

    Raises:
        UserLimitReached: none does.
    """
    role, _ = administrator(tenant_id)
    if role.internal:
        return
    tenant = await tenants.get(conn, tenant_id)
    if await queries.count_seats(conn, tenant_id, clock.now()) >= tenant.max_users:
        raise UserLimitReached(limit=tenant.max_users)
