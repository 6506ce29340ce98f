"""A tenant's API keys."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import Actor
from alquimista.audit import service as audit
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid
from alquimista.i18n import N_
from alquimista.identity.models.api_keys import ApiKey, clean_key_name, clean_scopes, new_key
from alquimista.identity.models.problems import UnknownApiKey
from alquimista.identity.models.sessions import token_hash
from alquimista.identity.queries import api_keys as queries
from alquimista.identity.service.kit import Identity, announce
from alquimista.wiring import Services

# A moment of the last day of the calendar may lie after its end in UTC, where nobody could read it any more.
_LAST: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def list_api_keys(conn: Conn, tenant_id: UUID, limit: int, offset: int) -> tuple[list[ApiKey], int]:
    """One page of keys that are not revoked, the newest first, and how many there are."""
    return await queries.list_active(conn, tenant_id, limit, offset), await queries.count_active(conn, tenant_id)


async def create_api_key(
    conn: Conn, actor: Actor | None, tenant_id: UUID, name: str, scopes: list[str], expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key, within the tenant's transaction; the key itself is known only now.

    Raises:
        Invalid: the name, the scopes or the end are wrong.
    """
    now = clock.now()
    if expires_at is not None and not now < expires_at < _LAST:
        raise Invalid.of(
            "expires_at", N_("Name a moment between now and the year 9999, with its offset, or leave it out.")
        )
    secret, prefix = new_key()
    key = ApiKey(clock.new_id(), clean_key_name(name), prefix, clean_scopes(scopes), now, None, expires_at)
    created_by = actor.user_id if actor else None
    await queries.insert(
        conn, tenant_id, key.id, key.name, prefix, key.scopes, created_by, now, expires_at, token_hash(secret)
    )
    await audit.record(
        conn,
        actor,
        "api_key.created",
        category="user",
        resource_type="api_key",
        resource_id=str(key.id),
        details={"name": key.name, "prefix": prefix, "scopes": key.scopes},
        tenant_id=tenant_id,
    )
    return key, secret


async def rotate_api_key(
    services: Services, actor: Actor, tenant_id: UUID, key_id: UUID, overlap: timedelta
) -> tuple[ApiKey, str]:
    """Make a key like another one, which ends after `overlap`; until then both are good.

    A key that would end sooner still does. What is given to software in the meantime can so be changed without a gap.

    Raises:
        UnknownApiKey: there is no such key, or it has ended.
    """
    kit, now = services.get(Identity), clock.now()
    async with tenant_transaction(kit.db, tenant_id) as conn:
        before = await queries.hold(conn, tenant_id, key_id)
        old = await queries.end_by(conn, tenant_id, key_id, now, now + overlap)
        if before is None or old is None:
            raise UnknownApiKey
        # What was to end at some time is followed by what lives as long, not for ever.
        lifetime = before.expires_at - before.created_at if before.expires_at else None
        made = await create_api_key(conn, actor, tenant_id, old.name, old.scopes, now + lifetime if lifetime else None)
        await announce(conn, key_id=key_id)
        await audit.record(
            conn,
            actor,
            "api_key.rotated",
            category="user",
            resource_type="api_key",
            resource_id=str(key_id),
            details={"successor": made[0].id, "ends_at": old.expires_at},
            tenant_id=tenant_id,
        )
    kit.actors.purge(key_id=key_id)
    return made


async def revoke_api_key(services: Services, actor: Actor | None, tenant_id: UUID, key_id: UUID) -> None:
    """End a key at once, in every process. Raises UnknownApiKey."""
    kit = services.get(Identity)
    async with tenant_transaction(kit.db, tenant_id) as conn:
        if not await queries.revoke(conn, tenant_id, key_id, clock.now()):
            raise UnknownApiKey
        await announce(conn, key_id=key_id)
        await audit.record(
            conn,
            actor,
            "api_key.revoked",
            category="user",
            resource_type="api_key",
            resource_id=str(key_id),
            tenant_id=tenant_id,
        )
    kit.actors.purge(key_id=key_id)
