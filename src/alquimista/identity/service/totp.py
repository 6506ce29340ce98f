"""Setting up, confirming and giving up the second factor."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec
import segno

from alquimista import clock
from alquimista.access import Actor
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Forbidden, Invalid
from alquimista.i18n import N_
from alquimista.identity.models.keys import totp_context
from alquimista.identity.models.problems import SessionEnded, TotpCompulsory, TotpState
from alquimista.identity.models.sessions import Client
from alquimista.identity.models.totp import matching_step, new_recovery_codes, new_secret, provisioning_uri
from alquimista.identity.models.users import Account
from alquimista.identity.queries import users
from alquimista.identity.service.kit import Identity, announce, note
from alquimista.identity.service.passwords import confirm_password
from alquimista.identity.service.sessions import must_enrol
from alquimista.identity.service.signin import fail, take_code, totp_secret
from alquimista.wiring import Services


class Enrolment(msgspec.Struct, frozen=True):
    """What the authenticator app needs, as text and as a QR code. Shown once, useless until confirmed."""

    secret: str
    uri: str
    qr_svg: str


class Protection(msgspec.Struct, frozen=True):
    """What protects an account. Without a password an external service vouches for the person."""

    password: bool
    password_changed_at: datetime | None
    second_factor_since: datetime | None
    recovery_codes: int  # Those that are left.
    compulsory: bool  # Whether the role must keep a second factor.


async def protection(services: Services, actor: Actor) -> Protection:
    """What protects the actor's own account. Raises SessionEnded when it is gone."""
    kit = services.get(Identity)
    account = await users.by_id(kit.db.login(), _person(actor))
    if account is None:
        raise SessionEnded
    return Protection(
        password=account.password_hash is not None,
        password_changed_at=account.password_changed_at,
        second_factor_since=account.totp_confirmed_at,
        recovery_codes=len(account.recovery_hashes),
        compulsory=actor.role is not None and must_enrol(kit, actor.role, enrolled=False),
    )


async def enrol(services: Services, actor: Actor, password: str, client: Client) -> Enrolment:
    """Store a new secret, not asked for until `confirm`; asking again replaces it.

    Who sits down at somebody's open browser could otherwise lock its owner out with a factor of their own.

    Raises:
        Invalid: the password is wrong.
        TotpState: a second factor is already in use.
    """
    await confirm_password(services, actor, password, client, "password")
    kit, user_id, secret = services.get(Identity), _person(actor), new_secret()
    sealed = kit.sealer.seal(secret.encode(), totp_context(user_id))
    if not await users.set_totp(kit.db.login(), user_id, sealed.key_id, sealed.ciphertext):
        raise TotpState
    uri = provisioning_uri(secret, actor.email)
    return Enrolment(secret, uri, segno.make(uri, error="m").svg_inline(scale=4, border=2))


async def confirm(services: Services, actor: Actor, code: str, client: Client) -> list[str]:
    """Take the first code into use; ten recovery codes, known only now.

    Raises:
        TotpState: nothing was enrolled, or it is confirmed already.
        Invalid: the code is wrong.
    """
    kit, user_id, now = services.get(Identity), _person(actor), clock.now()
    codes, hashes = _fresh_codes()
    async with login_transaction(kit.db) as conn:
        account = await users.lock_by_id(conn, user_id)
        secret = totp_secret(kit, account) if account else None
        if account is None or secret is None or account.totp_enabled:
            raise TotpState
        step = matching_step(secret, code.replace(" ", ""), now)
        if step is None or not await users.use_step(conn, user_id, step):
            raise Invalid.of("code", N_("The code is wrong or was used already. Type the one that the app shows now."))
        await users.confirm_totp(conn, user_id, hashes, now)
        await announce(conn, user_id=user_id)
        await note(conn, "auth.second_factor_on", client, account, actor.tenant_id)
    kit.actors.purge(user_id=user_id)
    return codes


async def disable(services: Services, actor: Actor, password: str, code: str, client: Client) -> None:
    """Give up the second factor, with the password and a code (or a recovery code).

    Raises:
        TotpCompulsory: the role must keep it.
        TotpState: there is none.
        Invalid: the password or the code is wrong.
    """
    kit = services.get(Identity)
    if actor.role is not None and must_enrol(kit, actor.role, enrolled=False):
        raise TotpCompulsory
    async with _proven(services, actor, password, code, client) as (conn, account):
        await users.drop_totp(conn, account.id)
        await announce(conn, user_id=account.id)
        await note(conn, "auth.second_factor_off", client, account, actor.tenant_id)
    kit.actors.purge(user_id=_person(actor))


async def renew_recovery_codes(services: Services, actor: Actor, password: str, code: str, client: Client) -> list[str]:
    """Ten new recovery codes in the place of all before, with the password and a code; known only now.

    Raises:
        TotpState: there is no second factor.
        Invalid: the password or the code is wrong.
    """
    codes, hashes = _fresh_codes()
    async with _proven(services, actor, password, code, client) as (conn, account):
        await users.set_recovery(conn, account.id, hashes)
        await note(conn, "auth.recovery_codes_renewed", client, account, actor.tenant_id)
    return codes


@asynccontextmanager
async def _proven(
    services: Services, actor: Actor, password: str, code: str, client: Client
) -> AsyncIterator[tuple[Conn, Account]]:
    """A transaction of the actor's account, held, once its password and a code of its second factor are shown."""
    kit, user_id, now = services.get(Identity), _person(actor), clock.now()
    await confirm_password(services, actor, password, client, "password")
    async with login_transaction(kit.db) as conn:
        account = await users.lock_by_id(conn, user_id)
        if account is None or not account.totp_enabled:
            raise TotpState
        proven = await take_code(conn, kit, account, code, now)
        if proven:
            yield conn, account
        else:
            await fail(conn, account, account.email, client, actor.tenant_id, "wrong code", now)
    if not proven:  # Raised out here, so that the failure's count is not rolled back.
        raise Invalid.of("code", N_("The code is wrong or was used already."))


def _fresh_codes() -> tuple[list[str], list[bytes]]:
    """Recovery codes, and what is stored of them."""
    codes = new_recovery_codes()
    return codes, [hashlib.sha256(text.replace("-", "").encode()).digest() for text in codes]


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden
    return actor.user_id
