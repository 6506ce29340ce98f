"""SQL on agent_controls and agent_standings."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.fleet.models.controls import Control, ControlKind, Outcome


class Standing(msgspec.Struct, frozen=True):
    """How an agent stands with its tenant, and what is wished of it."""

    agent_id: UUID
    slug: str
    name: str
    status: AgentStatus
    paused_at: datetime | None
    pause_reason: str
    offline_at: datetime | None


STANDING = """
SELECT ta.agent_id, a.slug, a.name, ta.status, s.paused_at, coalesce(s.pause_reason, '') AS pause_reason, s.offline_at
FROM alquimista_platform.tenant_agents ta
JOIN alquimista_platform.agents a ON a.id = ta.agent_id
LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = ta.tenant_id AND s.agent_id = ta.agent_id
WHERE ta.tenant_id = %(tenant_id)s AND """
BY_ID = Statement(f"{STANDING} ta.agent_id = %(agent_id)s", Standing)
BY_SLUG = Statement(f"{STANDING} a.slug = %(slug)s", Standing)

# Makes the row where there is none and locks it: whoever changes what is wished of an agent takes turns.
LOCK = Statement(
    """
    INSERT INTO alquimista_platform.agent_standings (tenant_id, agent_id, updated_at)
    VALUES (%(tenant_id)s, %(agent_id)s, %(now)s)
    ON CONFLICT (tenant_id, agent_id) DO UPDATE SET updated_at = excluded.updated_at
    """,
    NoRow,
)

PAUSE = Statement(
    """
    UPDATE alquimista_platform.agent_standings
    SET paused_at = %(now)s, paused_by = %(person)s, pause_reason = %(reason)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND paused_at IS NULL
    """,
    NoRow,
)

RESUME = Statement(
    """
    UPDATE alquimista_platform.agent_standings
    SET paused_at = NULL, paused_by = NULL, pause_reason = '', updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND paused_at IS NOT NULL
    """,
    NoRow,
)


class Told(msgspec.Struct, frozen=True):
    """A process that is told something."""

    instance_id: str


TELL = Statement(
    """
    INSERT INTO alquimista_platform.agent_controls
      (tenant_id, id, agent_id, instance_id, request_id, kind, reason, created_by, created_at, expires_at)
    SELECT %(tenant_id)s, t.id, %(agent_id)s, t.instance_id, %(request_id)s, %(kind)s, %(reason)s, %(person)s, %(now)s,
      %(expires_at)s
    FROM unnest(%(ids)s::uuid[], %(instances)s::text[]) AS t (id, instance_id)
    """,
    NoRow,
)

CONNECTED = Statement(
    """
    SELECT instance_id FROM alquimista_platform.agent_instances
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND seen_at >= %(since)s
    ORDER BY instance_id
    """,
    Told,
)

# A later wish makes an earlier one of the same sort void: a process that comes back is told only what holds.
SUPERSEDE = Statement(
    """
    DELETE FROM alquimista_platform.agent_controls
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND acknowledged_at IS NULL
      AND kind = ANY (%(kinds)s::text[])
    """,
    NoRow,
)

WITHDRAW = Statement(
    """
    DELETE FROM alquimista_platform.agent_controls
    WHERE tenant_id = %(tenant_id)s AND request_id = %(request_id)s AND acknowledged_at IS NULL
    """,
    NoRow,
)

CONTROL = """
SELECT c.id, c.instance_id, c.request_id, c.kind, c.reason, c.created_by, c.created_at, c.expires_at, c.delivered_at,
  c.acknowledged_at, c.outcome, c.detail, (
    SELECT min(b.booted_at) FROM alquimista_platform.agent_boots b
    WHERE b.tenant_id = c.tenant_id AND b.agent_id = c.agent_id AND b.instance_id = c.instance_id
      AND c.kind = 'restart' AND c.outcome = 'done' AND b.boot_id IS DISTINCT FROM c.boot_id_before
      AND b.booted_at >= c.acknowledged_at) AS booted_at
FROM alquimista_platform.agent_controls c
WHERE c.tenant_id = %(tenant_id)s AND """
WAITING = Statement(
    f"""{CONTROL} c.agent_id = %(agent_id)s AND c.instance_id = %(instance)s AND c.acknowledged_at IS NULL
      AND c.expires_at > %(now)s ORDER BY c.created_at, c.id""",
    Control,
)
OF_REQUEST = Statement(f"{CONTROL} c.request_id = %(request_id)s ORDER BY c.instance_id", Control)
ONE = Statement(f"{CONTROL} c.agent_id = %(agent_id)s AND c.id = %(id)s", Control)
RESTARTS = Statement(
    f"""{CONTROL} c.agent_id = %(agent_id)s AND c.kind = 'restart'
      ORDER BY c.created_at DESC, c.id LIMIT %(limit)s""",
    Control,
)

DELIVERED = Statement(
    """
    UPDATE alquimista_platform.agent_controls SET delivered_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND id = ANY (%(ids)s::uuid[]) AND delivered_at IS NULL
    """,
    NoRow,
)

ACKNOWLEDGE = Statement(
    """
    UPDATE alquimista_platform.agent_controls c
    SET acknowledged_at = %(now)s, outcome = %(outcome)s, detail = %(detail)s,
      delivered_at = coalesce(c.delivered_at, %(now)s),
      boot_id_before = (SELECT i.boot_id FROM alquimista_platform.agent_instances i
        WHERE i.tenant_id = c.tenant_id AND i.agent_id = c.agent_id AND i.instance_id = c.instance_id)
    WHERE c.tenant_id = %(tenant_id)s AND c.agent_id = %(agent_id)s AND c.id = %(id)s AND c.acknowledged_at IS NULL
      AND c.expires_at > %(now)s
    """,
    NoRow,
)

FORGET = Statement(
    "DELETE FROM alquimista_platform.agent_controls WHERE tenant_id = %(tenant_id)s AND created_at < %(before)s",
    NoRow,
)


async def by_id(conn: Conn, tenant_id: UUID, agent_id: UUID) -> Standing | None:
    """How an agent of the tenant stands."""
    return await conn.fetch_one(BY_ID, tenant_id=tenant_id, agent_id=agent_id)


async def by_slug(conn: Conn, tenant_id: UUID, slug: str) -> Standing | None:
    """The same, by the agent's slug."""
    return await conn.fetch_one(BY_SLUG, tenant_id=tenant_id, slug=slug)


async def lock(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """Take turns in changing what is wished of the agent, until the transaction ends."""
    await conn.execute(LOCK, tenant_id=tenant_id, agent_id=agent_id, now=now)


async def pause(conn: Conn, tenant_id: UUID, agent_id: UUID, person: UUID | None, reason: str, now: datetime) -> bool:
    """Wish the locked agent to pause; False when it is to already."""
    return bool(
        await conn.execute(PAUSE, tenant_id=tenant_id, agent_id=agent_id, person=person, reason=reason, now=now)
    )


async def resume(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> bool:
    """Wish the locked agent to go on; False when it may already."""
    return bool(await conn.execute(RESUME, tenant_id=tenant_id, agent_id=agent_id, now=now))


async def connected(conn: Conn, tenant_id: UUID, agent_id: UUID, since: datetime) -> list[str]:
    """The agent's processes that were heard of since then."""
    return [row.instance_id for row in await conn.fetch(CONNECTED, tenant_id=tenant_id, agent_id=agent_id, since=since)]


async def supersede(conn: Conn, tenant_id: UUID, agent_id: UUID, kinds: Sequence[ControlKind]) -> None:
    """Take back what waits and does not hold any more."""
    await conn.execute(SUPERSEDE, tenant_id=tenant_id, agent_id=agent_id, kinds=[str(kind) for kind in kinds])


async def withdraw(conn: Conn, tenant_id: UUID, request_id: UUID) -> None:
    """Take back what one request told to processes that have not acknowledged it."""
    await conn.execute(WITHDRAW, tenant_id=tenant_id, request_id=request_id)


async def tell(
    conn: Conn,
    tenant_id: UUID,
    agent_id: UUID,
    request_id: UUID,
    kind: ControlKind,
    reason: str,
    person: UUID | None,
    messages: dict[str, UUID],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Write one message for each process, under its id."""
    await conn.execute(
        TELL,
        tenant_id=tenant_id,
        agent_id=agent_id,
        request_id=request_id,
        kind=kind,
        reason=reason,
        person=person,
        ids=list(messages.values()),
        instances=list(messages),
        now=now,
        expires_at=expires_at,
    )


async def waiting(conn: Conn, tenant_id: UUID, agent_id: UUID, instance: str, now: datetime) -> list[Control]:
    """What a process has not acknowledged yet, oldest first."""
    return await conn.fetch(WAITING, tenant_id=tenant_id, agent_id=agent_id, instance=instance, now=now)


async def of_request(conn: Conn, tenant_id: UUID, request_id: UUID) -> list[Control]:
    """The messages of one request."""
    return await conn.fetch(OF_REQUEST, tenant_id=tenant_id, request_id=request_id)


async def restarts(conn: Conn, tenant_id: UUID, agent_id: UUID, limit: int) -> list[Control]:
    """What the agent's processes were asked in restarts, the newest first."""
    return await conn.fetch(RESTARTS, tenant_id=tenant_id, agent_id=agent_id, limit=limit)


async def delivered(conn: Conn, tenant_id: UUID, ids: Sequence[UUID], now: datetime) -> None:
    """Note that messages were written to a stream."""
    await conn.execute(DELIVERED, tenant_id=tenant_id, ids=list(ids), now=now)


async def one(conn: Conn, tenant_id: UUID, agent_id: UUID, control_id: UUID) -> Control | None:
    """One message."""
    return await conn.fetch_one(ONE, tenant_id=tenant_id, agent_id=agent_id, id=control_id)


async def acknowledge(
    conn: Conn, tenant_id: UUID, agent_id: UUID, control_id: UUID, outcome: Outcome, detail: str, now: datetime
) -> bool:
    """Write a process's answer; False when there is nothing to answer (any more)."""
    return bool(
        await conn.execute(
            ACKNOWLEDGE, tenant_id=tenant_id, agent_id=agent_id, id=control_id, outcome=outcome, detail=detail, now=now
        )
    )


async def forget(conn: Conn, tenant_id: UUID, before: datetime) -> None:
    """Forget messages from before."""
    await conn.execute(FORGET, tenant_id=tenant_id, before=before)
