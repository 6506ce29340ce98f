"""Setting up, confirming and giving up the second factor."""

import hashlib
from uuid import UUID

import msgspec
import segno

from alquimista import clock
from alquimista.access import Actor
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Forbidden, Invalid, Problem
from alquimista.i18n import N_
from alquimista.identity.models.keys import totp_context
from alquimista.identity.models.problems import TotpCompulsory, TotpState
from alquimista.identity.models.sessions import Client
from alquimista.identity.models.totp import matching_step, new_recovery_codes, new_secret, provisioning_uri
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


async def enrol(services: Services, actor: Actor) -> Enrolment:
    """Store a new secret, not asked for until `confirm`; asking again replaces it.

    Raises:
        TotpState: a second factor is already in use.
    """
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
    codes = new_recovery_codes()
    hashes = [hashlib.sha256(text.replace("-", "").encode()).digest() for text in codes]
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
    kit, user_id, now = services.get(Identity), _person(actor), clock.now()
    if actor.role is not None and must_enrol(kit, actor.role, enrolled=False):
        raise TotpCompulsory
    await confirm_password(services, actor, password, client, "password")
    problem: Problem | None = None
    async with login_transaction(kit.db) as conn:
        account = await users.lock_by_id(conn, user_id)
        if account is None or not account.totp_enabled:
            raise TotpState
        if await take_code(conn, kit, account, code, now):
            await users.drop_totp(conn, user_id)
            await announce(conn, user_id=user_id)
            await note(conn, "auth.second_factor_off", client, account, actor.tenant_id)
        else:
            await fail(conn, account, account.email, client, actor.tenant_id, "wrong code", now)
            problem = Invalid.of("code", N_("The code is wrong or was used already."))
    if problem is not None:  # Raised out here, so that the failure's count is not rolled back.
        raise problem
    kit.actors.purge(user_id=user_id)


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden
    return actor.user_id
