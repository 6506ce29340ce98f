"""Pages: thin handlers that call services and fill templates, and the table of them all."""

from alquimista.config import Settings
from alquimista.http.routes import Route
from alquimista.web.pages import account, client, offline, outbox, public, staff, static
from alquimista.web.pages.problems import page_error

__all__ = ["page_error", "routes"]


def routes(settings: Settings) -> tuple[Route, ...]:
    """The pages of an installation. In production, and wherever mails are really sent, there is no outbox."""
    local = () if settings.production or settings.smtp_url else outbox.ROUTES
    return (*static.ROUTES, *offline.ROUTES, *account.ROUTES, *public.ROUTES, *client.ROUTES, *staff.ROUTES, *local)
