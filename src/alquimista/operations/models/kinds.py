"""The kinds of commands: one table, from which API, page, permissions, jobs and limits are derived.

No parameters name a tenant: a command has one, and nothing in it can contradict that. The titles and descriptions of
parameters are marked for translation, since forms are made from their schema as well as the API's document.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.errors import Invalid
from alquimista.i18n import N_, Text

MOST_IDS: Final = 100
MOST_DAYS: Final = 92
MOST_MOVED: Final = 10_000


class CommandType(StrEnum):
    """What can be commanded."""

    HEALTH_CHECK = "HEALTH_CHECK"
    RESET_TOKEN = "RESET_TOKEN"  # noqa: S105 - A name.
    RESTART_AGENT = "RESTART_AGENT"
    REPROCESS_QUEUE = "REPROCESS_QUEUE"
    RECOMPUTE_USAGE = "RECOMPUTE_USAGE"
    EXPORT_TENANT = "EXPORT_TENANT"


class Queue(StrEnum):
    """What can be moved back: mails, messages to webhooks and events that were given up, jobs that failed for good."""

    MAILS = "mails"
    JOBS = "jobs"
    WEBHOOKS = "webhooks"
    EVENTS = "events"


class HealthCheckParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to say: without a company the platform is looked at, with one its integrations and agents too."""


class ResetTokenParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose credential is destroyed."""

    integration_id: Annotated[
        UUID,
        Meta(
            title=str(N_("Integration")),
            description=str(N_("The integration, which its customer must then connect again.")),
        ),
    ]


class RestartAgentParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which agent is restarted, and why."""

    agent_id: Annotated[UUID, Meta(title=str(N_("Agent")), description=str(N_("The agent, which must be running.")))]
    reason: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=200,
            title=str(N_("Reason")),
            description=str(N_("Why; the customer reads it too.")),
        ),
    ]


class ReprocessQueueParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What moves back: these, or so many of the oldest."""

    queue: Annotated[
        Queue,
        Meta(
            title=str(N_("Queue")),
            description=str(N_("mails, jobs, webhooks or events.")),
            extra_json_schema={
                "x-labels": {
                    "mails": str(N_("Mails that were given up")),
                    "jobs": str(N_("Jobs that failed for good")),
                    "webhooks": str(N_("Webhook messages that were given up")),
                    "events": str(N_("Events that a consumer gave up")),
                }
            },
        ),
    ]
    ids: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=36, pattern=r"^[0-9a-f-]+$(?!\n)")]],
        Meta(
            max_length=MOST_IDS,
            title=str(N_("Ids")),
            description=str(N_("Which mails, jobs, deliveries or events. With ids, count says nothing.")),
        ),
    ] = []
    count: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST_MOVED,
            title=str(N_("Count")),
            description=str(N_("How many of the oldest at most.")),
        ),
    ] = 1_000


class RecomputeUsageParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which days are counted again."""

    first_day: Annotated[
        date, Meta(title=str(N_("First day")), description=str(N_("The first of the customer's own days.")))
    ]
    last_day: Annotated[date, Meta(title=str(N_("Last day")), description=str(N_("The last, at most 92 days in all.")))]


class ExportTenantParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing to say: everything of the company is exported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of command.

    `needs_tenant` False: it may also be about no company. `tries` above 1 is for what may be done twice without harm.
    `concurrency` is how many run at once over all workers, held by the queue in the database. One that `changes`
    nothing leaves no second row in the audit when it ends well. `example` is a moment at which one gives it.
    One that `destroys` what cannot be made again asks twice.
    """

    command_type: CommandType
    title: Text
    description: Text
    example: Text
    parameters: type[msgspec.Struct]
    needs_tenant: bool
    permission: Permission
    timeout_s: int
    concurrency: int
    tries: int
    changes: bool = True
    destroys: bool = False

    @property
    def job(self) -> str:
        """The job that runs it."""
        return f"operations.{self.command_type.value.lower()}"


KINDS: Final[dict[CommandType, Kind]] = {
    kind.command_type: kind
    for kind in (
        Kind(
            command_type=CommandType.HEALTH_CHECK,
            title=N_("Check health"),
            description=N_(
                "Looks at database, messages, cache, queue, workers and disk; and at a customer's connections."
            ),
            example=N_(
                "A customer says that nothing answers: see whether the platform or one of its connections is the cause."
            ),
            parameters=HealthCheckParameters,
            needs_tenant=False,
            permission=Permission.COMMAND_RUN,
            timeout_s=30,
            concurrency=20,
            tries=3,
            changes=False,
        ),
        Kind(
            command_type=CommandType.RESET_TOKEN,
            title=N_("Reset a credential"),
            description=N_("Destroys an integration's credential and tells the customer how to connect it again."),
            example=N_("A token leaked or was revoked: destroy it, so that the customer connects again."),
            parameters=ResetTokenParameters,
            needs_tenant=True,
            permission=Permission.COMMAND_RUN,
            timeout_s=30,
            concurrency=5,
            tries=3,
            destroys=True,
        ),
        Kind(
            command_type=CommandType.RESTART_AGENT,
            title=N_("Restart an agent"),
            description=N_("Asks a running agent to start anew and waits until it has. Never revives a suspended one."),
            example=N_("An agent is online and answers nothing since its last configuration: have it start anew."),
            parameters=RestartAgentParameters,
            needs_tenant=True,
            permission=Permission.COMMAND_RUN,
            timeout_s=120,
            concurrency=20,
            tries=1,
        ),
        Kind(
            command_type=CommandType.REPROCESS_QUEUE,
            title=N_("Reprocess a queue"),
            description=N_("Moves failed mails, jobs, webhook messages or events back into their queue, each once."),
            example=N_("The mail server was down for an hour and 40 mails were given up: send them after all."),
            parameters=ReprocessQueueParameters,
            needs_tenant=False,
            permission=Permission.COMMAND_RUN,
            timeout_s=60,
            concurrency=20,
            tries=3,
        ),
        Kind(
            command_type=CommandType.RECOMPUTE_USAGE,
            title=N_("Count usage again"),
            description=N_("Counts days of a customer again from its raw events, and tells what differed."),
            example=N_(
                "A day's report differs from the raw events: count that day again before the invoice is issued."
            ),
            parameters=RecomputeUsageParameters,
            needs_tenant=True,
            permission=Permission.USAGE_RECOMPUTE,
            timeout_s=1_800,
            concurrency=2,
            tries=3,
        ),
        Kind(
            command_type=CommandType.EXPORT_TENANT,
            title=N_("Export a customer's data"),
            description=N_("Writes everything of a customer into one file."),
            example=N_("A customer asks for all of its data, or leaves: give it the file."),
            parameters=ExportTenantParameters,
            needs_tenant=True,
            permission=Permission.TENANT_EXPORT,
            timeout_s=3_600,
            concurrency=1,
            tries=3,
        ),
    )
}


# How the ids of each queue are read.
_IDS: Final[dict[Queue, Callable[[str], Any]]] = {
    Queue.MAILS: UUID,
    Queue.JOBS: lambda text: int(text[:18]),
    Queue.WEBHOOKS: UUID,
    Queue.EVENTS: UUID,
}


def read_ids(wanted: ReprocessQueueParameters) -> list[Any] | None:
    """The ids as the queue has them; None when a count was given.

    Raises:
        Invalid: one of them is no id of this queue.
    """
    try:
        return [_IDS[wanted.queue](one) for one in wanted.ids] or None
    except ValueError:
        raise Invalid.of("parameters.ids", N_("Give ids of this queue.")) from None


def check(parameters: Any) -> None:  # noqa: ANN401 - The Struct of any kind.
    """What a shape cannot say.

    Raises:
        Invalid: ids of another queue; the days are in the wrong order, or too many.
    """
    if isinstance(parameters, ReprocessQueueParameters):
        read_ids(parameters)
    if not isinstance(parameters, RecomputeUsageParameters):
        return
    days = (parameters.last_day - parameters.first_day).days + 1
    if days < 1:
        raise Invalid.of("parameters.last_day", N_("The first day comes after the last."))
    if days > MOST_DAYS:
        raise Invalid.of("parameters.last_day", N_("At most {n} days at once.", n=MOST_DAYS))
