"""Agents of the catalogue and of a tenant."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.i18n import N_

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SLUG_LIMIT: Final = 64


class AgentStatus(StrEnum):
    """A tenant's agent: suspended ones come back only with the subscription."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class Agent(msgspec.Struct, frozen=True):
    """A row of the catalogue."""

    id: UUID
    slug: str
    name: str
    description: str
    segment: str
    category: str
    version: str
    status: str


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


class AgentSuspended(Conflict):
    code = "agent_suspended"
    message = N_("This agent is suspended. Settle the subscription to bring it back.")


class AgentLimitReached(Conflict):
    code = "agent_limit_reached"
    message = N_("The plan allows {limit} active agents. Deactivate one or change the plan.")


def clean_slug(raw: str) -> str:
    """Lower-case letters, digits and single hyphens, at most 64 characters.

    Raises:
        Invalid: anything else.
    """
    if len(raw) > SLUG_LIMIT or not _SLUG.fullmatch(raw):
        raise Invalid.of("slug", N_("Use lower-case letters, digits and hyphens, such as vendas-ativas."))
    return raw
