"""Use cases of running agents, as the API, the jobs and other rooms call them."""

from alquimista.fleet.service.beats import beat
from alquimista.fleet.service.controls import (
    acknowledge,
    configuration_changed,
    pause,
    restart,
    restartable,
    restarted,
    resume,
    withdraw,
)
from alquimista.fleet.service.reading import Running, every, read
from alquimista.fleet.service.streaming import ControlStreams, install
from alquimista.fleet.service.telling import TEMPLATES as TOLD
from alquimista.fleet.service.telling import tell
from alquimista.fleet.service.watching import forget, missed, settle, tenants_with_fleet, watch

__all__ = [
    "TOLD",
    "ControlStreams",
    "Running",
    "acknowledge",
    "beat",
    "configuration_changed",
    "every",
    "forget",
    "install",
    "missed",
    "pause",
    "read",
    "restart",
    "restartable",
    "restarted",
    "resume",
    "settle",
    "tell",
    "tenants_with_fleet",
    "watch",
    "withdraw",
]
