"""The endpoints of composed reads."""

from typing import Final

from alquimista.dashboards.api import client, metrics, staff
from alquimista.http.routes import Route

ROUTES: Final[tuple[Route, ...]] = (*client.ROUTES, *metrics.ROUTES, *staff.ROUTES)
