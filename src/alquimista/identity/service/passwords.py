"""Forgotten, reset and changed passwords."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Forbidden, Invalid
from alquimista.i18n import N_
from alquimista.identity.models.invitations import RESET_LIFE, RESETS_PER_HOUR
from alquimista.identity.models.passwords import check_password
from alquimista.identity.models.problems import InvalidLink, UnknownAccount
from alquimista.identity.models.sessions import Client, new_token, token_hash
from alquimista.identity.models.users import Account, UserStatus
from alquimista.identity.queries import invitations as links
from alquimista.identity.queries import users
from alquimista.identity.service.kit import Identity, note
from alquimista.identity.service.sessions import end_all
from alquimista.identity.service.signin import fail
from alquimista.jobs import queue
from alquimista.notifications import service as notifications
from alquimista.wiring import Services

RESET: Final = "reset"
SEND_RESET_LINK: Final = "identity.send_reset_link"


class ResetOf(msgspec.Struct, frozen=True):
    """The payload of the job that mails a reset link: the person, or nobody, and where the request came from."""

    user_id: UUID | None
    client: Client


async def forgot_password(services: Services, email: str, client: Client) -> None:
    """Promise a link to the owner of an address, if there is one. Does the same work, and says the same, if not."""
    kit = services.get(Identity)
    email = email.strip().lower()[:254].replace("\x00", "")
    async with login_transaction(kit.db) as conn:
        account = await users.by_email(conn, email)
        await note(conn, "auth.password_forgotten", client, account, None, failed=account is None, email=email)
        await queue.enqueue(conn, SEND_RESET_LINK, ResetOf(account.id if account else None, client))


async def send_reset_link(services: Services, _tenant_id: UUID | None, wanted: ResetOf) -> None:
    """Mail the link; at most three an hour to one person."""
    kit, now = services.get(Identity), clock.now()
    if wanted.user_id is None:
        return
    async with login_transaction(kit.db) as conn:
        account = await users.lock_by_id(conn, wanted.user_id)
        if account is None or account.status != UserStatus.ACTIVE:
            return
        if await links.recent_tokens(conn, account.id, RESET, now - timedelta(hours=1)) >= RESETS_PER_HOUR:
            return
        token = new_token()
        await links.insert_token(conn, token_hash(token), RESET, now, now + RESET_LIFE, user_id=account.id)
        await notifications.send_mail(
            conn,
            PLATFORM_TENANT,
            account.email,
            "password_reset",
            account.locale or wanted.client.locale,
            name=account.full_name,
            link=f"{kit.settings.public_url}/reset-password?token={token}",
            minutes=int(RESET_LIFE.total_seconds() // 60),
        )


async def reset_password(services: Services, token: str, password: str, client: Client) -> None:
    """Set a new password with a mailed link, open a locked account, and end every session.

    Raises:
        InvalidLink: used, expired or not genuine.
        Invalid: the password breaks a rule.
    """
    kit, hashed = services.get(Identity), token_hash(token)
    found = await links.read_token(kit.db.login(), hashed, RESET, clock.now())
    account = await users.by_id(kit.db.login(), found.user_id) if found and found.user_id else None
    if account is None or account.status == UserStatus.DEACTIVATED:
        raise InvalidLink
    check_password(password, account.email)
    password_hash = await kit.hasher.hash(password)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        if await links.use_token(conn, hashed, RESET, now) is None:
            raise InvalidLink
        await users.set_password(conn, account.id, password_hash, now)
        await links.drop_tokens(conn, account.id, RESET, now)
        await end_all(conn, account.id, "password reset", now)
        await note(conn, "auth.password_reset", client, account, None)
        await notifications.send_mail(
            conn,
            PLATFORM_TENANT,
            account.email,
            "password_changed",
            account.locale or client.locale,
            name=account.full_name,
            ip=client.ip,
        )
    kit.actors.purge(user_id=account.id)


async def change_password(services: Services, actor: Actor, current: str, password: str, client: Client) -> None:
    """Set a new password, knowing the present one; every other session ends.

    Raises:
        Invalid: the present password is wrong, or the new one breaks a rule.
    """
    kit = services.get(Identity)
    account = await confirm_password(services, actor, current, client, "current_password")
    check_password(password, account.email)
    password_hash = await kit.hasher.hash(password)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        await users.set_password(conn, account.id, password_hash, now)
        await links.drop_tokens(conn, account.id, RESET, now)
        await end_all(conn, account.id, "password changed", now, besides=actor.session_id)
        await note(conn, "auth.password_changed", client, account, actor.tenant_id)
        await notifications.send_mail(
            conn,
            PLATFORM_TENANT,
            account.email,
            "password_changed",
            account.locale or client.locale,
            name=account.full_name,
            ip=client.ip,
        )
    kit.actors.purge(user_id=account.id)


async def confirm_password(services: Services, actor: Actor, password: str, client: Client, field: str) -> Account:
    """The actor's account, once they have shown that they know its password. Failures count as those of sign-in do.

    Raises:
        Invalid: the password is wrong, or the account is locked after repeated failures.
    """
    kit, now = services.get(Identity), clock.now()
    if actor.user_id is None:
        raise Forbidden
    account = await users.by_id(kit.db.login(), actor.user_id)
    proven = await kit.hasher.verify(password, account.password_hash if account else None)
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    if account is None or not proven or locked:
        async with login_transaction(kit.db) as conn:
            await fail(conn, account, actor.email, client, actor.tenant_id, "wrong password", now)
        raise Invalid.of(field, N_("This is not your present password, or the account is locked for some minutes."))
    return account


async def set_password(services: Services, user_id: UUID, password: str) -> None:
    """Set a person's password from the command line and end every session. Raises Invalid, UnknownAccount."""
    kit = services.get(Identity)
    account = await users.by_id(kit.db.login(), user_id)
    if account is None:
        raise UnknownAccount
    check_password(password, account.email)
    password_hash = await kit.hasher.hash(password)
    async with login_transaction(kit.db) as conn:
        now = clock.now()
        await users.set_password(conn, user_id, password_hash, now)
        await end_all(conn, user_id, "password reset", now)
        await audit.record(
            conn, None, "user.password_set", category="user", resource_type="user", resource_id=str(user_id)
        )
