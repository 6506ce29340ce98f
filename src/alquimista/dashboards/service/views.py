"""The views that members of staff save for themselves; every function takes a connection of the platform tenant."""

from datetime import datetime
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.dashboards.models.tenant import MOST_VIEWS, SavedView, TooManyViews, UnknownView, clean_view_name
from alquimista.dashboards.queries import views
from alquimista.db.statement import Conn


async def saved_views(conn: Conn, user_id: UUID) -> list[SavedView]:
    """A person's views, by name."""
    return await views.mine(conn, PLATFORM_TENANT, user_id)


async def save_view(conn: Conn, user_id: UUID, name: str, query: str, now: datetime) -> SavedView:
    """Keep a view, in place of the one of the same name.

    Raises:
        Invalid: the name cannot be one.
        TooManyViews: the person has as many as there may be.
    """
    view = SavedView(clean_view_name(name), query)
    if await views.others(conn, PLATFORM_TENANT, user_id, view.name) >= MOST_VIEWS:
        raise TooManyViews(limit=MOST_VIEWS)
    await views.save(conn, PLATFORM_TENANT, user_id, view, now)
    return view


async def delete_view(conn: Conn, user_id: UUID, name: str) -> SavedView:
    """Delete a view, and say what it was. Raises UnknownView."""
    query = await views.delete(conn, PLATFORM_TENANT, user_id, name)
    if query is None:
        raise UnknownView
    return SavedView(name, query)
