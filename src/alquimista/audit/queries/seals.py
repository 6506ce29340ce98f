"""The queue, the chain and its signed heads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.audit.models.chain import Chained, Sealed
from alquimista.audit.models.heads import Head
from alquimista.db.statement import Conn, NoRow, Statement

_MOMENT: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
# An entry as it is chained, in the order of models.chain.Chained.
_CHAINED: Final = f"""
    a.id::text AS id, {_MOMENT.format("a.occurred_at")} AS occurred_at, a.actor_kind, a.actor_id::text AS actor_id,
    a.actor_role, a.session_id::text AS session_id, a.action, a.category, a.resource_type, a.resource_id, a.result,
    a.trace_id, encode(p.actor_salt, 'hex') AS actor_salt, p.actor_email, p.actor_name, host(p.ip) AS ip, p.user_agent,
    p.actor_erased_by::text AS actor_erased_by, encode(p.content_salt, 'hex') AS content_salt,
    p.details::text AS details, p.before::text AS before, p.after::text AS after,
    p.content_erased_by::text AS content_erased_by
"""


class Waiting(msgspec.Struct, frozen=True):
    """A tenant with entries that wait for their seal."""

    tenant_id: UUID


class Locked(msgspec.Struct, frozen=True):
    """Whether this transaction is the tenant's sealer."""

    locked: bool


class Last(msgspec.Struct, frozen=True):
    """The end of a chain."""

    seq: int
    hash: str


class Due(msgspec.Struct, frozen=True):
    """The end of a tenant's chain."""

    tenant_id: UUID
    seq: int
    hash: str


class ChainRow(msgspec.Struct, frozen=True):
    """The end of a tenant's chain and the last of its signed heads, beside the count of all chains.

    Of an empty page, only `total` is set.
    """

    total: int
    tenant_id: UUID | None
    tenant_name: str | None
    seq: int | None
    hash: str | None
    sealed_at: datetime | None
    head_seq: int | None
    head_signed_at: datetime | None
    head_key_id: str | None


class Stray(msgspec.Struct, frozen=True):
    """An entry without a seal; `queued` tells whether it still waits for one."""

    id: str
    occurred_at: str
    queued: bool


class Erasure(msgspec.Struct, frozen=True):
    """The entry of an erasure."""

    id: UUID


class Emptied(msgspec.Struct, frozen=True):
    """A sealed entry of which an erasure emptied a part."""

    id: str
    actor_erased_by: UUID | None
    content_erased_by: UUID | None


class NewSeal(NamedTuple):
    """A place in the chain."""

    seq: int
    entry_id: UUID
    actor_digest: bytes
    content_digest: bytes
    hash: bytes


WAITING: Final = Statement("SELECT DISTINCT tenant_id FROM alquimista_platform.audit_unsealed", Waiting)
TRY_LOCK: Final = Statement(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('alquimista.audit/' || %(tenant_id)s::uuid, 0)) AS locked",
    Locked,
)
LOCK: Final = Statement(
    """
    SELECT pg_advisory_xact_lock(hashtextextended('alquimista.audit/' || %(tenant_id)s::uuid, 0)) IS NOT NULL AS locked
    """,
    Locked,
)
LAST: Final = Statement(
    """
    SELECT seq, encode(hash, 'hex') AS hash FROM alquimista_platform.audit_seals
    WHERE tenant_id = %(tenant_id)s ORDER BY seq DESC LIMIT 1
    """,
    Last,
)
# By id, which is by time within what is committed now; whatever commits later comes after it in the chain.
UNSEALED: Final = Statement(
    f"""
    SELECT {_CHAINED}
    FROM alquimista_platform.audit_unsealed q
    JOIN alquimista_platform.audit_logs a ON a.tenant_id = q.tenant_id AND a.id = q.entry_id
    JOIN alquimista_platform.audit_personal p ON p.tenant_id = q.tenant_id AND p.entry_id = q.entry_id
    WHERE q.tenant_id = %(tenant_id)s AND q.entry_id > %(after)s
    ORDER BY q.entry_id LIMIT %(limit)s
    """,  # noqa: S608 - Of our own constants.
    Chained,
)
INSERT: Final = Statement(
    """
    WITH sealed AS (
      INSERT INTO alquimista_platform.audit_seals
        (tenant_id, seq, entry_id, actor_digest, content_digest, hash, sealed_at)
      SELECT %(tenant_id)s, s.*, %(now)s
      FROM unnest(%(seqs)s::bigint[], %(entries)s::uuid[], %(actors)s::bytea[], %(contents)s::bytea[],
        %(hashes)s::bytea[]) AS s
    )
    DELETE FROM alquimista_platform.audit_unsealed
    WHERE tenant_id = %(tenant_id)s AND entry_id = ANY(%(entries)s::uuid[])
    """,
    NoRow,
)
# What is gone is told, not left out: the seal alone is enough for a row.
CHAIN: Final = Statement(
    f"""
    SELECT {_CHAINED}, s.seq, s.entry_id::text AS seal_id, encode(s.actor_digest, 'hex') AS actor_digest,
      encode(s.content_digest, 'hex') AS content_digest, encode(s.hash, 'hex') AS hash,
      {_MOMENT.format("s.sealed_at")} AS sealed_at, a.id IS NOT NULL AS entry_kept,
      p.entry_id IS NOT NULL AS personal_kept
    FROM (
      SELECT * FROM alquimista_platform.audit_seals
      WHERE tenant_id = %(tenant_id)s AND seq > %(after)s AND seq <= %(until)s ORDER BY seq LIMIT %(limit)s
    ) s
    LEFT JOIN alquimista_platform.audit_logs a ON a.tenant_id = s.tenant_id AND a.id = s.entry_id
    LEFT JOIN alquimista_platform.audit_personal p ON p.tenant_id = s.tenant_id AND p.entry_id = s.entry_id
    ORDER BY s.seq
    """,  # noqa: S608 - Of our own constants.
    Sealed,
)
BEFORE: Final = Statement(
    """
    SELECT seq, encode(hash, 'hex') AS hash FROM alquimista_platform.audit_seals
    WHERE tenant_id = %(tenant_id)s AND sealed_at < %(since)s ORDER BY seq DESC LIMIT 1
    """,
    Last,
)
AT: Final = Statement(
    """
    SELECT seq, encode(hash, 'hex') AS hash FROM alquimista_platform.audit_seals
    WHERE tenant_id = %(tenant_id)s AND seq = %(seq)s
    """,
    Last,
)
ERASURES: Final = Statement(
    """
    SELECT a.id
    FROM alquimista_platform.audit_seals s
    JOIN alquimista_platform.audit_logs a ON a.tenant_id = s.tenant_id AND a.id = s.entry_id
    WHERE s.tenant_id = %(tenant_id)s AND s.seq > %(after)s AND s.seq <= %(until)s AND a.action = 'audit.erase'
    """,
    Erasure,
)
# OFFSET keeps the look-up by key: for so few rows as it expects, the planner would read the whole table each time.
EMPTIED: Final = Statement(
    """
    SELECT s.entry_id::text AS id, p.actor_erased_by, p.content_erased_by
    FROM alquimista_platform.audit_seals s
    CROSS JOIN LATERAL (
      SELECT actor_erased_by, content_erased_by FROM alquimista_platform.audit_personal
      WHERE tenant_id = s.tenant_id AND entry_id = s.entry_id OFFSET 0
    ) p
    WHERE s.tenant_id = %(tenant_id)s AND s.seq > %(after)s AND s.seq <= %(until)s
      AND (p.actor_erased_by = ANY(%(erasures)s::uuid[]) OR p.content_erased_by = ANY(%(erasures)s::uuid[]))
    ORDER BY s.seq
    """,
    Emptied,
)
STRAYS: Final = Statement(
    f"""
    SELECT a.id::text AS id, {_MOMENT.format("a.occurred_at")} AS occurred_at, q.entry_id IS NOT NULL AS queued
    FROM alquimista_platform.audit_logs a
    LEFT JOIN alquimista_platform.audit_seals s ON s.tenant_id = a.tenant_id AND s.entry_id = a.id
    LEFT JOIN alquimista_platform.audit_unsealed q ON q.tenant_id = a.tenant_id AND q.entry_id = a.id
    WHERE a.tenant_id = %(tenant_id)s AND s.entry_id IS NULL AND (q.entry_id IS NULL OR a.occurred_at < %(old)s)
    ORDER BY a.id LIMIT %(limit)s
    """,  # noqa: S608 - Of our own constants.
    Stray,
)
DUE: Final = Statement(
    """
    SELECT t.id AS tenant_id, s.seq, encode(s.hash, 'hex') AS hash
    FROM alquimista_platform.tenants t
    CROSS JOIN LATERAL (
      SELECT seq, hash FROM alquimista_platform.audit_seals WHERE tenant_id = t.id ORDER BY seq DESC LIMIT 1
    ) s
    WHERE NOT EXISTS (SELECT FROM alquimista_platform.audit_heads h WHERE h.tenant_id = t.id AND h.seq = s.seq)
    ORDER BY t.id
    """,
    Due,
)
CHAINS: Final = Statement(
    """
    WITH found AS MATERIALIZED (
      SELECT t.id AS tenant_id, t.name AS tenant_name, s.seq, s.hash, s.sealed_at
      FROM alquimista_platform.tenants t
      CROSS JOIN LATERAL (
        SELECT seq, hash, sealed_at FROM alquimista_platform.audit_seals
        WHERE tenant_id = t.id ORDER BY seq DESC LIMIT 1
      ) s
      WHERE %(tenant_id)s::uuid IS NULL OR t.id = %(tenant_id)s::uuid
    ), page AS (
      SELECT * FROM found ORDER BY tenant_id <> %(platform)s, tenant_name, tenant_id LIMIT %(limit)s OFFSET %(offset)s
    )
    SELECT counted.total, page.tenant_id, page.tenant_name, page.seq, encode(page.hash, 'hex') AS hash, page.sealed_at,
      h.seq AS head_seq, h.signed_at AS head_signed_at, h.key_id AS head_key_id
    FROM (SELECT count(*) AS total FROM found) counted
    LEFT JOIN page ON true
    LEFT JOIN LATERAL (
      SELECT seq, signed_at, key_id FROM alquimista_platform.audit_heads
      WHERE tenant_id = page.tenant_id ORDER BY seq DESC LIMIT 1
    ) h ON true
    ORDER BY page.tenant_id <> %(platform)s, page.tenant_name, page.tenant_id
    """,
    ChainRow,
)
INSERT_HEAD: Final = Statement(
    """
    INSERT INTO alquimista_platform.audit_heads (tenant_id, seq, hash, signed_at, key_id, signature)
    VALUES (%(tenant_id)s, %(seq)s, decode(%(hash)s, 'hex'), %(signed_at)s, %(key_id)s, decode(%(signature)s, 'base64'))
    ON CONFLICT DO NOTHING
    """,
    NoRow,
)
HEADS: Final = Statement(
    f"""
    SELECT tenant_id::text AS tenant_id, seq, encode(hash, 'hex') AS hash, {_MOMENT.format("signed_at")} AS signed_at,
      key_id, translate(encode(signature, 'base64'), E'\\n', '') AS signature
    FROM alquimista_platform.audit_heads WHERE tenant_id = %(tenant_id)s ORDER BY seq
    """,  # noqa: S608 - Of our own constants.
    Head,
)


async def waiting(conn: Conn) -> list[UUID]:
    """Tenants with entries to seal, for a connection of the internal role."""
    return [one.tenant_id for one in await conn.fetch(WAITING)]


async def lock(conn: Conn, tenant_id: UUID, *, wait: bool) -> bool:
    """Be the tenant's sealer until the transaction ends; without `wait`, whether nobody else is."""
    found = await conn.fetch_one(LOCK if wait else TRY_LOCK, tenant_id=tenant_id)
    return found is not None and found.locked


async def last(conn: Conn, tenant_id: UUID) -> Last | None:
    """The end of the tenant's chain; None before its first seal."""
    return await conn.fetch_one(LAST, tenant_id=tenant_id)


async def unsealed(conn: Conn, tenant_id: UUID, after: UUID, limit: int) -> list[Chained]:
    """Committed entries that wait for their seal, in the order in which they get it, from an id on."""
    return await conn.fetch(UNSEALED, tenant_id=tenant_id, after=after, limit=limit)


async def insert(conn: Conn, tenant_id: UUID, seals: Sequence[NewSeal], now: datetime) -> None:
    """Append seals, and take their entries out of the queue."""
    await conn.execute(
        INSERT,
        tenant_id=tenant_id,
        seqs=[one.seq for one in seals],
        entries=[one.entry_id for one in seals],
        actors=[one.actor_digest for one in seals],
        contents=[one.content_digest for one in seals],
        hashes=[one.hash for one in seals],
        now=now,
    )


async def chain(conn: Conn, tenant_id: UUID, after: int, until: int, limit: int) -> list[Sealed]:
    """A stretch of the chain, in order."""
    return await conn.fetch(CHAIN, tenant_id=tenant_id, after=after, until=until, limit=limit)


async def before(conn: Conn, tenant_id: UUID, since: datetime) -> Last | None:
    """The last place that was sealed before a moment."""
    return await conn.fetch_one(BEFORE, tenant_id=tenant_id, since=since)


async def at(conn: Conn, tenant_id: UUID, seq: int) -> Last | None:
    """A place of the chain."""
    return await conn.fetch_one(AT, tenant_id=tenant_id, seq=seq)


async def erasures(conn: Conn, tenant_id: UUID, after: int, until: int) -> list[UUID]:
    """The erasures in a stretch of the chain."""
    return [one.id for one in await conn.fetch(ERASURES, tenant_id=tenant_id, after=after, until=until)]


async def emptied(conn: Conn, tenant_id: UUID, after: int, until: int, erasures: Sequence[UUID]) -> list[Emptied]:
    """What these erasures emptied in a stretch of the chain, in order."""
    return await conn.fetch(EMPTIED, tenant_id=tenant_id, after=after, until=until, erasures=list(erasures))


async def strays(conn: Conn, tenant_id: UUID, old: datetime, limit: int) -> list[Stray]:
    """Entries without a seal that never waited for one, or have since before `old`."""
    return await conn.fetch(STRAYS, tenant_id=tenant_id, old=old, limit=limit)


async def due(conn: Conn) -> list[Due]:
    """The ends of chains that are not signed yet, for a connection of the internal role."""
    return await conn.fetch(DUE)


async def insert_head(conn: Conn, head: Head, signed_at: datetime) -> None:
    """Keep a copy of a signed head."""
    await conn.execute(
        INSERT_HEAD,
        tenant_id=UUID(head.tenant_id),
        seq=head.seq,
        hash=head.hash,
        signed_at=signed_at,
        key_id=head.key_id,
        signature=head.signature,
    )


async def heads(conn: Conn, tenant_id: UUID) -> list[Head]:
    """The copies of the tenant's signed heads, in order."""
    return await conn.fetch(HEADS, tenant_id=tenant_id)


async def chains(conn: Conn, tenant_id: UUID | None, limit: int, offset: int) -> tuple[list[ChainRow], int]:
    """A page of the chains, or one tenant's, and how many there are; for a connection of the internal role."""
    rows = await conn.fetch(CHAINS, tenant_id=tenant_id, platform=PLATFORM_TENANT, limit=limit, offset=offset)
    return [row for row in rows if row.tenant_id is not None], rows[0].total
