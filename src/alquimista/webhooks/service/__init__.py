"""What the rest of the platform asks of webhooks: to tell something, and to keep things in order."""

from alquimista.webhooks.gateway import Poster
from alquimista.webhooks.service.deliveries import (
    attempts,
    count_given_up,
    emit,
    get_delivery,
    health,
    list_deliveries,
    log,
    replay,
    replay_range,
    requeue,
    send_test,
    told,
)
from alquimista.webhooks.service.endpoints import (
    change,
    create,
    delete,
    get,
    list_endpoints,
    reseal,
    rotate_secret,
)
from alquimista.webhooks.service.sending import DELIVER, Sending, deliver, install, sweep, tenants_due

__all__ = [
    "DELIVER",
    "Poster",
    "Sending",
    "attempts",
    "change",
    "count_given_up",
    "create",
    "delete",
    "deliver",
    "emit",
    "get",
    "get_delivery",
    "health",
    "install",
    "list_deliveries",
    "list_endpoints",
    "log",
    "replay",
    "replay_range",
    "requeue",
    "reseal",
    "rotate_secret",
    "send_test",
    "sweep",
    "tenants_due",
    "told",
]
