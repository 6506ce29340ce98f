"""The life of sessions: opened, refreshed, listed, switched, ended."""

from datetime import datetime
from math import ceil
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Permission, Role
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import login_transaction
from alquimista.errors import Forbidden
from alquimista.identity.models.grants import Granted, beyond
from alquimista.identity.models.problems import InvalidRefresh, SessionEnded, UnknownSession, VouchedElsewhere
from alquimista.identity.models.sessions import (
    ACCESS_LIFE,
    REFRESH_LIFE,
    Client,
    Opened,
    Presented,
    SessionKind,
    SessionRow,
    Standing,
    Tokens,
    Verdict,
    new_token,
    successor_of,
    token_hash,
)
from alquimista.identity.models.users import Membership, clean_full_name, clean_user_locale
from alquimista.identity.queries import members, users
from alquimista.identity.queries import sessions as queries
from alquimista.identity.service.kit import Identity, announce, note
from alquimista.identity.service.tokens import mint
from alquimista.identity.service.viewing import end_views_over
from alquimista.wiring import Services


class Me(msgspec.Struct, frozen=True):
    """Who is signed in, and what they may do."""

    id: UUID
    email: str
    name: str
    role: Role
    tenant_id: UUID | None
    locale: str | None
    permissions: list[Permission]
    tenants: list[Membership]
    totp_enabled: bool
    totp_required: bool


async def open_session(
    conn: Conn,
    user_id: UUID,
    tenant_id: UUID,
    kind: SessionKind,
    client: Client,
    now: datetime,
    issuer: str | None = None,
) -> Opened:
    """A new session with its first token, always a fresh one; takes the login role."""
    session_id, token, expires_at = clock.new_id(), new_token(), now + REFRESH_LIFE
    await queries.insert(conn, session_id, user_id, tenant_id, kind, client, issuer, now, expires_at)
    await queries.insert_token(conn, token_hash(token), session_id, now, expires_at)
    return Opened(session_id, token, expires_at)


async def tokens_of(services: Services, opened: Opened) -> Tokens:
    """The tokens of a session just opened.

    Raises:
        SessionEnded: it was ended in the meantime.
    """
    kit, now = services.get(Identity), clock.now()
    standing = await queries.standing(kit.db.login(), opened.session_id, None)
    if standing is None or not standing.good(now, kit.idle):
        raise SessionEnded
    return await _tokens(kit, standing, opened, now)


async def _tokens(kit: Identity, standing: Standing, opened: Opened, now: datetime) -> Tokens:
    return Tokens(
        access_token=await mint(kit.keys, kit.settings, standing, now),
        refresh_token=opened.token,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        refresh_expires_in=max(0, ceil((opened.expires_at - now).total_seconds())),
    )


async def refresh(services: Services, token: str, client: Client) -> Tokens:
    """Exchange a refresh token for its successor and a new access token.

    Raises:
        InvalidRefresh: unknown, expired, revoked, or used before; the last ends the whole session.
    """
    kit, now, hashed = services.get(Identity), clock.now(), token_hash(token)
    conn = kit.db.login()
    # Hardly ever do two use a token at once: it is exchanged by one statement, if it is still as it was seen, and under
    # the family's lock only otherwise. A core serves 2.6 times as many as with a transaction for each.
    seen = await queries.presented(conn, hashed)
    opened = await _exchange(conn, kit, seen, token, now)
    if seen is not None and opened is None:
        async with login_transaction(kit.db) as locked:
            await queries.lock_family(locked, hashed)
            seen = await queries.presented(locked, hashed)
            opened = await _exchange(locked, kit, seen, token, now) or await _repeat(locked, kit, seen, token, client)
    if seen is None or opened is None:  # Raised out here, so that a revocation is not rolled back.
        raise InvalidRefresh
    return await _tokens(kit, seen, opened, now)


async def _exchange(conn: Conn, kit: Identity, seen: Presented | None, token: str, now: datetime) -> Opened | None:
    """The successor of a token that nobody has used; None for any other, and when somebody else was faster."""
    if seen is None or seen.verdict(now, kit.idle) is not Verdict.ROTATE:
        return None
    successor, expires_at = successor_of(token, kit.refresh_key), now + REFRESH_LIFE
    done = await queries.exchange(conn, seen, token_hash(token), token_hash(successor), now, expires_at)
    return Opened(seen.session_id, successor, expires_at) if done else None


async def _repeat(conn: Conn, kit: Identity, seen: Presented | None, token: str, client: Client) -> Opened | None:
    """The same successor again for the loser of a race. For anybody else none, and the end of the session."""
    now = clock.now()
    if seen is None:
        return None
    verdict = seen.verdict(now, kit.idle)
    if verdict is Verdict.REPEAT and seen.successor_expires_at is not None:
        return Opened(seen.session_id, successor_of(token, kit.refresh_key), seen.successor_expires_at)
    if verdict is Verdict.REUSE:
        await queries.revoke(conn, seen.session_id, seen.user_id, "refresh token reused", now)
        await announce(conn, session_id=seen.session_id)
        person = await users.by_id(conn, seen.user_id)
        await note(
            conn, "auth.refresh_reused", client, person, seen.tenant_id, failed=True, session=str(seen.session_id)
        )
    return None


async def logout(services: Services, actor: Actor, client: Client) -> str | None:
    """End the actor's own session; the external issuer that vouched for it, if any, to end its session too."""
    if actor.session_id is None or actor.user_id is None:
        return None
    kit = services.get(Identity)
    async with login_transaction(kit.db) as conn:
        standing = await queries.standing(conn, actor.session_id, None)
        await _end(conn, actor.user_id, actor.session_id, "logout", client)
    kit.actors.purge(session_id=actor.session_id)
    return standing.issuer if standing else None


async def logout_by_refresh(services: Services, token: str, client: Client) -> None:
    """End the session that a refresh token belongs to; says nothing when there is none."""
    kit = services.get(Identity)
    async with login_transaction(kit.db) as conn:
        session_id = await queries.lock_family(conn, token_hash(token))
        standing = await queries.standing(conn, session_id, None) if session_id else None
        if standing is not None:
            await _end(conn, standing.user_id, standing.session_id, "logout", client)


async def logout_everywhere(services: Services, actor: Actor, client: Client) -> int:
    """End all of a person's sessions, this one included; how many there were."""
    kit, user_id = services.get(Identity), _person(actor)
    async with login_transaction(kit.db) as conn:
        ended = await end_all(conn, user_id, "logout everywhere", clock.now())
        person = await users.by_id(conn, user_id)
        await note(conn, "auth.logout_all", client, person, actor.tenant_id, sessions=ended)
    kit.actors.purge(user_id=user_id)
    return ended


async def end_other_sessions(services: Services, actor: Actor, client: Client) -> int:
    """End all of a person's sessions but the one that asks; how many there were."""
    kit, user_id = services.get(Identity), _person(actor)
    async with login_transaction(kit.db) as conn:
        ended = await end_all(conn, user_id, "ended by its owner", clock.now(), besides=actor.session_id)
        person = await users.by_id(conn, user_id)
        await note(conn, "auth.logout_others", client, person, actor.tenant_id, sessions=ended)
    kit.actors.purge(user_id=user_id)
    return ended


async def end_all(
    conn: Conn,
    user_id: UUID,
    reason: str,
    now: datetime,
    *,
    besides: UUID | None = None,
    tenant_id: UUID | None = None,
) -> int:
    """End a person's sessions within the caller's transaction and tell every process; takes the login role."""
    ended = await queries.revoke_all(conn, user_id, reason, now, besides=besides, tenant_id=tenant_id)
    await end_views_over(conn, now)
    await announce(conn, user_id=user_id)
    return ended


async def list_sessions(services: Services, actor: Actor) -> list[SessionRow]:
    """The actor's open sessions on all devices, the latest used first."""
    kit, now = services.get(Identity), clock.now()
    return await queries.list_open(kit.db.login(), _person(actor), now, now - kit.idle)


async def end_session(services: Services, actor: Actor, session_id: UUID, client: Client) -> None:
    """End one of the actor's sessions, such as that of a lost phone.

    Raises:
        UnknownSession: it is not theirs, or not open.
    """
    kit = services.get(Identity)
    async with login_transaction(kit.db) as conn:
        if not await _end(conn, _person(actor), session_id, "ended by its owner", client):
            raise UnknownSession
    kit.actors.purge(session_id=session_id)


async def _end(conn: Conn, user_id: UUID, session_id: UUID, reason: str, client: Client) -> bool:
    if not await queries.revoke(conn, session_id, user_id, reason, clock.now()):
        return False
    await end_views_over(conn, clock.now(), client)
    await announce(conn, session_id=session_id)
    person = await users.by_id(conn, user_id)
    memberships = await members.of_user(conn, user_id)
    tenant_id = memberships[0].tenant_id if memberships else None
    await note(conn, "auth.logout", client, person, tenant_id, session=str(session_id))
    return True


async def switch_tenant(services: Services, actor: Actor, tenant_id: UUID | None, client: Client) -> str | None:
    """Make another of the person's tenants the active one (None: the platform, for staff).

    Answers a new access token, or None to a browser, whose cookie follows by itself.

    Raises:
        Forbidden: no active membership there.
        VouchedElsewhere: an external issuer opened this session, for the one tenant and role that it named.
    """
    kit, now, wanted = services.get(Identity), clock.now(), tenant_id or PLATFORM_TENANT
    if actor.session_id is None:
        raise Forbidden
    async with login_transaction(kit.db) as conn:
        standing = await queries.standing(conn, actor.session_id, wanted)
        if standing is None:
            await audit.reached_out(kit.db, kit.limiter, actor, "POST /auth/switch-tenant")
        if standing is None or not standing.good(now, kit.idle):
            raise Forbidden
        if standing.issuer is not None and wanted != (actor.tenant_id or PLATFORM_TENANT):
            raise VouchedElsewhere
        await queries.switch(conn, actor.session_id, wanted)
        await announce(conn, session_id=actor.session_id)
        person = await users.by_id(conn, standing.user_id)
        await note(conn, "auth.switch_tenant", client, person, wanted, session=str(actor.session_id))
    kit.actors.purge(session_id=actor.session_id)
    return None if actor.kind is ActorKind.SESSION else await mint(kit.keys, kit.settings, standing, now)


async def me(services: Services, actor: Actor) -> Me:
    """Who is signed in. Raises SessionEnded when the account is gone."""
    kit, user_id = services.get(Identity), _person(actor)
    account = await users.by_id(kit.db.login(), user_id)
    if account is None or actor.role is None:
        raise SessionEnded
    return Me(
        id=account.id,
        email=account.email,
        name=account.full_name,
        role=actor.role,
        tenant_id=actor.tenant_id,
        locale=account.locale,
        permissions=sorted(actor.permissions),
        tenants=[m for m in await members.of_user(kit.db.login(), user_id) if m.open],
        totp_enabled=account.totp_enabled,
        totp_required=must_enrol(kit, actor.role, enrolled=False),
    )


async def update_profile(services: Services, actor: Actor, full_name: str, locale: str | None) -> None:
    """Change one's own name and language (None follows the tenant or the browser). Raises Invalid."""
    kit, user_id = services.get(Identity), _person(actor)
    language = clean_user_locale(locale) if locale is not None else None
    async with login_transaction(kit.db) as conn:
        await users.update_profile(conn, user_id, clean_full_name(full_name), language, clock.now())
        await announce(conn, user_id=user_id)
    kit.actors.purge(user_id=user_id)


def must_enrol(kit: Identity, role: Role, *, enrolled: bool) -> bool:
    """Whether the person must set up a second factor before anything else opens."""
    return kit.settings.totp_required and role.internal and not enrolled


def _person(actor: Actor) -> UUID:
    if actor.user_id is None:
        raise Forbidden
    return actor.user_id


def actor_of(kit: Identity, standing: Standing, kind: ActorKind, granted: Granted) -> Actor:
    """The actor of a good session. A member of staff without the required second factor may only set it up."""
    permissions = ROLE_PERMISSIONS[standing.role] | granted.permissions
    if must_enrol(kit, standing.role, enrolled=standing.totp_confirmed_at is not None) and standing.issuer is None:
        permissions = frozenset({Permission.ACCOUNT_MANAGE})
    return Actor(
        kind=kind,
        permissions=permissions,
        role=standing.role,
        user_id=standing.user_id,
        tenant_id=None if standing.tenant_id == PLATFORM_TENANT else standing.tenant_id,
        email=standing.email,
        name=standing.full_name,
        session_id=standing.session_id,
        locale=standing.locale,
        groups=(standing.role.value,),
        scoped=granted.scoped,
        beyond=beyond(standing.role, granted),
    )
