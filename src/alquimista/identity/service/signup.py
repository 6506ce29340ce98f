"""Strangers who open an account: the address is confirmed first, password and company follow with the link.

The password is asked only of who holds the mailbox. Were it asked before, somebody could choose a password for another
person's address and wait for its owner to confirm.
"""

from datetime import timedelta
from typing import Final

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.identity.models.invitations import CONFIRM_LIFE, RESETS_PER_HOUR
from alquimista.identity.models.passwords import check_password
from alquimista.identity.models.problems import InvalidLink, SignupClosed
from alquimista.identity.models.sessions import Client, new_token, token_hash
from alquimista.identity.models.users import User, UserStatus, clean_email, clean_full_name
from alquimista.identity.queries import invitations as links
from alquimista.identity.queries import members, users
from alquimista.identity.service.kit import Identity, note
from alquimista.notifications import service as notifications
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant, UnknownTenant
from alquimista.wiring import Services

CONFIRM: Final = "confirm"


class SignedUp(msgspec.Struct, frozen=True):
    """The new administrator's address; they sign in next."""

    email: str


async def sign_up(services: Services, email: str, full_name: str, client: Client) -> None:
    """Mail a link to an address: to go on, or, when it has an account, to say so. The caller learns nothing.

    Raises:
        SignupClosed: the setting is off.
        Invalid: the address or the name is wrong.
    """
    kit, now = services.get(Identity), clock.now()
    if not kit.settings.signup_enabled:
        raise SignupClosed
    person = User(clock.new_id(), clean_email(email), clean_full_name(full_name), client.locale, UserStatus.PENDING)
    token = new_token()
    async with login_transaction(kit.db) as conn:
        await users.insert(conn, person, now)
        account = await users.by_email(conn, person.email)
        assert account is not None
        await note(conn, "auth.signup", client, account, None)
        if await links.recent_tokens(conn, account.id, CONFIRM, now - timedelta(hours=1)) >= RESETS_PER_HOUR:
            return
        # Stored in both cases, so that the hourly bound holds for both; only a pending account's link can be used.
        await links.insert_token(conn, token_hash(token), CONFIRM, now, now + CONFIRM_LIFE, user_id=account.id)
        pending = account.status == UserStatus.PENDING
        page = f"confirm-signup?token={token}" if pending else "login"
        await notifications.send_mail(
            conn,
            PLATFORM_TENANT,
            account.email,
            "signup_confirm" if pending else "signup_exists",
            account.locale or client.locale,
            name=account.full_name,
            link=f"{kit.settings.public_url}/{page}",
            days=CONFIRM_LIFE.days,
        )


async def read_signup(services: Services, token: str) -> User:
    """Whose address a link confirms. Raises InvalidLink."""
    kit = services.get(Identity)
    found = await links.read_token(kit.db.login(), token_hash(token), CONFIRM, clock.now())
    account = await users.by_id(kit.db.login(), found.user_id) if found and found.user_id else None
    if account is None or account.status != UserStatus.PENDING:
        raise InvalidLink
    return User(account.id, account.email, account.full_name, account.locale, account.status)


async def confirm_signup(services: Services, token: str, password: str, company: NewTenant, client: Client) -> SignedUp:
    """Open the company with its first TENANT_ADMIN.

    The company and the person are written by different roles, so in two transactions. The company takes the person's
    id: a second try after a crash in between finds it, instead of making another.

    Raises:
        InvalidLink: used, expired or not genuine.
        Invalid: the password or the company breaks a rule.
        CnpjTaken: another company has the number.
    """
    kit = services.get(Identity)
    if not kit.settings.signup_enabled:
        raise SignupClosed
    person = await read_signup(services, token)
    check_password(password, person.email)
    now = clock.now()
    tenant = tenants.prepare(company, person.id, now)
    password_hash = await kit.hasher.hash(password)
    async with tenant_transaction(kit.db, tenant.id) as conn:
        try:
            await tenants.get(conn, tenant.id)
        except UnknownTenant:
            await tenants.create(conn, None, tenant)
        await members.insert(conn, tenant.id, person.id, Role.TENANT_ADMIN, None, now)
    async with login_transaction(kit.db) as conn:
        if await links.use_token(conn, token_hash(token), CONFIRM, now) is None:
            raise InvalidLink
        await users.activate(conn, person.id, now)
        await users.set_password(conn, person.id, password_hash, now)
        await links.drop_tokens(conn, person.id, CONFIRM, now)
        await note(conn, "auth.signup_confirmed", client, person, tenant.id)
    return SignedUp(person.email)
