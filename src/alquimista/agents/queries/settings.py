"""The only SQL on what tenants set of their agents."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import AgentStatus
from alquimista.agents.models.definitions import Definition
from alquimista.db.statement import Conn, Statement


class Configured(msgspec.Struct, frozen=True):
    """A tenant's agent, what is set of it, and the rules in force, which say what may be set; None without rules."""

    agent_id: UUID
    slug: str
    name: str
    status: AgentStatus
    config: dict[str, Any]
    config_version: int
    definition: Definition | None


GET = Statement(
    """
    SELECT ta.agent_id, a.slug, a.name, ta.status, ta.config, ta.config_version, v.definition
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    LEFT JOIN alquimista_platform.agent_versions v ON v.agent_id = a.id AND v.version = a.version
    WHERE ta.tenant_id = %(tenant_id)s AND ta.agent_id = %(agent_id)s
    """,
    Configured,
)


class SheetRow(msgspec.Struct, frozen=True):
    """The same beside what else is known of the agent, and whose it is."""

    agent_id: UUID
    slug: str
    name: str
    segment: str
    description: str
    status: AgentStatus
    activated_at: datetime
    deactivated_at: datetime | None
    config: dict[str, Any]
    config_version: int
    definition: Definition | None
    company: str
    time_zone: str


SHEET = Statement(
    """
    SELECT ta.agent_id, a.slug, a.name, a.segment, a.description, ta.status, ta.activated_at, ta.deactivated_at,
      ta.config, ta.config_version, v.definition, t.name AS company, t.time_zone
    FROM alquimista_platform.tenant_agents ta
    JOIN alquimista_platform.tenants t ON t.id = ta.tenant_id
    JOIN alquimista_platform.agents a ON a.id = ta.agent_id
    LEFT JOIN alquimista_platform.agent_versions v ON v.agent_id = a.id AND v.version = a.version
    WHERE ta.tenant_id = %(tenant_id)s AND ta.agent_id = %(agent_id)s
    """,
    SheetRow,
)


class Written(msgspec.Struct, frozen=True):
    """The number of the settings that were written."""

    config_version: int


# Only over what the writer has seen. A suspended agent's row keeps the moment of its suspension in updated_at.
PUT = Statement(
    """
    UPDATE alquimista_platform.tenant_agents
    SET config = %(config)s, config_version = config_version + 1, updated_at = %(now)s
    WHERE tenant_id = %(tenant_id)s AND agent_id = %(agent_id)s AND config_version = %(seen)s AND status <> 'suspended'
    RETURNING config_version
    """,
    Written,
)


async def get(conn: Conn, tenant_id: UUID, agent_id: UUID) -> Configured | None:
    """What the tenant has set of an agent that it has or had."""
    return await conn.fetch_one(GET, tenant_id=tenant_id, agent_id=agent_id)


async def sheet(conn: Conn, tenant_id: UUID, agent_id: UUID) -> SheetRow | None:
    """Everything about an agent that the tenant has or had."""
    return await conn.fetch_one(SHEET, tenant_id=tenant_id, agent_id=agent_id)


async def put(
    conn: Conn, tenant_id: UUID, agent_id: UUID, config: dict[str, Any], seen: int, now: datetime
) -> int | None:
    """Write settings over those with the number `seen`; the new number, None when they have another one by now."""
    row = await conn.fetch_one(PUT, tenant_id=tenant_id, agent_id=agent_id, config=config, seen=seen, now=now)
    return row.config_version if row else None
