"""From what a request presents to who it is: access tokens, API keys, session cookies, the issuer's tokens."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from alquimista import clock
from alquimista.access import SCOPE_PERMISSIONS, VIEW_PERMISSIONS, Actor, ActorKind, Permission
from alquimista.identity.models.api_keys import KEY_PREFIX
from alquimista.identity.models.grants import Granted
from alquimista.identity.models.problems import InvalidToken, SessionEnded, TenantSuspended
from alquimista.identity.models.sessions import TOUCH_EVERY, Standing, viewing_of
from alquimista.identity.queries import api_keys, sessions
from alquimista.identity.service.grants import granted_to
from alquimista.identity.service.kit import Identity
from alquimista.identity.service.oidc import actor_of_external_token
from alquimista.identity.service.sessions import actor_of
from alquimista.identity.service.tokens import peek, verify
from alquimista.wiring import Services


async def by_bearer(services: Services, token: str) -> Actor:
    """The actor of an access token of ours, of an API key, or of a token of the external issuer.

    Raises:
        InvalidToken: forged, expired, revoked or unknown.
        SessionEnded: genuine, but its session is over.
        TenantSuspended: a good key of a suspended company.
    """
    kit = services.get(Identity)
    digest = _digest(token)
    known = kit.actors.get(digest)
    if known is not None:
        return known
    if token.startswith(KEY_PREFIX):
        return await _by_key(kit, digest)
    if kit.issuer is not None and peek(token)[1].get("iss") == kit.settings.oidc_issuer:
        return await actor_of_external_token(kit, token, digest)
    return await _by_access_token(kit, token, digest)


def remembered_bearer(services: Services, token: str) -> Callable[[], Actor | None]:
    """Asks whether `by_bearer` would answer without a look at the database, and whom."""
    return partial(services.get(Identity).actors.get, _digest(token))


async def by_cookie(services: Services, cookie: str, *, passive: bool = False) -> Actor | None:
    """The actor of a browser's session; None when it is over or was never one.

    A `passive` request, which a page sends by itself, is no use of the session: it does not prolong it, and is
    remembered for its like alone, so that the next request of a person is noted.
    """
    kit = services.get(Identity)
    digest = _digest(cookie)
    remembered = b"cookie:" + digest  # Apart from bearers: a cookie's value is no bearer token.
    overheard = b"passive:" + digest
    known = kit.actors.get(remembered) or (kit.actors.get(overheard) if passive else None)
    if known is not None:
        return known
    generation = kit.actors.generation
    now = clock.now()
    standing = await sessions.standing_of_cookie(kit.db.login(), digest)
    if standing is None or not standing.good(now, kit.idle):
        return None
    granted = await _granted(kit, standing, now)
    actor = actor_of(kit, standing, ActorKind.SESSION, granted)
    ends = [standing.expires_at, standing.last_seen_at + kit.idle, *_ends(granted)]
    viewing = viewing_of(standing, now)
    if viewing is not None and actor.may(Permission.TENANT_VIEW_AS):
        actor = replace(actor, viewing=viewing, permissions=VIEW_PERMISSIONS[standing.role])
        ends.append(viewing.expires_at)
    if not passive:
        await _touch(kit, standing)
    kit.actors.put(overheard if passive else remembered, actor, min(ends), generation)
    return actor


async def _by_access_token(kit: Identity, token: str, digest: bytes) -> Actor:
    now = clock.now()
    claims = await verify(kit.keys, kit.settings, token, now)
    generation = kit.actors.generation
    standing = await sessions.standing(kit.db.login(), claims.session_id, claims.tenant_id)
    if standing is None or standing.user_id != claims.user_id or not standing.good(now, kit.idle):
        raise SessionEnded
    await _touch(kit, standing)
    granted = await _granted(kit, standing, now)
    actor = actor_of(kit, standing, ActorKind.TOKEN, granted)
    kit.actors.put(digest, actor, min([claims.expires_at, *_ends(granted)]), generation)
    return actor


async def _by_key(kit: Identity, digest: bytes) -> Actor:
    now, generation = clock.now(), kit.actors.generation
    standing = await api_keys.standing(kit.db.login(), digest)
    if standing is None or standing.revoked_at is not None or standing.tenant_status == "inactive":
        raise InvalidToken
    if standing.expires_at is not None and standing.expires_at <= now:
        raise InvalidToken
    if standing.tenant_status == "suspended":
        raise TenantSuspended
    if standing.last_used_at is None or now - standing.last_used_at >= TOUCH_EVERY:
        await api_keys.touch(kit.db.login(), standing.tenant_id, standing.key_id, now)
    actor = Actor(
        kind=ActorKind.API_KEY,
        permissions=frozenset().union(*(SCOPE_PERMISSIONS[scope] for scope in standing.scopes)),
        tenant_id=standing.tenant_id,
        name=standing.name,
        api_key_id=standing.key_id,
    )
    kit.actors.put(digest, actor, standing.expires_at, generation)
    return actor


async def _granted(kit: Identity, standing: Standing, now: datetime) -> Granted:
    if not standing.granted:
        return Granted()
    return await granted_to(kit.db.login(), standing.tenant_id, standing.user_id, now)


def _ends(granted: Granted) -> list[datetime]:
    return [] if granted.until is None else [granted.until]


async def _touch(kit: Identity, standing: Standing) -> None:
    """Note the use of a session, at most once a minute."""
    now = clock.now()
    if now - standing.last_seen_at >= min(TOUCH_EVERY, kit.idle / 2, timedelta.max):
        await sessions.touch(kit.db.login(), standing.session_id, now)


def _digest(credential: str) -> bytes:
    return hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
