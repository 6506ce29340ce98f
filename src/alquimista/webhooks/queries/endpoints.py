"""Endpoints and their secrets."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.db.crypto import Sealed
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.webhooks.models.endpoints import DisabledReason, EndpointStatus, SealedSecrets, WebhookEndpoint


class _Count(msgspec.Struct, frozen=True):
    count: int


class _Id(msgspec.Struct, frozen=True):
    id: UUID


LIST = Statement(
    """
    SELECT id, url, description, event_types, status, disabled_reason, failing_since, previous_until, created_by,
      created_at, updated_at
    FROM alquimista_platform.webhook_endpoints WHERE tenant_id = %(tenant_id)s ORDER BY id
    """,
    WebhookEndpoint,
)

FIND = Statement(
    """
    SELECT id, url, description, event_types, status, disabled_reason, failing_since, previous_until, created_by,
      created_at, updated_at
    FROM alquimista_platform.webhook_endpoints WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    WebhookEndpoint,
)

# Those who add endpoints of one company take turns, so that together they do not pass the limit.
TAKE_TURN = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.webhooks/' || %(tenant_id)s::uuid, 0))::text AS locked",
    NoRow,
)
COUNT = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.webhook_endpoints WHERE tenant_id = %(tenant_id)s", _Count
)

INSERT = Statement(
    """
    INSERT INTO alquimista_platform.webhook_endpoints (tenant_id, id, url, description, event_types, secret_key_id,
      secret_ciphertext, created_by, created_at, updated_at)
    VALUES (%(tenant_id)s, %(id)s, %(url)s, %(description)s, %(event_types)s::text[], %(key_id)s, %(ciphertext)s,
      %(created_by)s, %(now)s, %(now)s)
    """,
    NoRow,
)

CHANGE = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints
    SET url = %(url)s, description = %(description)s, event_types = %(event_types)s::text[], status = %(status)s,
        disabled_reason = CASE WHEN %(status)s = 'enabled' THEN NULL ELSE coalesce(disabled_reason, 'person') END,
        failing_since = CASE WHEN status = 'disabled' AND %(status)s = 'enabled' THEN NULL ELSE failing_since END,
        updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

DELETE = Statement(
    "DELETE FROM alquimista_platform.webhook_endpoints WHERE tenant_id = %(tenant_id)s AND id = %(id)s", NoRow
)

ROTATE = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints
    SET previous_key_id = secret_key_id, previous_ciphertext = secret_ciphertext, previous_until = %(until)s,
        secret_key_id = %(key_id)s, secret_ciphertext = %(ciphertext)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)

FORGET_PREVIOUS = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints
    SET previous_key_id = NULL, previous_ciphertext = NULL, previous_until = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND previous_until <= %(now)s
    """,
    NoRow,
)

MATCHING = Statement(
    """
    SELECT id FROM alquimista_platform.webhook_endpoints
    WHERE tenant_id = %(tenant_id)s AND status = 'enabled' AND event_types && ARRAY['*', %(type)s::text]
    ORDER BY id
    """,
    _Id,
)

WORKS = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints SET failing_since = NULL, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND failing_since IS NOT NULL
    """,
    NoRow,
)

FAILS = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints SET failing_since = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND failing_since IS NULL
    """,
    NoRow,
)

# Of several tries that end at once, one disables it.
GIVE_UP = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints
    SET status = 'disabled', disabled_reason = %(reason)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s AND status = 'enabled'
      AND (%(reason)s = 'gone' OR failing_since <= %(since)s)
    RETURNING id, url, description, event_types, status, disabled_reason, failing_since, previous_until, created_by,
      created_at, updated_at
    """,
    WebhookEndpoint,
)

SEALED_BEFORE = Statement(
    """
    SELECT id, secret_key_id, secret_ciphertext, previous_key_id, previous_ciphertext
    FROM alquimista_platform.webhook_endpoints
    WHERE tenant_id = %(tenant_id)s AND (secret_key_id <> %(key_id)s OR previous_key_id <> %(key_id)s)
    FOR UPDATE
    """,
    SealedSecrets,
)

RESEAL = Statement(
    """
    UPDATE alquimista_platform.webhook_endpoints
    SET secret_key_id = %(key_id)s, secret_ciphertext = %(ciphertext)s,
        previous_key_id = CASE WHEN previous_key_id IS NULL THEN NULL ELSE %(key_id)s END,
        previous_ciphertext = %(previous)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = %(id)s
    """,
    NoRow,
)


async def list_endpoints(conn: Conn, tenant_id: UUID) -> list[WebhookEndpoint]:
    """All of the company's, the oldest first."""
    return await conn.fetch(LIST, tenant_id=tenant_id)


async def find(conn: Conn, tenant_id: UUID, endpoint_id: UUID) -> WebhookEndpoint | None:
    """One of them."""
    return await conn.fetch_one(FIND, tenant_id=tenant_id, id=endpoint_id)


async def take_turn(conn: Conn, tenant_id: UUID) -> int:
    """Wait until nobody else adds one; how many there are."""
    await conn.execute(TAKE_TURN, tenant_id=tenant_id)
    found = await conn.fetch_one(COUNT, tenant_id=tenant_id)
    return found.count if found else 0


async def insert(conn: Conn, tenant_id: UUID, endpoint: WebhookEndpoint, secret: Sealed) -> None:
    """Store a new one."""
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        id=endpoint.id,
        url=endpoint.url,
        description=endpoint.description,
        event_types=endpoint.event_types,
        key_id=secret.key_id,
        ciphertext=secret.ciphertext,
        created_by=endpoint.created_by,
        now=endpoint.created_at,
    )


async def change(
    conn: Conn,
    tenant_id: UUID,
    endpoint_id: UUID,
    *,
    url: str,
    description: str,
    event_types: list[str],
    status: EndpointStatus,
    now: datetime,
) -> None:
    """Change what people may change."""
    await conn.execute(
        CHANGE,
        tenant_id=tenant_id,
        id=endpoint_id,
        url=url,
        description=description,
        event_types=event_types,
        status=status.value,
        now=now,
    )


async def delete(conn: Conn, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Remove it with its deliveries; whether it was there."""
    return bool(await conn.execute(DELETE, tenant_id=tenant_id, id=endpoint_id))


async def rotate(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, secret: Sealed, until: datetime, now: datetime
) -> bool:
    """Sign with another secret, and until then with the present one too; whether it was there."""
    changed = await conn.execute(
        ROTATE,
        tenant_id=tenant_id,
        id=endpoint_id,
        key_id=secret.key_id,
        ciphertext=secret.ciphertext,
        until=until,
        now=now,
    )
    return bool(changed)


async def forget_previous(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Destroy old secrets whose time is over."""
    await conn.execute(FORGET_PREVIOUS, tenant_id=tenant_id, now=now)


async def matching(conn: Conn, tenant_id: UUID, event_type: str) -> list[UUID]:
    """The enabled endpoints that are told about a type."""
    return [one.id for one in await conn.fetch(MATCHING, tenant_id=tenant_id, type=event_type)]


async def works(conn: Conn, tenant_id: UUID, endpoint_id: UUID, now: datetime) -> None:
    """It took a message."""
    await conn.execute(WORKS, tenant_id=tenant_id, id=endpoint_id, now=now)


async def fails(conn: Conn, tenant_id: UUID, endpoint_id: UUID, now: datetime) -> None:
    """It did not; from when on is kept."""
    await conn.execute(FAILS, tenant_id=tenant_id, id=endpoint_id, now=now)


async def give_up(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, reason: DisabledReason, since: datetime, now: datetime
) -> WebhookEndpoint | None:
    """Disable it, if it is gone or has failed since then; as it is now, when this did it."""
    return await conn.fetch_one(GIVE_UP, tenant_id=tenant_id, id=endpoint_id, reason=reason.value, since=since, now=now)


async def sealed_before(conn: Conn, tenant_id: UUID, key_id: str) -> list[SealedSecrets]:
    """Secrets that another key than this one sealed, locked."""
    return await conn.fetch(SEALED_BEFORE, tenant_id=tenant_id, key_id=key_id)


async def reseal(
    conn: Conn, tenant_id: UUID, endpoint_id: UUID, secret: Sealed, previous: bytes | None, now: datetime
) -> None:
    """Store secrets as another key sealed them."""
    await conn.execute(
        RESEAL,
        tenant_id=tenant_id,
        id=endpoint_id,
        key_id=secret.key_id,
        ciphertext=secret.ciphertext,
        previous=previous,
        now=now,
    )
