"""Use cases of approvals, as its own routes and the rooms above call them."""

from alquimista.approvals.service.deciding import cancel, decide, expire, request, withdraw
from alquimista.approvals.service.reacting import Reaction, Reactions, install
from alquimista.approvals.service.reading import due, get, get_of_staff, inbox, page, tenants_due
from alquimista.approvals.service.telling import TELL, tell

__all__ = [
    "TELL",
    "Reaction",
    "Reactions",
    "cancel",
    "decide",
    "due",
    "expire",
    "get",
    "get_of_staff",
    "inbox",
    "install",
    "page",
    "request",
    "tell",
    "tenants_due",
    "withdraw",
]
