"""The routes of incidents."""

from typing import Final

from alquimista.incidents.api import staff, tenant

ROUTES: Final = (*tenant.ROUTES, *staff.ROUTES)
