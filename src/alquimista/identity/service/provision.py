"""People made from outside a request: the command line and the demonstration data."""

from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.errors import ForeignKeyViolation

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.identity.models.passwords import check_password
from alquimista.identity.models.problems import AlreadyMember, UnknownAccount
from alquimista.identity.models.users import User, UserStatus, clean_email, clean_full_name, clean_role
from alquimista.identity.queries import members, users
from alquimista.identity.service.kit import Identity, announce
from alquimista.tenants.models import UnknownTenant
from alquimista.wiring import Services


class Made(msgspec.Struct, frozen=True):
    """Who was made a member, and whether they are new; otherwise their password stands."""

    user_id: UUID
    new: bool


async def create_person(
    services: Services, tenant_id: UUID, email: str, full_name: str, role: Role, password: str, locale: str = "pt-BR"
) -> Made:
    """Make a person who may sign in, and a member of a tenant (the platform's for staff).

    A person who exists already joins the tenant and keeps their password.

    Raises:
        Invalid: the address, name, role or password breaks a rule.
        AlreadyMember: they belong to the tenant.
        UnknownTenant: there is no such tenant.
    """
    kit = services.get(Identity)
    person = User(clock.new_id(), clean_email(email), clean_full_name(full_name), locale, UserStatus.ACTIVE)
    clean_role(role, tenant_id)
    check_password(password, person.email)
    password_hash = await kit.hasher.hash(password)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        new = await users.insert(conn, person, now)
        if new:
            await users.set_password(conn, person.id, password_hash, now)
        account = await users.by_email(conn, person.email)
        assert account is not None
        if not await _join(conn, tenant_id, account.id, role, now):
            raise AlreadyMember
        await announce(conn, user_id=account.id)
        await audit.record(
            conn,
            None,
            "user.created",
            category="user",
            resource_type="user",
            resource_id=str(account.id),
            details={"role": role.value, "new": new},
            tenant_id=tenant_id,
        )
    return Made(account.id, new)


async def _join(conn: Conn, tenant_id: UUID, user_id: UUID, role: Role, now: datetime) -> bool:
    try:
        return await members.insert(conn, tenant_id, user_id, role, None, now)
    except ForeignKeyViolation:
        raise UnknownTenant from None


async def find_person(services: Services, email: str) -> UUID:
    """The id of the person with an address. Raises UnknownAccount."""
    account = await users.by_email(services.get(Identity).db.login(), clean_email(email))
    if account is None:
        raise UnknownAccount
    return account.id


async def count_internal_administrators(services: Services) -> int:
    """How many active INTERNAL_ADMINs there are; requirements 1.1 ask for two, so that staff cannot lock itself out."""
    conn = services.get(Identity).db.login()
    return await members.count_administrators(conn, PLATFORM_TENANT, Role.INTERNAL_ADMIN, PLATFORM_TENANT)
