"""Use cases of tickets, as endpoints and jobs call them."""

from alquimista.support.service.reading import Conversation, find, messages, page, read, staff_page
from alquimista.support.service.telling import tell
from alquimista.support.service.writing import (
    assign,
    close,
    incident_resolved,
    link,
    open_ticket,
    reopen,
    write_message,
)

__all__ = [
    "Conversation",
    "assign",
    "close",
    "find",
    "incident_resolved",
    "link",
    "messages",
    "open_ticket",
    "page",
    "read",
    "reopen",
    "staff_page",
    "tell",
    "write_message",
]
