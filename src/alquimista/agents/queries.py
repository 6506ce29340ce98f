"""The only SQL on the catalogue's agents and on tenant_agents."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models import Agent, TenantAgent
from alquimista.db.statement import Conn, NoRow, Statement

UPSERT_AGENT = Statement(
    """
    INSERT INTO alquimista_platform.agents
      (id, slug, name, description, segment, category, version, status, config, created_at, updated_at)
    VALUES (%(id)s, %(slug)s, %(name)s, %(description)s, %(segment)s, %(category)s, %(version)s, %(status)s, '{}',
      %(now)s, %(now)s)
    ON CONFLICT (slug) DO UPDATE SET
      name = excluded.name, description = excluded.description, segment = excluded.segment,
      category = excluded.category, version = excluded.version, status = excluded.status,
      updated_at = excluded.updated_at
    RETURNING id, slug, name, description, segment, category, version, status
    """,
    Agent,
)

CATALOGUE = Statement(
    """
    SELECT id, slug, name, description, segment, category, version, status
    FROM alquimista_platform.agents ORDER BY slug
    """,
    Agent,
)

LIST = Statement(
    """
    SELECT ta.agent_id, a.slug, a.name, a.segment, ta.status, ta.activated_at, ta.deactivated_at
    FROM alquimista_platform.tenant_agents ta JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    WHERE ta.tenant_id = %(tenant_id)s
    ORDER BY a.name, ta.agent_id
    """,
    TenantAgent,
)


class Seats(msgspec.Struct, frozen=True):
    """How many active agents the plan allows."""

    max_agents: int


# Serialises a tenant's activations. A statement of its own: one that waits for a lock goes on with the snapshot from
# before the wait, and would count without what the others have activated meanwhile.
LOCK_SEATS = Statement(
    "SELECT max_agents FROM alquimista_platform.tenants WHERE id = %(tenant_id)s FOR UPDATE",
    Seats,
)


class Activation(msgspec.Struct, frozen=True):
    """What an activation finds: whether the catalogue has the agent, its state here, and the other active agents."""

    known: bool
    status: str | None
    active_others: int


BEFORE_ACTIVATION = Statement(
    """
    SELECT EXISTS (SELECT 1 FROM alquimista_platform.agents a WHERE a.id = %(agent_id)s AND a.status = 'active')
        AS known,
      (SELECT ta.status FROM alquimista_platform.tenant_agents ta
        WHERE ta.tenant_id = %(tenant_id)s AND ta.agent_id = %(agent_id)s) AS status,
      (SELECT count(*) FROM alquimista_platform.tenant_agents ta
        WHERE ta.tenant_id = %(tenant_id)s AND ta.agent_id <> %(agent_id)s AND ta.status = 'active') AS active_others
    """,
    Activation,
)

ACTIVATE = Statement(
    """
    INSERT INTO alquimista_platform.tenant_agents AS ta (tenant_id, agent_id, status, config, activated_at, updated_at)
    VALUES (%(tenant_id)s, %(agent_id)s, 'active', '{}', %(now)s, %(now)s)
    ON CONFLICT (tenant_id, agent_id) DO UPDATE
      SET status = 'active', activated_at = excluded.activated_at, deactivated_at = NULL,
          updated_at = excluded.updated_at
      WHERE ta.status = 'inactive'
    """,
    NoRow,
)

DEACTIVATE = Statement(
    """
    UPDATE alquimista_platform.tenant_agents
    SET status = 'inactive', deactivated_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND status = 'active'
    """,
    NoRow,
)


async def upsert_agent(conn: Conn, agent: Agent, now: datetime) -> Agent:
    """Write one catalogue entry by slug, as the owner; the stored row, which keeps its first id."""
    values = {name: getattr(agent, name) for name in Agent.__struct_fields__}
    stored = await conn.fetch_one(UPSERT_AGENT, **values, now=now)
    assert stored is not None
    return stored


async def catalogue(conn: Conn) -> list[Agent]:
    """Every agent of the catalogue."""
    return await conn.fetch(CATALOGUE)


async def list_agents(conn: Conn, tenant_id: UUID) -> list[TenantAgent]:
    """Every agent that the tenant has or had, by name."""
    return await conn.fetch(LIST, tenant_id=tenant_id)


async def lock_seats(conn: Conn, tenant_id: UUID) -> int | None:
    """How many active agents the plan allows, with the tenant's row locked until the transaction ends."""
    row = await conn.fetch_one(LOCK_SEATS, tenant_id=tenant_id)
    return row.max_agents if row else None


async def before_activation(conn: Conn, tenant_id: UUID, agent_id: UUID) -> Activation:
    """What an activation finds; true until the end of the transaction once the seats are locked."""
    row = await conn.fetch_one(BEFORE_ACTIVATION, tenant_id=tenant_id, agent_id=agent_id)
    assert row is not None
    return row


async def activate(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> int:
    """1 when the agent became active, 0 when it already was."""
    return await conn.execute(ACTIVATE, tenant_id=tenant_id, agent_id=agent_id, now=now)


async def deactivate(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> int:
    """1 when the agent became inactive, 0 when it was not active."""
    return await conn.execute(DEACTIVATE, tenant_id=tenant_id, agent_id=agent_id, now=now)
