"""Agents of the catalogue and of a tenant."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from alquimista.agents.models.definitions import Definition, Sheet
from alquimista.agents.models.settings import Setting
from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_


class AgentStatus(StrEnum):
    """A tenant's agent: suspended ones come back only with the subscription; those on trial take no seat."""

    ACTIVE = "active"
    TRIAL = "trial"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class Source(StrEnum):
    """Who wrote a version of something in the catalogue. Loading files leaves what staff wrote."""

    FILE = "file"
    STAFF = "staff"


class Agent(msgspec.Struct, frozen=True):
    """A row of the catalogue, with the rules of its version in force when it has some."""

    id: UUID
    slug: str
    name: str
    description: str
    segment: str
    category: str
    version: str
    status: str
    number: int | None = None
    tags: tuple[str, ...] = ()
    source: Source = Source.FILE
    definition: Definition | None = None


class AgentRules(msgspec.Struct, frozen=True):
    """What an agent's runtime keeps to."""

    slug: str
    version: str
    definition: Definition


class TenantAgent(msgspec.Struct, frozen=True):
    """An agent as one tenant has it."""

    agent_id: UUID
    slug: str
    name: str
    segment: str
    status: AgentStatus
    activated_at: datetime
    deactivated_at: datetime | None


class UnknownAgent(NotFound):
    code = "agent_not_found"
    message = N_("There is no agent with this id or slug.")


class VersionTaken(Conflict):
    code = "agent_version_taken"
    message = N_("Version {version} of {slug} has other rules already. Give the change a version of its own.")


class AgentSuspended(Conflict):
    code = "agent_suspended"
    message = N_("This agent is suspended. Settle the subscription to bring it back.")


class AgentLimitReached(Conflict):
    code = "agent_limit_reached"
    message = N_("The plan allows {limit} active agents. Deactivate one or change the plan.")


class AgentOnTrial(Conflict):
    code = "agent_on_trial"
    message = N_("Somebody is trying this agent; the trial ends by itself.")


class Configuration(msgspec.Struct, frozen=True):
    """What a tenant has set of an agent (`config`), what the agent goes by (`in_force`), and what may be set."""

    agent_id: UUID
    slug: str
    name: str
    status: AgentStatus
    version: int
    config: dict[str, Any]
    in_force: dict[str, Any]
    settings: tuple[Setting, ...]


class AgentSheet(msgspec.Struct, frozen=True):
    """A tenant's agent with what the catalogue says of it and what may be set; the company's name and time zone."""

    agent: TenantAgent
    description: str
    configuration: Configuration
    company: str
    time_zone: str


class Loaded(msgspec.Struct, frozen=True):
    """What loading files has done: the slugs that were written, and those left as staff wrote them."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def entry(sheet: Sheet, agent_id: UUID, source: Source) -> Agent:
    """The catalogue's row that a sheet describes."""
    return Agent(
        id=agent_id,
        slug=sheet.slug,
        name=sheet.name,
        description=sheet.description,
        segment=sheet.segment,
        category=sheet.category,
        version=sheet.version,
        status=sheet.status,
        number=sheet.number,
        tags=sheet.tags,
        source=source,
        definition=sheet.definition,
    )
