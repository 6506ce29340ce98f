"""SQL of what people see of running agents: all of a tenant's at a glance, and everything about one."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.db.statement import Conn, Statement
from alquimista.fleet.models.controls import Asked
from alquimista.fleet.models.states import Boot, Instance
from alquimista.fleet.queries.controls import CONTROL, STANDING, Standing


class Glance(msgspec.Struct, frozen=True):
    """An agent that a tenant has or had, what is wished of it, and when any process of it was last heard of."""

    agent_id: UUID
    slug: str
    name: str
    status: AgentStatus
    paused_at: datetime | None
    seen_at: datetime | None


EVERY = Statement(
    """
    SELECT ta.agent_id, a.slug, a.name, ta.status, s.paused_at, i.seen_at
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    LEFT JOIN alquimista_platform.agent_standings s ON s.tenant_id = ta.tenant_id AND s.agent_id = ta.agent_id
    LEFT JOIN (
      SELECT agent_id, max(seen_at) AS seen_at FROM alquimista_platform.agent_instances
      WHERE tenant_id = %(tenant_id)s GROUP BY agent_id
    ) i ON i.agent_id = ta.agent_id
    WHERE ta.tenant_id = %(tenant_id)s
    ORDER BY a.name, ta.agent_id
    """,
    Glance,
)


class Story(msgspec.Struct, frozen=True):
    """An agent with its processes, their starts, and what they were told; the newest of each first."""

    agent: Standing
    instances: tuple[Instance, ...]
    boots: tuple[Boot, ...]
    restarts: tuple[Asked, ...]
    wishes: tuple[Asked, ...]


# The names of staff are out of the tenant's sight, as everywhere.
_ASKED = """
(SELECT coalesce(jsonb_agg(
    to_jsonb(one) || jsonb_build_object('asked_by', u.full_name) ORDER BY one.created_at DESC, one.id), '[]')
  FROM ({rows} ORDER BY c.created_at DESC, c.id LIMIT %(limit)s) one
  LEFT JOIN alquimista_platform.users u ON u.id = one.created_by)"""
_RESTARTS = _ASKED.format(rows=f"{CONTROL} c.agent_id = %(agent_id)s AND c.kind = 'restart'")
_WISHES = _ASKED.format(rows=f"{CONTROL} c.agent_id = %(agent_id)s AND c.kind <> 'restart'")

# All of it in one round trip.
STORY = Statement(
    f"""
    SELECT to_jsonb(standing) AS agent,
      (SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.seen_at DESC, one.instance_id), '[]') FROM (
        SELECT instance_id, boot_id, version, sdk, host, first_seen_at, started_at, seen_at
        FROM alquimista_platform.agent_instances
        WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s
        ORDER BY seen_at DESC, instance_id LIMIT %(limit)s) one) AS instances,
      (SELECT coalesce(jsonb_agg(to_jsonb(one) ORDER BY one.booted_at DESC, one.boot_id), '[]') FROM (
        SELECT instance_id, boot_id, version, booted_at FROM alquimista_platform.agent_boots
        WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s
        ORDER BY booted_at DESC, boot_id LIMIT %(limit)s) one) AS boots,
      {_RESTARTS} AS restarts,
      {_WISHES} AS wishes
    FROM ({STANDING} ta.agent_id = %(agent_id)s) standing
    """,  # noqa: S608 - The interpolations are constants.
    Story,
)


async def every(conn: Conn, tenant_id: UUID) -> list[Glance]:
    """Every agent that the tenant has or had, by name."""
    return await conn.fetch(EVERY, tenant_id=tenant_id)


async def story(conn: Conn, tenant_id: UUID, agent_id: UUID, limit: int) -> Story | None:
    """One of them, with the newest of each; None when the tenant never had it."""
    return await conn.fetch_one(STORY, tenant_id=tenant_id, agent_id=agent_id, limit=limit)
