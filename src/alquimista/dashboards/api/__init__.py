"""The endpoints of composed reads."""

from typing import Final

from alquimista.dashboards.api import client, failures, metrics, staff
from alquimista.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (*client.ROUTES, *failures.ROUTES, *metrics.ROUTES, *staff.ROUTES)
