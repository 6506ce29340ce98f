"""Use cases of commands."""

from alquimista.operations.service.approving import approve, needed, reject
from alquimista.operations.service.cancelling import cancel
from alquimista.operations.service.effects import EFFECTS
from alquimista.operations.service.effects.effect import Foreseen
from alquimista.operations.service.giving import Wanted, announce, foresee, give
from alquimista.operations.service.reacting import react
from alquimista.operations.service.reading import changed, check_key, find, line, lines, page
from alquimista.operations.service.reaping import purge, reap
from alquimista.operations.service.running import run
from alquimista.operations.service.telling import CHANNEL
from alquimista.operations.service.telling import changed as tell

__all__ = [
    "CHANNEL",
    "EFFECTS",
    "Foreseen",
    "Wanted",
    "announce",
    "approve",
    "cancel",
    "changed",
    "check_key",
    "find",
    "foresee",
    "give",
    "line",
    "lines",
    "needed",
    "page",
    "purge",
    "react",
    "reap",
    "reject",
    "run",
    "tell",
]
