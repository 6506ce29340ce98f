"""What failed for good, arranged: each entry with the form of the command that moves it back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.failures import FailedEntry, FailureFilter
from alquimista.i18n import N_, Text
from alquimista.operations.models.kinds import MOST_MOVED, CommandType, Queue
from alquimista.web import views
from alquimista.web.client.webhooks import FAILURES
from alquimista.web.staff.commands import ALL, uuid_of
from alquimista.web.staff.new_command import address_of
from alquimista.web.staff.system import PATH as SYSTEM
from alquimista.web.tables import Paged

PATH: Final = f"{SYSTEM}/failures"
MAIN: Final = "failures"  # The id of the element that a link or a filter replaces.
SIZE: Final = 20
QUEUES: Final[Mapping[Queue, views.Badge]] = {
    Queue.MAILS: views.Badge(N_("Mail"), "idle", icon="mail"),
    Queue.JOBS: views.Badge(N_("Job"), "idle", icon="cpu"),
    Queue.WEBHOOKS: views.Badge(N_("Message to a webhook"), "idle", icon="webhook"),
    Queue.EVENTS: views.Badge(N_("Event to a consumer"), "idle", icon="radio-tower"),
}
CHOICES: Final[Sequence[tuple[str, Text]]] = (
    ("", ALL),
    (Queue.MAILS.value, N_("Mails that were given up")),
    (Queue.JOBS.value, N_("Jobs that failed for good")),
    (Queue.WEBHOOKS.value, N_("Webhook messages that were given up")),
    (Queue.EVENTS.value, N_("Events that a consumer gave up")),
)
_NAMES: Final = {one.value for one in Queue}
_WHY: Final[Mapping[str, Text]] = {failure.value: text for failure, text in FAILURES.items()}


class FailuresPageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which failures. What names nothing filters nothing, as the empty choices of the form do."""

    queue: Annotated[str, Meta(max_length=40)] = ""
    tenant_id: Annotated[str, Meta(max_length=40)] = ""
    search: Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""  # Of the company's name.
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1

    @property
    def wanted(self) -> FailureFilter:
        """What the service looks for."""
        return FailureFilter(queue=Queue(self.queue) if self.queue in _NAMES else None, tenant_id=self.tenant)

    @property
    def tenant(self) -> UUID | None:
        """The company that it names."""
        return uuid_of(self.tenant_id)

    @property
    def kept(self) -> dict[str, str]:
        """The filters, for the links of the page."""
        return {name: value for name in ("queue", "tenant_id", "search") if (value := getattr(self, name))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """A page of them; `may_give`: the reader may move them back."""

    query: FailuresPageQuery
    entries: Paged[FailedEntry]
    may_give: bool

    @property
    def tenant_name(self) -> Text | str:
        """Whose they are, when the address names one."""
        if self.query.tenant == PLATFORM_TENANT:
            return N_("The platform")
        named = (one.tenant_name for one in self.entries.rows if one.tenant_name)
        return next(named, self.query.tenant_id)

    @property
    def all_again(self) -> str:
        """The form that moves all of them back; empty unless they are of one queue and one company."""
        wanted = self.query.wanted
        if wanted.queue is None or wanted.tenant_id is None or not self.entries.total or not self.may_give:
            return ""
        whose = None if wanted.tenant_id == PLATFORM_TENANT else wanted.tenant_id
        return _again(whose, wanted.queue, count=str(min(self.entries.total, MOST_MOVED)))

    def again(self, entry: FailedEntry) -> str:
        """The form that moves one of them back."""
        return _again(entry.tenant_id, entry.queue, ids=entry.id)

    def alike(self, entry: FailedEntry) -> str:
        """Those of the same company in the same queue."""
        return views.query_of(PATH, {"queue": entry.queue.value, "tenant_id": str(entry.tenant_id or PLATFORM_TENANT)})


def reason(entry: FailedEntry) -> tuple[Text | None, str]:
    """Why in words, where it has some, and as it was noted: of a webhook what was answered, else the error."""
    if entry.queue is not Queue.WEBHOOKS:
        return None, entry.reason
    failure, _, status = entry.reason.partition(" ")
    return _WHY.get(failure), status


def _again(tenant_id: UUID | None, queue: Queue, **values: str) -> str:
    return address_of(CommandType.REPROCESS_QUEUE, tenant_id or "", {"queue": queue.value, **values})
