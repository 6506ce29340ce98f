"""Tickets as pages of both sides show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.i18n import N_, Text
from alquimista.support.models import AuthorKind, TicketMessage, TicketSeverity, TicketStatus
from alquimista.web.views import Badge

SEVERITIES: Final = {
    TicketSeverity.LOW: Badge(N_("Low"), "idle", icon="chevron-down"),
    TicketSeverity.NORMAL: Badge(N_("Normal"), "info", icon="equal"),
    TicketSeverity.HIGH: Badge(N_("High"), "warn", icon="chevron-up"),
    TicketSeverity.URGENT: Badge(N_("Urgent"), "bad", icon="chevrons-up"),
}
SEVERITY_FILTER: Final = (("", N_("All severities")), *((one.value, badge.label) for one, badge in SEVERITIES.items()))
_CLOSED: Final = Badge(N_("Ticket closed"), "idle", icon="circle-check")
# Whose turn it is, as who asks reads it, and as who answers does.
STATES: Final = {
    TicketStatus.OPEN: Badge(N_("Received by support"), "info", icon="inbox"),
    TicketStatus.WAITING_ON_US: Badge(N_("With support"), "info", icon="clock"),
    TicketStatus.WAITING_ON_CUSTOMER: Badge(N_("Your turn"), "warn", icon="message-circle"),
    TicketStatus.CLOSED: _CLOSED,
}
STAFF_STATES: Final = {
    TicketStatus.OPEN: Badge(N_("Not answered yet"), "bad", icon="inbox"),
    TicketStatus.WAITING_ON_US: Badge(N_("Waiting for us"), "warn", icon="clock"),
    TicketStatus.WAITING_ON_CUSTOMER: Badge(N_("Waiting for the customer"), "info", icon="message-circle"),
    TicketStatus.CLOSED: _CLOSED,
}
# What each urgency is for, where one is chosen.
URGENCIES: Final = (
    (TicketSeverity.LOW, N_("Low: a question or an idea")),
    (TicketSeverity.NORMAL, N_("Normal: something does not work as it should")),
    (TicketSeverity.HIGH, N_("High: an agent or a channel has stopped")),
    (TicketSeverity.URGENT, N_("Urgent: nothing works, and customers notice")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as a reader sees it. `mine`: from the reader's own side. `note`: only staff see it."""

    id: UUID
    at: datetime
    author: Text | str
    mine: bool
    staff: bool
    note: bool
    body: str

    @property
    def initials(self) -> str:
        """One or two letters that stand for the author; none when they are not named."""
        words = [] if isinstance(self.author, Text) else [word for word in self.author.split() if word[0].isalpha()]
        picked = (words[0], words[-1]) if len(words) > 1 else words[:1]
        return "".join(word[0].upper() for word in picked)


def conversation(messages: Sequence[TicketMessage], reader: UUID | None, side: AuthorKind) -> tuple[Message, ...]:
    """What was written, for a reader of one side; to companies staff are one."""
    return tuple(
        Message(
            id=one.id,
            at=one.created_at,
            author=_author(one, reader),
            mine=one.author_kind is side,
            staff=one.author_kind is AuthorKind.STAFF,
            note=one.internal,
            body=one.body,
        )
        for one in messages
    )


def _author(one: TicketMessage, reader: UUID | None) -> Text | str:
    if one.author_id is not None and one.author_id == reader:
        return N_("You")
    if one.author_name:
        return one.author_name
    return N_("Support") if one.author_kind is AuthorKind.STAFF else N_("Somebody who has left")
