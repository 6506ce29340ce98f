"""Permissions beyond roles: given, taken back, and looked up whenever somebody shows who they are."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, Permission, Scoped
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity.models.grants import (
    GRANTS_EACH,
    Grant,
    Granted,
    NamedGrant,
    Reason,
    granted,
    judge,
    may_give,
)
from alquimista.identity.models.problems import GrantExists, TooManyGrants, UnknownGrant, UnknownUser
from alquimista.identity.models.users import MemberStatus
from alquimista.identity.queries import grants as queries
from alquimista.identity.queries import members
from alquimista.identity.service.kit import Identity, announce
from alquimista.wiring import Services


async def granted_to(conn: Conn, tenant_id: UUID, user_id: UUID, now: datetime) -> Granted:
    """What a person's grants give them at this moment, under the app or the login role."""
    held = await queries.of_person(conn, tenant_id, user_id)
    return granted(list(held), now, ZoneInfo(held[0].time_zone)) if held else Granted()


async def list_grants(conn: Conn, tenant_id: UUID, now: datetime, limit: int, offset: int) -> tuple[list[Grant], int]:
    """One page of a tenant's grants in force, the newest first, and how many there are."""
    return await queries.list_grants(conn, tenant_id, now, limit, offset), await queries.count(conn, tenant_id, now)


async def named_grants(conn: Conn, tenant_id: UUID, now: datetime, limit: int, offset: int) -> list[NamedGrant]:
    """A page of a tenant's grants in force, the newest first, with the names of who has them and who gave them."""
    return await queries.list_named(conn, tenant_id, None, now, limit, offset)


async def grants_of(conn: Conn, tenant_id: UUID, user_id: UUID, now: datetime) -> list[NamedGrant]:
    """All grants in force of one person of the tenant, the newest first."""
    return await queries.list_named(conn, tenant_id, user_id, now, GRANTS_EACH, 0)


async def give(services: Services, actor: Actor, tenant_id: UUID, grant: Grant) -> Grant:
    """Give a person of the tenant a permission; it holds at once, on every device.

    Raises:
        GrantToOneself, NotYoursToGrant: the actor may not give this, or not to this person.
        UnknownUser: not an active member of the tenant.
        GrantExists, TooManyGrants: there is this one, or no room for another.
    """
    may_give(actor, grant.user_id, Permission(grant.permission))
    kit, now = services.get(Identity), grant.created_at
    async with tenant_transaction(kit.db, tenant_id) as conn:
        await members.lock_administrators(conn, tenant_id)
        member = await members.get(conn, tenant_id, grant.user_id)
        if member is None or member.status is not MemberStatus.ACTIVE:
            raise UnknownUser
        await queries.clear(conn, tenant_id, grant.user_id, now)
        if len(await queries.of_person(conn, tenant_id, grant.user_id)) >= GRANTS_EACH:
            raise TooManyGrants(limit=GRANTS_EACH)
        if not await queries.insert(conn, tenant_id, grant):
            raise GrantExists
        await _record(conn, actor, "grant.created", tenant_id, grant)
        await announce(conn, user_id=grant.user_id)
    kit.actors.purge(user_id=grant.user_id)
    return grant


async def take_back(services: Services, actor: Actor, tenant_id: UUID, grant_id: UUID) -> Grant:
    """Revoke a grant; it holds nowhere any more.

    Raises:
        UnknownGrant: none of this id is in force in the tenant.
    """
    kit = services.get(Identity)
    async with tenant_transaction(kit.db, tenant_id) as conn:
        grant = await queries.revoke(conn, tenant_id, grant_id, actor.user_id, clock.now())
        if grant is None:
            raise UnknownGrant
        await _record(conn, actor, "grant.revoked", tenant_id, grant)
        await announce(conn, user_id=grant.user_id)
    kit.actors.purge(user_id=grant.user_id)
    return grant


async def give_again(services: Services, actor: Actor, tenant_id: UUID, grant_id: UUID) -> Grant:
    """Give what was taken back to the same person, within the same limits; a grant of its own, by who gives it now.

    Raises:
        UnknownGrant: none of this id was taken back, or its end has come meanwhile.
        GrantToOneself, NotYoursToGrant, UnknownUser, GrantExists, TooManyGrants: as `give`.
    """
    assert actor.user_id is not None  # Grants are given by people.
    now = clock.now()
    before = await queries.revoked(services.db.tenant(tenant_id), tenant_id, grant_id, now)
    if before is None:
        raise UnknownGrant
    again = msgspec.structs.replace(before, id=clock.new_id(), granted_by=actor.user_id, created_at=now)
    return await give(services, actor, tenant_id, again)


async def check(
    services: Services, actor: Actor, permission: Permission, resource: Scoped | None, now: datetime
) -> tuple[bool, Reason]:
    """Whether the actor holds a permission now, for everything or for one thing, and why."""
    if actor.tenant_id is None or actor.user_id is None or actor.role is None:
        return (True, Reason.ROLE) if actor.may(permission) else (False, Reason.NOT_GRANTED)
    conn = services.db.tenant(actor.tenant_id)
    held = await queries.of_person(conn, actor.tenant_id, actor.user_id)
    zone = ZoneInfo(held[0].time_zone if held else "UTC")
    return judge(ROLE_PERMISSIONS[actor.role], list(held), permission, resource, now, zone)


async def _record(conn: Conn, actor: Actor, action: str, tenant_id: UUID, grant: Grant) -> None:
    await audit.record(
        conn,
        actor,
        action,
        category="user",
        resource_type="user",
        resource_id=str(grant.user_id),
        details={
            "grant": str(grant.id),
            "permission": grant.permission,
            "of": f"{grant.resource_type} {grant.resource_id}" if grant.resource_type else None,
            "days": grant.days,
            "minutes": [grant.from_minute, grant.until_minute] if grant.from_minute is not None else None,
            "expires_at": grant.expires_at.isoformat() if grant.expires_at else None,
        },
        tenant_id=tenant_id,
    )
