"""Incidents, their severities and states, and their timeline."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.i18n import N_

REACT: Final = "operations.react"  # The job that runs an incident's automatic command; operations has its handler.
COMMENT_LIMIT: Final = 5000
TITLE_LIMIT: Final = 200
DESCRIPTION_LIMIT: Final = 5000


class Severity(StrEnum):
    """From what one may want to know to what wakes people up."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


GRAVE: Final = frozenset({Severity.ERROR, Severity.CRITICAL})  # Of these, staff are told at every customer.


class State(StrEnum):
    """How far an incident is. It never goes back: a condition that returns is a new incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Visibility(StrEnum):
    """Who sees it."""

    TENANT = "tenant"
    INTERNAL = "internal"  # Staff alone.


class EventKind(StrEnum):
    """What may stand in a timeline."""

    OPENED = "opened"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    COMMENT = "comment"
    COMMAND = "command"
    NOTIFIED = "notified"
    RESOLVED = "resolved"


class Incident(msgspec.Struct, frozen=True):
    """A row of incidents. `params` None: the stored title and description are what is shown."""

    tenant_id: UUID
    id: UUID
    severity: Severity
    status: State
    visibility: Visibility
    rule: str
    source: str
    dedupe_key: str
    title: str
    description: str
    params: dict[str, Any] | None
    details: dict[str, Any]
    created_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    told_at: datetime | None
    told_over_at: datetime | None
    staff_told_at: datetime | None
    escalated_at: datetime | None
    parent_id: UUID | None


class Event(msgspec.Struct, frozen=True):
    """One step of a timeline. `actor_name` is None for the platform itself, and where the reader may not know it."""

    id: UUID
    occurred_at: datetime
    kind: EventKind
    public: bool
    actor_id: UUID | None
    actor_name: str | None
    body: str
    details: dict[str, Any]


class NewIncident(msgspec.Struct, frozen=True, kw_only=True):
    """What opening takes.

    `dedupe_key` names the condition, such as `usage.drift:2026-11-21`. What stands before the colon is the name of its
    rule, when it has one in RULES: who is told, who sees it, and what is done by itself follow from that. With `params`
    the texts are the rule's too, in each reader's language, and `title` and `description` are what is left when the
    rule is gone: `by_rule` makes such a one. `visibility` None is the rule's, or `tenant`.
    """

    severity: Severity
    title: str
    description: str
    source: str
    dedupe_key: str
    details: dict[str, Any] = {}
    params: dict[str, Any] | None = None
    visibility: Visibility | None = None


class Reaction(msgspec.Struct, frozen=True):
    """The payload of REACT: the command that a rule has run by itself."""

    tenant_id: UUID
    incident_id: UUID
    command_type: str
    parameters: dict[str, Any] = {}


class Alert(msgspec.Struct, frozen=True):
    """The payload of the job that tells staff of an incident; `besides` is who opened it, and knows."""

    incident_id: UUID
    besides: UUID | None = None


class Reported(msgspec.Struct, frozen=True):
    """The payload of jobs about one incident of the job's tenant."""

    incident_id: UUID


class UnknownIncident(NotFound):
    code = "incident_not_found"
    message = N_("There is no incident with this id.")


class IncidentResolved(Conflict):
    code = "incident_resolved"
    message = N_("The incident is resolved and stays so. If it happens again, that is a new incident.")


class AlreadyAcknowledged(Conflict):
    code = "incident_acknowledged"
    message = N_("Somebody has acknowledged this incident already. Its timeline says who.")


class MirroredIncident(Conflict):
    code = "incident_of_platform"
    message = N_("This incident shows one of the platform to a customer. Act on that one: {parent_id}.")


class InternalIncident(Conflict):
    code = "incident_internal"
    message = N_("The incident is internal, and the customer would see it here. Link one that the customer sees.")


def shown_comment(raw: str) -> str:
    """A comment's text without blanks around it. Raises Invalid when nothing is left, or too much."""
    text = raw.replace("\r\n", "\n").strip()
    if not text or "\x00" in text:
        raise Invalid.of("body", N_("Write what is to be said, without control characters."))
    if len(text) > COMMENT_LIMIT:
        raise Invalid.of("body", N_("Write at most {n} characters.", n=COMMENT_LIMIT))
    return text


def shown_text(title: str, description: str) -> tuple[str, str]:
    """What is said of an incident opened by hand, without blanks around it. Raises Invalid."""
    title, description = title.strip(), description.replace("\r\n", "\n").strip()
    if not title or "\x00" in title + description:
        raise Invalid.of("title", N_("Write what happened, in a line, without control characters."))
    for name, text, most in (("title", title, TITLE_LIMIT), ("description", description, DESCRIPTION_LIMIT)):
        if len(text) > most:
            raise Invalid.of(name, N_("Write at most {n} characters.", n=most))
    return title, description
