"""The only SQL on the catalogue's agents and the versions of their rules."""

from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.agents.models.agents import Agent
from alquimista.agents.models.definitions import Definition
from alquimista.db.statement import Conn, NoRow, Statement


class AgentId(msgspec.Struct, frozen=True):
    """Which agent."""

    id: UUID


class Rules(msgspec.Struct, frozen=True):
    """The rules of a version."""

    definition: Definition


# Whoever changes the catalogue waits for whoever does so now: two at once would each go by what was before both.
TAKE_TURN = Statement(
    "SELECT pg_advisory_xact_lock(hashtextextended('alquimista.catalogue', 0))::text AS locked",
    NoRow,
)

CATALOGUE = Statement(
    """
    SELECT a.id, a.slug, a.name, a.description, a.segment, a.category, a.version, a.status, a.number, a.tags, a.source,
      v.definition
    FROM alquimista_platform.agents a
    LEFT JOIN alquimista_platform.agent_versions v ON v.agent_id = a.id AND v.version = a.version
    ORDER BY a.number NULLS LAST, a.slug
    """,
    Agent,
)

PUT_AGENT = Statement(
    """
    INSERT INTO alquimista_platform.agents
      (id, slug, name, description, segment, category, version, status, number, tags, source, config, created_at,
       updated_at)
    VALUES (%(id)s, %(slug)s, %(name)s, %(description)s, %(segment)s, %(category)s, %(version)s, %(status)s, %(number)s,
      %(tags)s::text[], %(source)s, '{}', %(now)s, %(now)s)
    ON CONFLICT (slug) DO UPDATE SET
      name = excluded.name, description = excluded.description, segment = excluded.segment,
      category = excluded.category, version = excluded.version, status = excluded.status, number = excluded.number,
      tags = excluded.tags, source = excluded.source, updated_at = excluded.updated_at
    RETURNING id
    """,
    AgentId,
)

PUT_VERSION = Statement(
    """
    INSERT INTO alquimista_platform.agent_versions (agent_id, version, definition, created_at, created_by)
    VALUES (%(agent_id)s, %(version)s, %(definition)s, %(now)s, %(author)s)
    ON CONFLICT (agent_id, version) DO NOTHING
    """,
    NoRow,
)

VERSION = Statement(
    """
    SELECT definition FROM alquimista_platform.agent_versions WHERE agent_id = %(agent_id)s AND version = %(version)s
    """,
    Rules,
)


async def take_turn(conn: Conn) -> None:
    """Wait until no other transaction changes the catalogue."""
    await conn.execute(TAKE_TURN)


async def catalogue(conn: Conn) -> list[Agent]:
    """Every agent of the catalogue, in its order."""
    return await conn.fetch(CATALOGUE)


async def put_agent(conn: Conn, agent: Agent, now: datetime) -> UUID:
    """Write one catalogue entry by slug, without its rules; its id, which stays the first one."""
    values = {name: getattr(agent, name) for name in Agent.__struct_fields__ if name != "definition"}
    stored = await conn.fetch_one(PUT_AGENT, **{**values, "tags": list(agent.tags)}, now=now)
    assert stored is not None
    return stored.id


async def put_version(
    conn: Conn, agent_id: UUID, version: str, definition: Definition, author: UUID | None, now: datetime
) -> Definition:
    """Write the rules of a version, unless it has some; those that it has afterwards."""
    document = msgspec.to_builtins(definition)
    await conn.execute(PUT_VERSION, agent_id=agent_id, version=version, definition=document, author=author, now=now)
    stored = await conn.fetch_one(VERSION, agent_id=agent_id, version=version)
    assert stored is not None
    return stored.definition
