"""Use cases of mails and notifications, as other rooms, the API, pages and jobs call them."""

from alquimista.notifications.service.inbox import missed, news, page, read, read_all
from alquimista.notifications.service.mails import (
    DELIVER,
    RETRIES,
    count_given_up,
    dead,
    deliver,
    outbox,
    purge,
    render,
    requeue,
    send_mail,
)
from alquimista.notifications.service.telling import channel, choices, choose, tell

__all__ = [
    "DELIVER",
    "RETRIES",
    "channel",
    "choices",
    "choose",
    "count_given_up",
    "dead",
    "deliver",
    "missed",
    "news",
    "outbox",
    "page",
    "purge",
    "read",
    "read_all",
    "render",
    "requeue",
    "send_mail",
    "tell",
]
