"""SQL on agent_instances and agent_boots."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.fleet.models.states import LATE_AFTER, MOST_BOOTS, MOST_INSTANCES, Beat


class Heard(msgspec.Struct, frozen=True):
    """How the agent stands, whether the beat was taken, and whether it is the first one after a silence."""

    agent_id: UUID
    status: AgentStatus
    config_version: str
    paused_at: datetime | None
    offline_at: datetime | None
    taken: bool
    news: bool


# One round trip for each beat. Only the process's own row is written, in place; a boot is written once. The number of
# processes is counted only for one that is not known.
BEAT = Statement(
    """
    WITH agent AS (
      SELECT ta.agent_id, ta.status, s.paused_at, s.offline_at,
        a.version || '-' || (extract(epoch FROM greatest(ta.updated_at, a.updated_at)) * 1000000)::bigint AS config
      FROM alquimista_platform.tenant_agents ta
      JOIN alquimista_platform.agents a ON a.id = ta.agent_id
      LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = ta.tenant_id AND s.agent_id = ta.agent_id
      WHERE ta.tenant_id = %(tenant_id)s AND a.slug = %(slug)s
    ), known AS (
      SELECT i.boot_id, i.seen_at FROM alquimista_platform.agent_instances i
      WHERE i.tenant_id = %(tenant_id)s AND i.agent_id = (SELECT agent_id FROM agent) AND i.instance_id = %(instance)s
    ), taken AS (
      INSERT INTO alquimista_platform.agent_instances AS i
        (tenant_id, agent_id, instance_id, boot_id, version, sdk, host, first_seen_at, started_at, seen_at)
      SELECT %(tenant_id)s, agent.agent_id, %(instance)s, %(boot_id)s, %(version)s, %(sdk)s, %(host)s, %(now)s, %(now)s,
        %(now)s
      FROM agent
      WHERE agent.status IN ('active', 'trial') AND (EXISTS (SELECT FROM known) OR %(most)s > (
        SELECT count(*) FROM alquimista_platform.agent_instances o
        WHERE o.tenant_id = %(tenant_id)s AND o.agent_id = agent.agent_id))
      ON CONFLICT (tenant_id, agent_id, instance_id) DO UPDATE
        SET boot_id = excluded.boot_id, version = excluded.version, sdk = excluded.sdk, host = excluded.host,
            seen_at = greatest(i.seen_at, excluded.seen_at),
            started_at = CASE WHEN i.boot_id = excluded.boot_id THEN i.started_at ELSE excluded.started_at END
      RETURNING i.agent_id
    ), booted AS (
      INSERT INTO alquimista_platform.agent_boots (tenant_id, agent_id, instance_id, boot_id, version, booted_at)
      SELECT %(tenant_id)s, taken.agent_id, %(instance)s, %(boot_id)s, %(version)s, %(now)s FROM taken
      WHERE NOT EXISTS (SELECT FROM known WHERE boot_id = %(boot_id)s) AND %(most_boots)s > (
        SELECT count(*) FROM alquimista_platform.agent_boots b
        WHERE b.tenant_id = %(tenant_id)s AND b.agent_id = taken.agent_id AND b.instance_id = %(instance)s
          AND b.booted_at > %(now)s::timestamptz - interval '1 hour')
      ON CONFLICT DO NOTHING
    )
    SELECT agent_id, status, config AS config_version, paused_at, offline_at, EXISTS (SELECT FROM taken) AS taken,
      NOT EXISTS (SELECT FROM known WHERE boot_id = %(boot_id)s AND seen_at > %(late_since)s) AS news
    FROM agent
    """,
    Heard,
)

# The last process of an agent stays, however long ago it was heard of: without it the agent would seem never to have
# been connected.
FORGET_INSTANCES = Statement(
    """
    DELETE FROM alquimista_platform.agent_instances i
    WHERE i.tenant_id = %(tenant_id)s AND i.seen_at < %(before)s AND EXISTS (
      SELECT FROM alquimista_platform.agent_instances o
      WHERE o.tenant_id = i.tenant_id AND o.agent_id = i.agent_id
        AND (o.seen_at, o.instance_id) > (i.seen_at, i.instance_id))
    """,
    NoRow,
)

FORGET_BOOTS = Statement(
    "DELETE FROM alquimista_platform.agent_boots WHERE tenant_id = %(tenant_id)s AND booted_at < %(before)s",
    NoRow,
)


async def beat(conn: Conn, tenant_id: UUID, slug: str, told: Beat, now: datetime) -> Heard | None:
    """Write a sign of life; None when the tenant has no such agent."""
    return await conn.fetch_one(
        BEAT,
        tenant_id=tenant_id,
        slug=slug,
        instance=told.instance_id,
        boot_id=told.boot_id,
        version=told.version,
        sdk=told.sdk,
        host=told.host,
        now=now,
        most=MOST_INSTANCES,
        most_boots=MOST_BOOTS,
        late_since=now - LATE_AFTER,
    )


async def forget(conn: Conn, tenant_id: UUID, instances_before: datetime, boots_before: datetime) -> None:
    """Forget processes that were not heard of since, and starts before."""
    await conn.execute(FORGET_INSTANCES, tenant_id=tenant_id, before=instances_before)
    await conn.execute(FORGET_BOOTS, tenant_id=tenant_id, before=boots_before)
