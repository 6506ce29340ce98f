"""Pages: thin handlers that call services and fill templates, and the table of them all."""

from alquimista.config import Settings
from alquimista.http.routes import Route
from alquimista.web.pages import (
    accounts,
    agents,
    billing,
    bundles,
    company,
    contact,
    dashboard,
    home,
    invoices,
    notifications,
    outbox,
    passwords,
    plans,
    preferences,
    prices,
    revenue,
    sales,
    second_factor,
    sheets,
    signin,
    static,
    tenant_billing,
    trials,
    view_as,
    wizard,
)
from alquimista.web.pages.problems import page_error

__all__ = ["page_error", "routes"]


def routes(settings: Settings) -> tuple[Route, ...]:
    """The pages of an installation. In production, and wherever mails are really sent, there is no outbox."""
    local = () if settings.production or settings.smtp_url else outbox.ROUTES
    return (
        *static.ROUTES,
        *home.ROUTES,
        *signin.ROUTES,
        *passwords.ROUTES,
        *plans.ROUTES,
        *agents.ROUTES,
        *contact.ROUTES,
        *trials.ROUTES,
        *accounts.ROUTES,
        *second_factor.ROUTES,
        *dashboard.ROUTES,
        *company.ROUTES,
        *view_as.ROUTES,
        *billing.ROUTES,
        *wizard.ROUTES,
        *invoices.ROUTES,
        *prices.ROUTES,
        *bundles.ROUTES,
        *sheets.ROUTES,
        *sales.ROUTES,
        *revenue.ROUTES,
        *tenant_billing.ROUTES,
        *notifications.ROUTES,
        *preferences.ROUTES,
        *local,
    )
