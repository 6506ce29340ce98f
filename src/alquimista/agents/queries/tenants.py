"""The only SQL on tenant_agents: which agents a tenant has, and how they stand."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentRules, AgentStatus, TenantAgent
from alquimista.db.statement import Conn, NoRow, Statement

# Of a tenant's own active agent: the rules of the version in force, or of the version asked for.
RULES_OF_TENANT = Statement(
    """
    SELECT a.slug, v.version, v.definition
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    JOIN alquimista_platform.agent_versions v
      ON v.agent_id = a.id AND v.version = coalesce(%(version)s::text, a.version)
    WHERE ta.tenant_id = %(tenant_id)s AND ta.status = 'active' AND a.slug = %(slug)s
    """,
    AgentRules,
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
      SET status = 'active', switched_off = false, activated_at = excluded.activated_at, deactivated_at = NULL,
          updated_at = excluded.updated_at
      WHERE ta.status IN ('inactive', 'trial')
    """,
    NoRow,
)

DEACTIVATE = Statement(
    """
    UPDATE alquimista_platform.tenant_agents
    SET status = 'inactive', switched_off = true, deactivated_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND status = 'active'
    """,
    NoRow,
)

# What is chosen no more is not switched off either: chosen again, it works.
# What a suspended agent did was refused ever since, and stays so.
SELECT_OTHERS = Statement(
    """
    UPDATE alquimista_platform.tenant_agents
    SET status = CASE status WHEN 'trial' THEN status ELSE 'inactive' END, switched_off = false,
      deactivated_at = CASE status WHEN 'suspended' THEN updated_at WHEN 'active' THEN %(now)s ELSE deactivated_at END,
      updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND (status IN ('active', 'suspended') OR switched_off)
      AND agent_id <> ALL (%(agents)s::uuid[])
    """,
    NoRow,
)

SELECT_AGENTS = Statement(
    """
    INSERT INTO alquimista_platform.tenant_agents AS ta
      (tenant_id, agent_id, subnucleo_id, status, config, activated_at, updated_at)
    SELECT %(tenant_id)s, c.agent_id, c.subnucleo_id, 'active', '{}', %(now)s, %(now)s
    FROM unnest(%(agents)s::uuid[], %(subnucleos)s::uuid[]) AS c (agent_id, subnucleo_id)
    ON CONFLICT (tenant_id, agent_id) DO UPDATE
      SET status = CASE WHEN ta.switched_off THEN ta.status ELSE 'active' END,
          subnucleo_id = excluded.subnucleo_id,
          deactivated_at = CASE WHEN ta.switched_off THEN ta.deactivated_at END,
          activated_at = CASE WHEN ta.switched_off OR ta.status = 'active' THEN ta.activated_at
            ELSE excluded.activated_at END,
          updated_at = excluded.updated_at
      WHERE (ta.status <> 'active' AND NOT ta.switched_off) OR ta.subnucleo_id IS DISTINCT FROM excluded.subnucleo_id
    """,
    NoRow,
)

SUSPEND_ALL = Statement(
    """
    UPDATE alquimista_platform.tenant_agents SET status = 'suspended', updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND status = 'active'
    """,
    NoRow,
)


class Held(msgspec.Struct, frozen=True):
    """How an agent of a tenant stands."""

    agent_id: UUID
    slug: str
    status: AgentStatus


class Slug(msgspec.Struct, frozen=True):
    """What an agent is called in addresses."""

    slug: str


# Whoever changes several agents at once holds them first, so that what changed is told once.
HOLD = Statement(
    """
    SELECT ta.agent_id, a.slug, ta.status FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    WHERE ta.tenant_id = %(tenant_id)s ORDER BY ta.agent_id FOR NO KEY UPDATE OF ta
    """,
    Held,
)

SLUG = Statement(
    """
    SELECT a.slug FROM alquimista_platform.agents a WHERE a.id = %(agent_id)s
    """,
    Slug,
)


class OfAgent(msgspec.Struct, frozen=True):
    """Which agent of a tenant."""

    agent_id: UUID


class OfTenant(msgspec.Struct, frozen=True):
    """Which tenant."""

    tenant_id: UUID


class State(msgspec.Struct, frozen=True):
    """How an agent stands with a tenant."""

    status: AgentStatus


# Before rows that point to the tenant are locked: LOCK_SEATS and those come in this order everywhere.
KEEP_SEATS = Statement(
    "SELECT max_agents FROM alquimista_platform.tenants WHERE id = %(tenant_id)s FOR KEY SHARE",
    Seats,
)

# Locks the row even when nothing changes, so that whoever ends trials waits for this transaction.
BEGIN_TRIAL = Statement(
    """
    INSERT INTO alquimista_platform.tenant_agents AS ta (tenant_id, agent_id, status, config, activated_at, updated_at)
    VALUES (%(tenant_id)s, %(agent_id)s, 'trial', '{}', %(now)s, %(now)s)
    ON CONFLICT (tenant_id, agent_id) DO UPDATE
      SET status = 'trial', activated_at = excluded.activated_at, deactivated_at = NULL,
          updated_at = excluded.updated_at
      WHERE ta.status = 'inactive'
    """,
    NoRow,
)

STATE = Statement(
    """
    SELECT status FROM alquimista_platform.tenant_agents WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s
    """,
    State,
)

LOCK_ON_TRIAL = Statement(
    """
    SELECT agent_id FROM alquimista_platform.tenant_agents
    WHERE tenant_id = %(tenant_id)s AND status = 'trial' ORDER BY agent_id FOR UPDATE
    """,
    OfAgent,
)

END_TRIAL = Statement(
    """
    UPDATE alquimista_platform.tenant_agents
    SET status = 'inactive', deactivated_at = %(now)s, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND status = 'trial'
    """,
    NoRow,
)

# Across tenants, for the internal role.
TENANTS_ON_TRIAL = Statement(
    "SELECT DISTINCT tenant_id FROM alquimista_platform.tenant_agents WHERE status = 'trial'", OfTenant
)


async def rules_of_tenant(conn: Conn, tenant_id: UUID, slug: str, version: str | None) -> AgentRules | None:
    """The rules of an agent that the tenant has active; None when it has not, or when there is no such version."""
    return await conn.fetch_one(RULES_OF_TENANT, tenant_id=tenant_id, slug=slug, version=version)


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


async def hold(conn: Conn, tenant_id: UUID) -> dict[UUID, str]:
    """The slugs of the tenant's active agents, whose rows nobody else changes before the end of the transaction."""
    return {
        one.agent_id: one.slug
        for one in await conn.fetch(HOLD, tenant_id=tenant_id)
        if one.status is AgentStatus.ACTIVE
    }


async def slug(conn: Conn, agent_id: UUID) -> str:
    """What an agent of the catalogue is called in addresses."""
    row = await conn.fetch_one(SLUG, agent_id=agent_id)
    assert row is not None
    return row.slug


async def select(conn: Conn, tenant_id: UUID, chosen: Mapping[UUID, UUID | None], now: datetime) -> None:
    """Make these agents active, but for those switched off, each brought by a SubNúcleo or by none; others inactive."""
    agents = list(chosen)
    await conn.execute(SELECT_OTHERS, tenant_id=tenant_id, agents=agents, now=now)
    await conn.execute(
        SELECT_AGENTS, tenant_id=tenant_id, agents=agents, subnucleos=[chosen[one] for one in agents], now=now
    )


async def suspend_all(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Suspend every active agent."""
    await conn.execute(SUSPEND_ALL, tenant_id=tenant_id, now=now)


async def keep_seats(conn: Conn, tenant_id: UUID) -> None:
    """Wait until nobody activates an agent of the tenant, and keep others waiting until the transaction ends."""
    await conn.fetch_one(KEEP_SEATS, tenant_id=tenant_id)


async def begin_trial(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> bool:
    """Whether the agent is on trial from now on; one that the tenant has otherwise stays as it is, its row locked."""
    return bool(await conn.execute(BEGIN_TRIAL, tenant_id=tenant_id, agent_id=agent_id, now=now))


async def state(conn: Conn, tenant_id: UUID, agent_id: UUID) -> AgentStatus | None:
    """How the agent stands with the tenant."""
    row = await conn.fetch_one(STATE, tenant_id=tenant_id, agent_id=agent_id)
    return row.status if row else None


async def lock_on_trial(conn: Conn, tenant_id: UUID) -> list[UUID]:
    """The tenant's agents on trial, their rows locked until the transaction ends."""
    return [row.agent_id for row in await conn.fetch(LOCK_ON_TRIAL, tenant_id=tenant_id)]


async def end_trial(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> int:
    """1 when the agent is not on trial any more, 0 when it was not."""
    return await conn.execute(END_TRIAL, tenant_id=tenant_id, agent_id=agent_id, now=now)


async def tenants_on_trial(conn: Conn) -> list[UUID]:
    """The tenants that have an agent on trial."""
    return [row.tenant_id for row in await conn.fetch(TENANTS_ON_TRIAL)]
