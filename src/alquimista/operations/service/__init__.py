"""Use cases of commands."""

from alquimista.operations.service.approving import approve, install, needed, reject
from alquimista.operations.service.cancelling import cancel
from alquimista.operations.service.effects import EFFECTS
from alquimista.operations.service.effects.effect import Foreseen
from alquimista.operations.service.effects.health_check import look
from alquimista.operations.service.exports import delete_old as delete_old_exports
from alquimista.operations.service.exports import fetch as fetch_export
from alquimista.operations.service.giving import Wanted, announce, foresee, give, give_alone
from alquimista.operations.service.reacting import react
from alquimista.operations.service.reading import changed, find, history, line, lines, page
from alquimista.operations.service.reaping import purge, reap
from alquimista.operations.service.running import run
from alquimista.operations.service.telling import CHANNEL
from alquimista.operations.service.telling import changed as tell
from alquimista.operations.service.watching import watch

__all__ = [
    "CHANNEL",
    "EFFECTS",
    "Foreseen",
    "Wanted",
    "announce",
    "approve",
    "cancel",
    "changed",
    "delete_old_exports",
    "fetch_export",
    "find",
    "foresee",
    "give",
    "give_alone",
    "history",
    "install",
    "line",
    "lines",
    "look",
    "needed",
    "page",
    "purge",
    "react",
    "reap",
    "reject",
    "run",
    "tell",
    "watch",
]
