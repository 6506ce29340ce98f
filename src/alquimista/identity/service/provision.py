"""People made from outside a request: the command line and the demonstration data."""

from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.db.tenancy import login_transaction
from alquimista.identity.models.passwords import check_password
from alquimista.identity.models.problems import AlreadyMember, UnknownUser
from alquimista.identity.models.sessions import Client
from alquimista.identity.models.users import User, UserStatus, clean_email, clean_full_name, clean_role
from alquimista.identity.queries import members, users
from alquimista.identity.service.kit import Identity, announce, note
from alquimista.wiring import Services

_COMMAND_LINE = Client("", "command line")


async def create_person(
    services: Services, tenant_id: UUID, email: str, full_name: str, role: Role, password: str, locale: str = "pt-BR"
) -> UUID:
    """Make a person who may sign in, and a member of a tenant (the platform's for staff); their id.

    A person who exists already joins the tenant and keeps their password.

    Raises:
        Invalid: the address, name, role or password breaks a rule.
        AlreadyMember: they belong to the tenant.
        psycopg.errors.ForeignKeyViolation: there is no such tenant.
    """
    kit = services.get(Identity)
    person = User(clock.new_id(), clean_email(email), clean_full_name(full_name), locale, UserStatus.ACTIVE)
    clean_role(role, tenant_id)
    check_password(password, person.email)
    password_hash = await kit.hasher.hash(password)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        if await users.insert(conn, person, now):
            await users.set_password(conn, person.id, password_hash, now)
        account = await users.by_email(conn, person.email)
        assert account is not None
        if not await members.insert(conn, tenant_id, account.id, role, None, now):
            raise AlreadyMember
        await announce(conn, user_id=account.id)
        await note(conn, "user.created", _COMMAND_LINE, account, tenant_id, role=role.value)
    return account.id


async def find_person(services: Services, email: str) -> UUID:
    """The id of the person with an address. Raises UnknownUser."""
    account = await users.by_email(services.get(Identity).db.login(), clean_email(email))
    if account is None:
        raise UnknownUser
    return account.id


async def count_internal_administrators(services: Services) -> int:
    """How many active INTERNAL_ADMINs there are; production needs two (requirements 1.1)."""
    kit = services.get(Identity)
    return await members.count_administrators(kit.db.login(), PLATFORM_TENANT, Role.INTERNAL_ADMIN, PLATFORM_TENANT)
