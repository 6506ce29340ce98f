"""The endpoints of billing."""

from typing import Final

from alquimista.billing.api import catalogue, editing, revenue, staff, subscription, webhooks
from alquimista.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *catalogue.ROUTES,
    *editing.ROUTES,
    *subscription.ROUTES,
    *webhooks.ROUTES,
    *staff.ROUTES,
    *revenue.ROUTES,
)
