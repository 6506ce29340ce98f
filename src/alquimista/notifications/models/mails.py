"""What a stored mail is, and whom it is for."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from alquimista.i18n import Text


class MailRefused(Exception):  # noqa: N818 - It is told as a fact.
    """The mail server will never take this mail; trying again is of no use."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of a mail under a heading; each is a text and where it leads, or nothing."""

    heading: Text
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member to tell something."""

    user_id: UUID
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail in one language."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to deliver."""

    tenant_id: UUID
    id: UUID
    recipient: str
    subject: str
    body_text: str
    body_html: str
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OutboxMail:
    """A line of the local outbox page."""

    recipient: str
    subject: str
    body_text: str
    created_at: datetime


class DeadMails(msgspec.Struct, frozen=True):
    """How many mails were given up: that no try could deliver, and that the mail server refused for good."""

    undelivered: int
    refused: int


class Delivery(msgspec.Struct, frozen=True):
    """Which mail a job delivers."""

    mail_id: UUID
