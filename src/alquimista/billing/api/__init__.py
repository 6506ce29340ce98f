"""The endpoints of billing."""

from typing import Final

from alquimista.billing.api import catalogue, editing, invoices, reconciliation, usage_lines
from alquimista.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (
    *catalogue.ROUTES,
    *editing.ROUTES,
    *invoices.ROUTES,
    *usage_lines.ROUTES,
    *reconciliation.ROUTES,
)
