"""Members of the staff who act without a request: on the command line, and by a command that a worker carries out."""

from dataclasses import replace
from uuid import UUID

from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.db.statement import Conn
from alquimista.identity.models.problems import NotStaff
from alquimista.identity.models.users import MemberStatus, UserStatus, clean_email
from alquimista.identity.queries import members, users


async def staff_actor(conn: Conn, email: str) -> Actor:
    """An active member of the staff, by their address; takes the login role's connection.

    Raises:
        Invalid: it is no address.
        NotStaff: nobody of the staff has it, or not any more.
    """
    account = await users.by_email(conn, clean_email(email))
    role = await _role(conn, account.id) if account and account.status is UserStatus.ACTIVE else None
    if account is None or role is None:
        raise NotStaff(email=email)
    return replace(_nobody(account.id), role=role, email=account.email, name=account.full_name)


async def author(conn: Conn, user_id: UUID) -> Actor:
    """Who gave a command, for what is done in their name since; their role as it is now, if they still have one."""
    account = await users.by_id(conn, user_id)
    found = replace(_nobody(user_id), role=await _role(conn, user_id))
    return replace(found, email=account.email, name=account.full_name) if account else found


def _nobody(user_id: UUID) -> Actor:
    return Actor(ActorKind.SYSTEM, frozenset(), user_id=user_id)


async def _role(conn: Conn, user_id: UUID) -> Role | None:
    for one in await members.of_user(conn, user_id):
        if one.tenant_id == PLATFORM_TENANT and one.status is MemberStatus.ACTIVE:
            return one.role
    return None
