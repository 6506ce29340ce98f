"""The endpoints of billing."""

from typing import Final

from alquimista.billing.api import (
    catalogue,
    editing,
    invoices,
    reconciliation,
    revenue,
    staff,
    subscription,
    switching,
    usage_lines,
    webhooks,
)
from alquimista.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *catalogue.ROUTES,
    *editing.ROUTES,
    *subscription.ROUTES,
    *switching.ROUTES,
    *webhooks.ROUTES,
    *staff.ROUTES,
    *invoices.ROUTES,
    *usage_lines.ROUTES,
    *reconciliation.ROUTES,
    *revenue.ROUTES,
)
