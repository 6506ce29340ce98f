"""Signing in with e-mail, password and second factor.

Whatever is wrong, the answer and its time are the same; who was right learns more. The password is checked outside the
transaction, since it takes a quarter of a second; the transaction then looks again at what may have changed meanwhile.
"""

import base64
import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.db.crypto import Sealed, SealError
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Problem
from alquimista.http.proxies import limit_group
from alquimista.http.routes import Limit
from alquimista.identity.models.keys import totp_context
from alquimista.identity.models.passwords import lock_until
from alquimista.identity.models.problems import AccountInactive, TotpRequired, WrongCode, WrongCredentials
from alquimista.identity.models.sessions import Client, Opened, SessionKind
from alquimista.identity.models.totp import matching_step, recovery_hash
from alquimista.identity.models.users import Account, Membership, UserStatus
from alquimista.identity.queries import members, users
from alquimista.identity.service.kit import Identity, note
from alquimista.identity.service.sessions import open_session
from alquimista.notifications import service as notifications
from alquimista.wiring import Services

ATTEMPTS: Final = Limit(count=5, seconds=60, per=(), exact=True)
_CHALLENGE_LIFE: Final = timedelta(minutes=5)
_CHALLENGE: Final = b"identity.challenge"
# Unknown accounts take the same statements as known ones, on a person that does not exist.
_NOBODY: Final = PLATFORM_TENANT


class SignedIn(msgspec.Struct, frozen=True):
    """A session just opened, for whom, and where."""

    opened: Opened
    account: Account
    membership: Membership


class _Challenge(msgspec.Struct, frozen=True):
    """A right password, remembered until the second factor follows."""

    user_id: UUID
    password_changed_at: datetime | None
    expires_at: datetime


async def sign_in(
    services: Services, email: str, password: str, totp: str, kind: SessionKind, client: Client
) -> SignedIn:
    """Open a session for who knows the password and, when enrolled, holds the second factor.

    Raises:
        WrongCredentials: unknown account, wrong password, or locked; all alike, in words and in time.
        TotpRequired: the password was right and a code is needed; with a challenge for `continue_browser_session`.
        WrongCode: the password was right, the code was not.
        AccountInactive: password right, but no active membership to enter with.
        TooManyRequests: more than 5 attempts a minute from one address at one account.
        Unavailable: too many passwords wait to be checked already.
    """
    kit = services.get(Identity)
    kit.hasher.admit()  # Who is sent away used none of their attempts, and the database is not asked about a crowd.
    email = email.strip().lower()[:254].replace("\x00", "")
    await _count_attempt(kit, email, client)
    account = await users.by_email(kit.db.login(), email)
    proven = await kit.hasher.verify(password, account.password_hash if account else None)
    return await _enter(kit, account, email, totp, kind, client, proven=proven)


async def open_browser_session(services: Services, email: str, password: str, totp: str, client: Client) -> SignedIn:
    """A browser's session, whose cookie guards.session_cookie makes. Raises as sign_in does."""
    return await sign_in(services, email, password, totp, SessionKind.BROWSER, client)


async def continue_browser_session(services: Services, challenge: str, totp: str, client: Client) -> SignedIn:
    """The second step: TotpRequired's challenge, good for five minutes, and a code. Raises as sign_in does."""
    kit = services.get(Identity)
    proof = _read_challenge(kit, challenge)
    account = await users.by_id(kit.db.login(), proof.user_id) if proof else None
    if proof is None or account is None or account.password_changed_at != proof.password_changed_at:
        raise WrongCredentials
    await _count_attempt(kit, account.email, client)
    return await _enter(kit, account, account.email, totp, SessionKind.BROWSER, client, proven=True)


async def _count_attempt(kit: Identity, email: str, client: Client) -> None:
    subject = hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    await kit.limiter.take(f"sign-in|{subject}|{limit_group(client.ip)}", ATTEMPTS)


async def _enter(
    kit: Identity, seen: Account | None, email: str, totp: str, kind: SessionKind, client: Client, *, proven: bool
) -> SignedIn:
    async with login_transaction(kit.db) as conn:
        outcome = await _judge(conn, kit, seen, email, totp, kind, client, proven=proven)
    if isinstance(outcome, Problem):  # Raised out here, so that the failure's audit is not rolled back.
        raise outcome
    return outcome


async def _judge(
    conn: Conn,
    kit: Identity,
    seen: Account | None,
    email: str,
    totp: str,
    kind: SessionKind,
    client: Client,
    *,
    proven: bool,
) -> SignedIn | Problem:
    now = clock.now()
    account = await users.lock_by_id(conn, seen.id if seen else _NOBODY)
    memberships = await members.of_user(conn, account.id if account else _NOBODY)
    tenant_id = memberships[0].tenant_id if memberships else None
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    changed = account is not None and seen is not None and account.password_hash != seen.password_hash
    if account is None or not proven or locked or changed:
        await fail(conn, account, email, client, tenant_id, "locked" if locked else "wrong password", now)
        return WrongCredentials()
    membership = best_membership(memberships)
    if account.status != UserStatus.ACTIVE or membership is None:
        await note(conn, "auth.login", client, account, tenant_id, failed=True, reason="no active access")
        return AccountInactive()
    if account.totp_enabled:
        if not totp:
            return TotpRequired(_challenge(kit, account, now))
        if not await take_code(conn, kit, account, totp, now):
            await fail(conn, account, email, client, membership.tenant_id, "wrong code", now)
            return WrongCode()
    await users.succeed(conn, account.id, now)
    opened = await open_session(conn, account.id, membership.tenant_id, kind, client, now)
    await note(conn, "auth.login", client, account, membership.tenant_id, session=str(opened.session_id))
    return SignedIn(opened, account, membership)


def best_membership(memberships: list[Membership]) -> Membership | None:
    """Where a sign-in leads: staff to the platform, others to the tenant they joined first."""
    ready = [membership for membership in memberships if membership.open]
    return min(ready, key=lambda membership: not membership.role.internal, default=None)


async def fail(
    conn: Conn,
    account: Account | None,
    email: str,
    client: Client,
    tenant_id: UUID | None,
    reason: str,
    now: datetime,
) -> None:
    """Count a failure and audit it; from the fifth in a row on, lock the account and tell its owner by mail."""
    failures = await users.count_failure(conn, account.id if account else _NOBODY, now)
    await note(conn, "auth.login", client, account, tenant_id, failed=True, reason=reason, email=email)
    until = lock_until(failures, now) if failures else None
    if account is None or until is None:
        return
    await users.lock(conn, account.id, until)
    await note(conn, "auth.locked", client, account, tenant_id, until=until.isoformat())
    await notifications.send_mail(
        conn,
        PLATFORM_TENANT,
        account.email,
        "account_locked",
        account.locale or client.locale,
        name=account.full_name,
        minutes=int((until - now).total_seconds() // 60),
        ip=client.ip,
    )


async def take_code(conn: Conn, kit: Identity, account: Account, code: str, now: datetime) -> bool:
    """Use a code of the authenticator app, or a recovery code. Each works once."""
    hashed = recovery_hash(code)
    if hashed is not None:
        return await users.use_recovery(conn, account.id, hashed)
    secret = totp_secret(kit, account)
    step = matching_step(secret, code.replace(" ", ""), now) if secret else None
    return step is not None and await users.use_step(conn, account.id, step)


def totp_secret(kit: Identity, account: Account) -> str | None:
    """The person's TOTP secret in clear."""
    if account.totp_ciphertext is None or account.totp_key_id is None:
        return None
    sealed = Sealed(account.totp_key_id, account.totp_ciphertext)
    return kit.sealer.open(sealed, totp_context(account.id)).decode()


def _challenge(kit: Identity, account: Account, now: datetime) -> str:
    proof = _Challenge(account.id, account.password_changed_at, now + _CHALLENGE_LIFE)
    sealed = kit.sealer.seal(msgspec.json.encode(proof), _CHALLENGE)
    return base64.urlsafe_b64encode(sealed.key_id.encode() + b"\0" + sealed.ciphertext).decode()


def _read_challenge(kit: Identity, challenge: str) -> _Challenge | None:
    try:
        key_id, _, ciphertext = base64.urlsafe_b64decode(challenge).partition(b"\0")
        clear = kit.sealer.open(Sealed(key_id.decode(), ciphertext), _CHALLENGE)
    except (ValueError, SealError):
        return None
    proof = msgspec.json.decode(clear, type=_Challenge)
    return proof if proof.expires_at > clock.now() else None
