"""What the rest of the platform asks of the orchestrator: to publish, above all."""

from alquimista.orchestrator.service.delivering import DELIVER, deliver, route, sweep, tenants_due
from alquimista.orchestrator.service.publishing import ROUTE, publish, receive
from alquimista.orchestrator.service.reading import detail, list_events, owner, replay, trace

__all__ = [
    "DELIVER",
    "ROUTE",
    "deliver",
    "detail",
    "list_events",
    "owner",
    "publish",
    "receive",
    "replay",
    "route",
    "sweep",
    "tenants_due",
    "trace",
]
