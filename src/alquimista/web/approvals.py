"""What people see of requests for approval: the staff's, and a company's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup
from msgspec import Meta

from alquimista.access import Actor
from alquimista.approvals.models import (
    Approval,
    ApprovalStatus,
    Inbox,
    Verdict,
    Whose,
    in_words,
    refusal_of_closed,
    refusal_to_decide,
)
from alquimista.i18n import N_, Text
from alquimista.operations.service.approving import PREFIX
from alquimista.web import views
from alquimista.web.staff import commands
from alquimista.web.tables import Paged, link

MAIN: Final = "approvals"
SIZE: Final = 50
_SHORT: Final = Meta(max_length=40)

STATES: Final = {
    ApprovalStatus.PENDING: views.Badge(N_("Waiting"), "warn", icon="clock"),
    ApprovalStatus.APPROVED: views.Badge(N_("Approved"), "good", icon="circle-check"),
    ApprovalStatus.REJECTED: views.Badge(N_("Rejected"), "bad", icon="circle-x"),
    ApprovalStatus.EXPIRED: views.Badge(N_("Expired"), "idle", icon="hourglass"),
    ApprovalStatus.CANCELLED: views.Badge(N_("Taken back"), "idle", icon="undo-2"),
}
VERDICTS: Final = {
    Verdict.APPROVE: views.Badge(N_("Approved"), "good", icon="circle-check"),
    Verdict.REJECT: views.Badge(N_("Rejected"), "bad", icon="circle-x"),
}
DONE: Final = {
    "approve": views.Notice(N_("Your approval is recorded."), "good", "circle-check"),
    "reject": views.Notice(N_("The request is rejected."), "good", "circle-check"),
    "cancelled": views.Notice(N_("The request is taken back."), "good", "circle-check"),
}
_TABS: Final = {Whose.WAITING: N_("Waiting for me"), Whose.MINE: N_("My requests"), Whose.ALL: N_("All")}


class ApprovalsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which requests. An unknown status filters nothing; whose they are is for the reader to begin with."""

    whose: Annotated[str, _SHORT] = ""
    status: Annotated[str, _SHORT] = ""
    page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    seen: str = ""  # The hash of the part that the browser shows.

    @property
    def wanted(self) -> ApprovalStatus | None:
        """The status to look for."""
        return ApprovalStatus(self.status) if self.status in STATES else None


class ApprovalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done."""

    done: Annotated[str, _SHORT] = ""


class DecideForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision, and why."""

    decision: Verdict
    comment: Annotated[str, Meta(max_length=2000)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where requests are shown: to staff, or to a company's people, with what the links carry along and the zone."""

    path: str
    staff: bool
    zone: str
    carried: Mapping[str, str]

    def one(self, approval: Approval) -> str:
        """The page of a request."""
        return self._with(f"{self.path}/{approval.id}")

    def act(self, approval: Approval, what: str) -> str:
        """Where a form about a request goes."""
        return self._with(f"{self.path}/{approval.id}/{what}")

    @property
    def all(self) -> str:
        """The list."""
        return self._with(self.path)

    def done(self, approval: Approval, what: str) -> str:
        """The page of a request after something was done."""
        return f"{self.path}/{approval.id}?{urlencode({**self.carried, 'done': what})}"

    def _with(self, path: str) -> str:
        return views.query_of(path, self.carried) if self.carried else path


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalList:
    """Everything on the page of the list."""

    place: Place
    whose: Whose
    status: ApprovalStatus | None
    table: Paged[Approval]
    live_url: str
    inbox: Inbox

    @property
    def tabs(self) -> list[tuple[Text, str, bool]]:
        """Whose requests can be looked at; how many wait stands beside."""
        return [
            (
                Text("{label} ({n})", {"label": label, "n": self.inbox.waiting}) if whose is Whose.WAITING else label,
                views.query_of(self.place.path, {**self.place.carried, "whose": whose.value}),
                whose is self.whose,
            )
            for whose, label in _TABS.items()
        ]

    @property
    def states(self) -> list[tuple[str, Text, bool, Markup]]:
        """The statuses to choose from; what waits has only one."""
        if self.whose is Whose.WAITING:
            return []
        kept = {**self.place.carried, "whose": self.whose.value}
        every = ("", N_("All"), self.status is None, link(views.query_of(self.place.path, kept), MAIN))
        each = [
            (
                one.value,
                badge.label,
                one is self.status,
                link(views.query_of(self.place.path, {**kept, "status": one.value}), MAIN),
            )
            for one, badge in STATES.items()
        ]
        return [every, *each]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalView:
    """Everything on the page of a request."""

    place: Place
    one: Approval
    actor: Actor
    now: datetime

    @property
    def refusal(self) -> Text | None:
        """Why the reader may not decide on it; None when they may."""
        problem = refusal_to_decide(self.actor, self.one, self.now)
        return problem.detail if problem else None

    @property
    def open(self) -> bool:
        """Whether anything about it can still change."""
        return refusal_of_closed(self.one, self.now) is None

    @property
    def may_cancel(self) -> bool:
        """Whether it is the reader's own, to be taken back."""
        return self.open and self.actor.user_id == self.one.requested_by

    @property
    def details(self) -> list[tuple[Text | str, Any]]:
        """What the deciders should know, by its names."""
        return details_of(self.one)

    @property
    def subject(self) -> str:
        """The page of what it is about, where staff have one."""
        about_command = self.place.staff and self.one.action_type.startswith(PREFIX)
        return f"{commands.PATH}/{self.one.resource_id}" if about_command else ""


def title_of(approval: Approval) -> Text:
    """What is asked for."""
    if approval.action_type.startswith(PREFIX):
        return commands.title_of(commands.command_of(approval))
    return in_words(approval.action_type)


def details_of(approval: Approval) -> list[tuple[Text | str, Any]]:
    """The details of the act, by the names of its form where it has one."""
    if approval.action_type.startswith(PREFIX):
        return commands.parameters_of(commands.command_of(approval), approval.action_details)
    return [(_titled(name.replace("_", " ")), value) for name, value in approval.action_details.items()]


def _titled(words: str) -> str:
    return words[:1].upper() + words[1:]


def chosen(query: ApprovalsQuery, actor: Actor, *, staff: bool) -> Whose:
    """Whose requests are shown; who can decide nothing here begins with all."""
    if query.whose in _TABS:
        return Whose(query.whose)
    return Whose.WAITING if actor.internal == staff else Whose.ALL
