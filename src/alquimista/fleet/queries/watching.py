"""SQL on who is missed: fleet_watches, and reads across agent_instances and agent_standings."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_TENANT
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.fleet.models.watching import Silent, Verdict, Watch

LAST = Statement(
    "SELECT watched_at, quiet_until FROM alquimista_platform.fleet_watches WHERE tenant_id = %(tenant_id)s", Watch
)

WATCHED = Statement(
    """
    INSERT INTO alquimista_platform.fleet_watches (tenant_id, watched_at, quiet_until, updated_at)
    VALUES (%(tenant_id)s, %(now)s, %(quiet_until)s, %(now)s)
    ON CONFLICT (tenant_id) DO UPDATE
      SET watched_at = excluded.watched_at, quiet_until = excluded.quiet_until, updated_at = excluded.updated_at
    """,
    NoRow,
)


class Newest(msgspec.Struct, frozen=True):
    """The last sign of life of any process."""

    seen_at: datetime | None


class OfTenant(msgspec.Struct, frozen=True):
    """Which tenant."""

    tenant_id: UUID


class Missed(msgspec.Struct, frozen=True):
    """An agent whose incident begins or ends."""

    agent_id: UUID
    slug: str
    name: str
    seen_at: datetime


NEWEST = Statement("SELECT max(seen_at) AS seen_at FROM alquimista_platform.agent_instances", Newest)

# Agents that should be heard of: they may work, nobody paused them, and their company is in order.
_EXPECTED = """
  FROM (SELECT tenant_id, agent_id, max(seen_at) AS seen_at FROM alquimista_platform.agent_instances
    GROUP BY tenant_id, agent_id) i
  JOIN alquimista_platform.tenant_agents ta ON ta.tenant_id = i.tenant_id AND ta.agent_id = i.agent_id
  JOIN alquimista_platform.tenants t ON t.id = i.tenant_id
  LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = i.tenant_id AND s.agent_id = i.agent_id"""
_IN_ORDER = "ta.status IN ('active', 'trial') AND t.status = 'active' AND s.paused_at IS NULL"

SILENT = Statement(
    f"""SELECT i.tenant_id, i.agent_id, i.seen_at {_EXPECTED}
    WHERE {_IN_ORDER} AND s.offline_at IS NULL AND i.seen_at < %(before)s""",
    Silent,
)

RECOVERED_TENANTS = Statement(
    f"""SELECT DISTINCT i.tenant_id {_EXPECTED}
    WHERE s.offline_at IS NOT NULL AND (i.seen_at >= %(since)s OR NOT ({_IN_ORDER}))""",
    OfTenant,
)


class MissedAgent(msgspec.Struct, frozen=True):
    """Which agent."""

    agent_id: UUID


MISSED = Statement(
    """
    SELECT agent_id FROM alquimista_platform.agent_standings
    WHERE tenant_id = %(tenant_id)s AND offline_at IS NOT NULL
    """,
    MissedAgent,
)

# Of one tenant. Decided again in the transaction that opens the incident: an agent may have been heard of meanwhile.
GO_OFFLINE = Statement(
    f"""
    WITH missed AS (
      SELECT i.tenant_id, i.agent_id, i.seen_at {_EXPECTED}
      WHERE i.tenant_id = %(tenant_id)s AND {_IN_ORDER} AND s.offline_at IS NULL AND i.seen_at < %(before)s
    ), marked AS (
      INSERT INTO alquimista_platform.agent_standings AS s (tenant_id, agent_id, offline_at, updated_at)
      SELECT tenant_id, agent_id, seen_at, %(now)s FROM missed
      ON CONFLICT (tenant_id, agent_id) DO UPDATE SET offline_at = excluded.offline_at, updated_at = excluded.updated_at
        WHERE s.offline_at IS NULL
      RETURNING s.agent_id, s.offline_at
    )
    SELECT a.id AS agent_id, a.slug, a.name, marked.offline_at AS seen_at
    FROM marked JOIN alquimista_platform.agents a ON a.id = marked.agent_id
    """,  # noqa: S608 - As above.
    Missed,
)

RECOVER_ALL = Statement(
    f"""
    WITH back AS (
      SELECT i.agent_id, i.seen_at {_EXPECTED}
      WHERE i.tenant_id = %(tenant_id)s AND s.offline_at IS NOT NULL
        AND (i.seen_at >= %(since)s OR NOT ({_IN_ORDER}))
    )
    UPDATE alquimista_platform.agent_standings s SET offline_at = NULL, updated_at = %(now)s
    FROM back JOIN alquimista_platform.agents a ON a.id = back.agent_id
    WHERE s.tenant_id = %(tenant_id)s AND s.agent_id = back.agent_id AND s.offline_at IS NOT NULL
    RETURNING s.agent_id, a.slug, a.name, back.seen_at
    """,  # noqa: S608 - As above.
    Missed,
)

RECOVER = Statement(
    """
    UPDATE alquimista_platform.agent_standings s SET offline_at = NULL, updated_at = %(now)s
    FROM alquimista_platform.agents a
    WHERE s.tenant_id = %(tenant_id)s AND s.agent_id = %(agent_id)s AND s.offline_at IS NOT NULL AND a.id = s.agent_id
    RETURNING s.agent_id, a.slug, a.name, s.updated_at AS seen_at
    """,
    Missed,
)

WITH_FLEET = Statement(
    """
    SELECT DISTINCT tenant_id FROM alquimista_platform.agent_instances
    UNION SELECT DISTINCT tenant_id FROM alquimista_platform.agent_controls
    """,
    OfTenant,
)


async def last(conn: Conn) -> Watch | None:
    """The last look; takes a connection of the platform tenant."""
    return await conn.fetch_one(LAST, tenant_id=PLATFORM_TENANT)


async def watched(conn: Conn, verdict: Verdict, now: datetime) -> None:
    """Note a look; takes a connection of the platform tenant."""
    await conn.execute(WATCHED, tenant_id=PLATFORM_TENANT, quiet_until=verdict.quiet_until, now=now)


async def newest(conn: Conn) -> datetime | None:
    """The last sign of life of any process; takes the internal role."""
    row = await conn.fetch_one(NEWEST)
    return row.seen_at if row else None


async def silent(conn: Conn, before: datetime) -> list[Silent]:
    """Agents that should have been heard of since then; takes the internal role."""
    return await conn.fetch(SILENT, before=before)


async def recovered_tenants(conn: Conn, since: datetime) -> list[UUID]:
    """Tenants with an incident that is over; takes the internal role."""
    return [row.tenant_id for row in await conn.fetch(RECOVERED_TENANTS, since=since)]


async def with_fleet(conn: Conn) -> list[UUID]:
    """Tenants of which something here is stored; takes the internal role."""
    return [row.tenant_id for row in await conn.fetch(WITH_FLEET)]


async def go_offline(conn: Conn, tenant_id: UUID, before: datetime, now: datetime) -> list[Missed]:
    """Mark the tenant's agents that were not heard of since then; those that were not marked already."""
    return await conn.fetch(GO_OFFLINE, tenant_id=tenant_id, before=before, now=now)


async def recover_all(conn: Conn, tenant_id: UUID, since: datetime, now: datetime) -> list[Missed]:
    """Take the mark from the tenant's agents that were heard of since then, or are not expected any more."""
    return await conn.fetch(RECOVER_ALL, tenant_id=tenant_id, since=since, now=now)


async def recover(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> Missed | None:
    """Take the mark from one agent that was heard of now; None when it has none."""
    return await conn.fetch_one(RECOVER, tenant_id=tenant_id, agent_id=agent_id, now=now)


async def missed(conn: Conn, tenant_id: UUID) -> set[UUID]:
    """The tenant's agents that are noted as offline."""
    return {row.agent_id for row in await conn.fetch(MISSED, tenant_id=tenant_id)}
