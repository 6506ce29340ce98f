"""Pages for everybody: agents, plans, contact, the guide."""

from typing import Final

from alquimista.web.pages.public import (
    agents,
    contact,
    guide,
    plans,
)

ROUTES: Final = (
    *agents.ROUTES,
    *contact.ROUTES,
    *guide.ROUTES,
    *plans.ROUTES,
)
