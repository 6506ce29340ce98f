"""People who sign in at the external issuer: their tokens here, and their browser's sign-in.

The issuer says who somebody is and in which role; what is deactivated here stays closed whatever the issuer says.
"""

import base64
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import msgspec
from psycopg.errors import ForeignKeyViolation

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind
from alquimista.db.crypto import Sealed, SealError
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Invalid, Problem
from alquimista.identity.gateway import Issuer
from alquimista.identity.models.grants import beyond
from alquimista.identity.models.oidc import External, local_path, read_external
from alquimista.identity.models.problems import LastAdministrator, OidcNotConfigured, OidcRefused
from alquimista.identity.models.sessions import Client, SessionKind
from alquimista.identity.models.users import Member, Membership, MemberStatus, User, UserStatus, clean_email
from alquimista.identity.queries import members, users
from alquimista.identity.service.grants import granted_to
from alquimista.identity.service.kit import Identity, announce, note
from alquimista.identity.service.members import keep_administrators, require_seat
from alquimista.identity.service.sessions import open_session
from alquimista.identity.service.signin import SignedIn
from alquimista.identity.service.tokens import peek
from alquimista.wiring import Services

_FLOW: Final = b"identity.oidc"
FLOW_LIFE: Final = timedelta(minutes=10)
_NOWHERE: Final = Client("", "")


class _Flow(msgspec.Struct, frozen=True):
    """A browser's sign-in under way, sealed in its cookie."""

    state: str
    nonce: str
    verifier: str
    redirect: str
    expires_at: datetime


def _issuer(kit: Identity) -> Issuer:
    if kit.issuer is None:
        raise OidcNotConfigured
    return kit.issuer


async def start_oidc(services: Services, redirect: str | None) -> tuple[str, str]:
    """Where to send the browser, and the value of the cookie that it must bring back within ten minutes.

    Raises:
        OidcNotConfigured, IssuerDown: as they say.
    """
    kit = services.get(Identity)
    issuer = _issuer(kit)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    flow = _Flow(state, nonce, verifier, local_path(redirect, "/app"), clock.now() + FLOW_LIFE)
    sealed = kit.sealer.seal(msgspec.json.encode(flow), _FLOW)
    cookie = base64.urlsafe_b64encode(sealed.key_id.encode() + b"\0" + sealed.ciphertext).decode()
    return await issuer.authorization_url(state, nonce, verifier), cookie


async def finish_oidc(services: Services, cookie: str, state: str, code: str, client: Client) -> tuple[SignedIn, str]:
    """Open a browser's session for who comes back from the issuer; and the path that they wanted.

    Raises:
        OidcRefused: another browser's flow, an old one, or a token that is not for us or for nobody of ours.
        IssuerDown: the issuer does not answer.
    """
    kit = services.get(Identity)
    issuer, flow = _issuer(kit), _read_flow(kit, cookie)
    if flow is None or not hmac.compare_digest(flow.state.encode(), state.encode()):
        raise OidcRefused
    token = await issuer.exchange(code, flow.verifier)
    external = read_external(await issuer.verify(token, peek(token)[0].get("kid")))
    if external.nonce != flow.nonce:
        raise OidcRefused
    user, membership = await admit(kit, external, client)
    now = clock.now()
    async with login_transaction(kit.db) as conn:
        await users.succeed(conn, user.id, now)
        opened = await open_session(
            conn, user.id, membership.tenant_id, SessionKind.BROWSER, client, now, external.issuer
        )
        await note(conn, "auth.login", client, user, membership.tenant_id, issuer=external.issuer)
        account = await users.by_id(conn, user.id)
    assert account is not None
    return SignedIn(opened, account, membership), flow.redirect


def _read_flow(kit: Identity, cookie: str) -> _Flow | None:
    try:
        key_id, _, ciphertext = base64.urlsafe_b64decode(cookie).partition(b"\0")
        clear = kit.sealer.open(Sealed(key_id.decode(), ciphertext), _FLOW)
    except (ValueError, SealError):
        return None
    flow = msgspec.json.decode(clear, type=_Flow)
    return flow if flow.expires_at > clock.now() else None


async def actor_of_external_token(kit: Identity, token: str, digest: bytes) -> Actor:
    """The actor of an API token of the issuer.

    Raises:
        OidcRefused: not genuine, not for us, or for nobody of ours.
        IssuerDown: its keys cannot be fetched.
    """
    generation = kit.actors.generation
    external = read_external(await _issuer(kit).verify(token, peek(token)[0].get("kid")))
    user, membership = await admit(kit, external, _NOWHERE)
    granted = await granted_to(kit.db.login(), membership.tenant_id, user.id, clock.now())
    actor = Actor(
        kind=ActorKind.TOKEN,
        permissions=ROLE_PERMISSIONS[external.role] | granted.permissions,
        role=external.role,
        user_id=user.id,
        tenant_id=None if membership.tenant_id == PLATFORM_TENANT else membership.tenant_id,
        email=user.email,
        name=user.full_name,
        locale=user.locale,
        groups=(external.role.value,),
        scoped=granted.scoped,
        beyond=beyond(external.role, granted),
    )
    until = external.expires_at if granted.until is None else min(external.expires_at, granted.until)
    kit.actors.put(digest, actor, until, generation)
    return actor


async def logout_url(services: Services) -> str | None:
    """Where a browser ends its session at the issuer, for sessions that the issuer vouched for."""
    kit = services.get(Identity)
    return await kit.issuer.logout_url() if kit.issuer is not None else None


async def admit(kit: Identity, external: External, client: Client) -> tuple[User, Membership]:
    """The person and membership of an external identity, made or brought up to date when they differ.

    Raises:
        OidcRefused: deactivated here, an unknown tenant, or an unknown person without a verified address.
        UserLimitReached: the plan has no seat for a new person.
    """
    conn = kit.db.login()
    user = await users.by_identity(conn, external.issuer, external.subject)
    if user is not None and user.status == UserStatus.ACTIVE:
        membership = _in(await members.of_user(conn, user.id), external)
        if membership is not None and membership.open and membership.role == external.role:
            return user, membership
    try:
        async with login_transaction(kit.db) as conn:
            return await _provision(conn, user, external, client)
    except ForeignKeyViolation:
        refusal: Problem = OidcRefused()
    except OidcRefused as problem:
        refusal = problem
    async with login_transaction(kit.db) as conn:
        await note(
            conn, "auth.login", client, user, None, failed=True, issuer=external.issuer, subject=external.subject
        )
    raise refusal


def _in(memberships: list[Membership], external: External) -> Membership | None:
    return next((m for m in memberships if m.tenant_id == external.tenant_id), None)


async def _provision(conn: Conn, known: User | None, external: External, client: Client) -> tuple[User, Membership]:
    now = clock.now()
    user = known or await _link(conn, external, client, now)
    if user.status == UserStatus.DEACTIVATED:
        raise OidcRefused
    await members.lock_administrators(conn, external.tenant_id)
    membership = _in(await members.of_user(conn, user.id), external)
    if membership is None:
        await require_seat(conn, external.tenant_id)
        await members.insert(conn, external.tenant_id, user.id, external.role, None, now)
        await note(conn, "user.joined", client, user, external.tenant_id, issuer=external.issuer)
    elif not membership.open:
        raise OidcRefused
    elif membership.role != external.role:
        member = Member(user.id, user.email, user.full_name, membership.role, membership.status, now, None)
        try:
            await keep_administrators(conn, external.tenant_id, member, external.role, MemberStatus.ACTIVE)
        except LastAdministrator:
            return user, membership  # The tenant keeps its administrator; a token still opens no more than it says.
        await members.update(conn, external.tenant_id, user.id, external.role, MemberStatus.ACTIVE, now)
        await announce(conn, user_id=user.id)
        await note(conn, "user.changed", client, user, external.tenant_id, role=external.role.value)
    found = _in(await members.of_user(conn, user.id), external)
    if found is None or not found.open:
        raise OidcRefused
    return user, found


async def _link(conn: Conn, external: External, client: Client, now: datetime) -> User:
    """The person with the verified address of a new identity, made when there is none."""
    if external.email is None:
        raise OidcRefused
    try:
        email = clean_email(external.email)
    except Invalid:
        raise OidcRefused from None
    fresh = User(clock.new_id(), email, external.name, None, UserStatus.ACTIVE)
    await users.insert(conn, fresh, now)
    account = await users.by_email(conn, email)
    if account is None or account.status == UserStatus.DEACTIVATED:
        raise OidcRefused
    await users.activate(conn, account.id, now)
    await users.link(conn, external.issuer, external.subject, account.id, now)
    user = User(account.id, account.email, account.full_name, account.locale, UserStatus.ACTIVE)
    await note(conn, "user.linked", client, user, external.tenant_id, issuer=external.issuer)
    return user
