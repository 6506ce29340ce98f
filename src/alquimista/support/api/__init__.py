"""The routes of tickets."""

from typing import Final

from alquimista.support.api import staff, tenant

ROUTES: Final = (*tenant.ROUTES, *staff.ROUTES)
