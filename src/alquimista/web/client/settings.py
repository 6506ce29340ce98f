"""What the pages of a company's settings share: where they are, and what their links carry on."""

from typing import Final

from alquimista.http.context import Context
from alquimista.i18n import N_
from alquimista.web import views

PATH: Final = "/app/dashboard/settings"
SIZE: Final = 50  # Rows of a page.
MEMBER_STATES: Final = {
    "active": views.Badge(N_("Active"), "good", icon="circle-check"),
    "deactivated": views.Badge(N_("Deactivated"), "idle", icon="circle-off"),
}


def carried(context: Context) -> dict[str, str]:
    """What every address carries on: staff name the company, except while they look at one as its administrator."""
    if not context.who.internal or context.who.viewing is not None:
        return {}
    return {"tenant_id": str(context.tenant)}


def address_of(context: Context, path: str, **query: str) -> str:
    """An address of the same company's."""
    query = {**carried(context), **query}
    return views.query_of(path, query) if query else path
