"""The navigation: what each reader may open. An item without its permission is left out, never greyed."""

from dataclasses import dataclass
from typing import Final

from alquimista.access import Actor, Permission, Role
from alquimista.i18n import N_, Text

ROLE_LABELS: Final[dict[Role, Text]] = {
    Role.INTERNAL_ADMIN: N_("Internal administrator"),
    Role.INTERNAL_SUPPORT: N_("Internal support"),
    Role.TENANT_ADMIN: N_("Administrator"),
    Role.TENANT_USER: N_("User"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One link. `href` with a # is a section of a page: never the current page itself."""

    icon: str
    label: Text
    href: str
    permission: Permission


@dataclass(frozen=True, slots=True)
class Group:
    label: Text
    items: tuple[Item, ...]


_COMPANY: Final = "/app/company"
_TENANT: Final = "/app/dashboard"
STAFF: Final = (
    Group(
        N_("Platform"),
        (
            Item(icon="layout-dashboard", label=N_("Overview"), href=_COMPANY, permission=Permission.PLATFORM_READ),
            Item(
                icon="building-2", label=N_("Tenants"), href=f"{_COMPANY}#tenants", permission=Permission.PLATFORM_READ
            ),
            Item(
                icon="triangle-alert",
                label=N_("Incidents"),
                href=f"{_COMPANY}#incidents",
                permission=Permission.PLATFORM_READ,
            ),
            Item(icon="banknote", label=N_("Revenue"), href=f"{_COMPANY}/billing", permission=Permission.REVENUE_READ),
        ),
    ),
    Group(
        N_("Business"),
        (
            Item(
                icon="tags",
                label=N_("Catalogue"),
                href=f"{_COMPANY}/catalogue",
                permission=Permission.CATALOGUE_MANAGE,
            ),
            Item(
                icon="handshake",
                label=N_("Sales requests"),
                href=f"{_COMPANY}/sales",
                permission=Permission.SALES_MANAGE,
            ),
        ),
    ),
)
CLIENT: Final = (
    Group(
        N_("My company"),
        (
            Item(icon="layout-dashboard", label=N_("Overview"), href=_TENANT, permission=Permission.TENANT_READ),
            Item(
                icon="chart-no-axes-combined",
                label=N_("Usage"),
                href=f"{_TENANT}#usage",
                permission=Permission.USAGE_READ,
            ),
            Item(icon="bot", label=N_("Agents"), href=f"{_TENANT}#agents", permission=Permission.AGENT_READ),
            Item(
                icon="plug",
                label=N_("Integrations"),
                href=f"{_TENANT}#integrations",
                permission=Permission.INTEGRATION_READ,
            ),
            Item(
                icon="triangle-alert",
                label=N_("Incidents"),
                href=f"{_TENANT}#incidents",
                permission=Permission.INCIDENT_READ,
            ),
            Item(
                icon="receipt-text",
                label=N_("Plan and invoices"),
                href="/app/billing",
                permission=Permission.BILLING_READ,
            ),
        ),
    ),
)


def groups(actor: Actor) -> tuple[Group, ...]:
    """The groups with at least one item that the actor may open."""
    seen = (
        Group(g.label, tuple(i for i in g.items if actor.may(i.permission)))
        for g in (STAFF if _of_staff(actor) else CLIENT)
    )
    return tuple(g for g in seen if g.items)


def home(actor: Actor) -> str | None:
    """Where the actor lands (requirements 1.1), or None without a known role."""
    if actor.role is None:
        return None
    return _COMPANY if _of_staff(actor) else _TENANT


def _of_staff(actor: Actor) -> bool:
    """Whether the staff's half of the product is shown: not while they look at a company."""
    return actor.internal and actor.viewing is None
