"""What is told to people, in which words, and what they chose to hear, as other rooms import it."""

from alquimista.notifications.models.inbox import (
    DIGEST_AT,
    Counts,
    Digest,
    Due,
    Notification,
    Subscriber,
    UnknownNotification,
    Waiting,
    digest_day,
)
from alquimista.notifications.models.mails import (
    DeadMails,
    Delivery,
    Group,
    Mail,
    MailRefused,
    OutboxMail,
    Recipient,
    Rendered,
)
from alquimista.notifications.models.preferences import (
    ALWAYS,
    DEFAULTS,
    LABELS,
    Category,
    Choice,
    MailWhen,
    Owner,
    effective,
)
from alquimista.notifications.models.templates import TEMPLATES, Template

__all__ = [
    "ALWAYS",
    "DEFAULTS",
    "DIGEST_AT",
    "LABELS",
    "TEMPLATES",
    "Category",
    "Choice",
    "Counts",
    "DeadMails",
    "Delivery",
    "Digest",
    "Due",
    "Group",
    "Mail",
    "MailRefused",
    "MailWhen",
    "Notification",
    "OutboxMail",
    "Owner",
    "Recipient",
    "Rendered",
    "Subscriber",
    "Template",
    "UnknownNotification",
    "Waiting",
    "digest_day",
    "effective",
]
