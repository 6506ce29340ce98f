"""What the rest of the platform asks of the orchestrator: to publish, above all."""

from alquimista.orchestrator.service.delivering import DELIVER, deliver, route, sweep, tenants_due
from alquimista.orchestrator.service.publishing import ROUTE, publish, receive
from alquimista.orchestrator.service.reading import (
    count_dead,
    count_given_up,
    detail,
    list_events,
    owner,
    replay,
    requeue,
    trace,
)

__all__ = [
    "DELIVER",
    "ROUTE",
    "count_dead",
    "count_given_up",
    "deliver",
    "detail",
    "list_events",
    "owner",
    "publish",
    "receive",
    "replay",
    "requeue",
    "route",
    "sweep",
    "tenants_due",
    "trace",
]
