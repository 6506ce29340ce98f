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
    """One link to a page, and to those below it; `besides` are other addresses whose pages belong to it."""

    icon: str
    label: Text
    href: str
    permission: Permission
    besides: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The letter that, after a g, leads here (frontend/src/shortcuts.js); empty when none does."""
        return KEYS.get(self.href, "")

    def current(self, path: str) -> bool:
        """Whether the page at `path` is this one or below it. Below an overview is everything: it counts alone."""
        if path == self.href or path in self.besides:
            return True
        below = tuple(f"{one}/" for one in (self.href, *self.besides) if one not in {_COMPANY, _TENANT})
        return path.startswith(below)


@dataclass(frozen=True, slots=True)
class Group:
    label: Text
    items: tuple[Item, ...]


_COMPANY: Final = "/app/company"
_TENANT: Final = "/app/dashboard"
_SETTINGS: Final = f"{_TENANT}/settings"
_PREFERENCES: Final = "/app/notifications/preferences"
TENANTS: Final = f"{_COMPANY}/tenants"
COMMANDS: Final = f"{_COMPANY}/operations"
KEYS: Final = {
    _COMPANY: "o",
    f"{_COMPANY}/tenants": "t",
    f"{_COMPANY}/agents": "a",
    f"{_COMPANY}/integrations": "i",
    f"{_COMPANY}/operations": "c",
    f"{_COMPANY}/approvals": "p",
    f"{_COMPANY}/incidents": "n",
    f"{_COMPANY}/support": "s",
    f"{_COMPANY}/audit": "u",
    f"{_COMPANY}/system": "y",
    f"{_COMPANY}/billing": "r",
    f"{_COMPANY}/catalogue": "k",
    f"{_COMPANY}/sales": "l",
    _TENANT: "o",
    f"{_TENANT}/usage": "u",
    f"{_TENANT}/agents": "a",
    f"{_TENANT}/fibonacci": "f",
    f"{_TENANT}/integrations": "i",
    f"{_TENANT}/support": "s",
    "/app/billing": "b",
    f"{_TENANT}/settings": "e",
}
STAFF: Final = (
    Group(
        N_("Platform"),
        (
            Item(icon="layout-dashboard", label=N_("Overview"), href=_COMPANY, permission=Permission.PLATFORM_READ),
            Item(
                icon="building-2",
                label=N_("Customers"),
                href=f"{_COMPANY}/tenants",
                permission=Permission.PLATFORM_READ,
            ),
            Item(icon="bot", label=N_("Agents"), href=f"{_COMPANY}/agents", permission=Permission.PLATFORM_READ),
            Item(
                icon="plug",
                label=N_("Integrations"),
                href=f"{_COMPANY}/integrations",
                permission=Permission.PLATFORM_READ,
            ),
        ),
    ),
    Group(
        N_("Operations"),
        (
            Item(
                icon="square-terminal",
                label=N_("Commands"),
                href=f"{_COMPANY}/operations",
                permission=Permission.COMMAND_READ,
            ),
            Item(
                icon="stamp", label=N_("Approvals"), href=f"{_COMPANY}/approvals", permission=Permission.APPROVAL_READ
            ),
            Item(
                icon="triangle-alert",
                label=N_("Incidents"),
                href=f"{_COMPANY}/incidents",
                permission=Permission.PLATFORM_READ,
            ),
            Item(
                icon="life-buoy", label=N_("Support"), href=f"{_COMPANY}/support", permission=Permission.TICKET_ANSWER
            ),
            Item(icon="scroll-text", label=N_("Audit"), href=f"{_COMPANY}/audit", permission=Permission.AUDIT_READ),
            Item(icon="server", label=N_("System"), href=f"{_COMPANY}/system", permission=Permission.PLATFORM_READ),
        ),
    ),
    Group(
        N_("Business"),
        (
            Item(icon="banknote", label=N_("Revenue"), href=f"{_COMPANY}/billing", permission=Permission.REVENUE_READ),
            Item(
                icon="tags", label=N_("Catalogue"), href=f"{_COMPANY}/catalogue", permission=Permission.CATALOGUE_MANAGE
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
                href=f"{_TENANT}/usage",
                permission=Permission.USAGE_READ,
            ),
            Item(icon="bot", label=N_("Agents"), href=f"{_TENANT}/agents", permission=Permission.AGENT_READ),
            Item(icon="spline", label=N_("Fibonacci"), href=f"{_TENANT}/fibonacci", permission=Permission.AGENT_READ),
            Item(
                icon="plug",
                label=N_("Integrations"),
                href=f"{_TENANT}/integrations",
                permission=Permission.INTEGRATION_READ,
            ),
            Item(icon="life-buoy", label=N_("Support"), href=f"{_TENANT}/support", permission=Permission.TICKET_READ),
        ),
    ),
    Group(
        N_("Account"),
        (
            Item(
                icon="receipt-text",
                label=N_("Plan and invoices"),
                href="/app/billing",
                permission=Permission.BILLING_READ,
            ),
            Item(
                icon="settings",
                label=N_("Settings"),
                href=_SETTINGS,
                permission=Permission.ACCOUNT_MANAGE,
                besides=("/account", _PREFERENCES),
            ),
        ),
    ),
)
# The tabs above every page of settings: one's own, and the company's.
OWN_SETTINGS: Final = Group(
    N_("My account"),
    (
        Item(icon="circle-user", label=N_("Profile"), href="/account/profile", permission=Permission.ACCOUNT_MANAGE),
        Item(
            icon="shield-check",
            label=N_("Security"),
            href="/account/security",
            permission=Permission.ACCOUNT_MANAGE,
            besides=("/account/second-factor",),
        ),
        Item(
            icon="monitor-smartphone",
            label=N_("Sessions"),
            href="/account/sessions",
            permission=Permission.ACCOUNT_MANAGE,
        ),
        Item(icon="bell", label=N_("Notifications"), href=_PREFERENCES, permission=Permission.ACCOUNT_MANAGE),
    ),
)
COMPANY_SETTINGS: Final = Group(
    N_("My company"),
    (
        Item(icon="building-2", label=N_("Company"), href=f"{_SETTINGS}/company", permission=Permission.TENANT_READ),
        Item(icon="users", label=N_("Users"), href=f"{_SETTINGS}/users", permission=Permission.USER_READ),
        Item(icon="key-round", label=N_("API keys"), href=f"{_SETTINGS}/api-keys", permission=Permission.API_KEY_READ),
        Item(icon="webhook", label=N_("Webhooks"), href=f"{_SETTINGS}/webhooks", permission=Permission.WEBHOOK_READ),
        Item(icon="stamp", label=N_("Approvals"), href=f"{_SETTINGS}/approvals", permission=Permission.APPROVAL_READ),
        Item(icon="scroll-text", label=N_("Audit"), href=f"{_SETTINGS}/audit", permission=Permission.AUDIT_READ),
    ),
)


def groups(actor: Actor) -> tuple[Group, ...]:
    """The groups with at least one item that the actor may open."""
    seen = (
        Group(g.label, tuple(i for i in g.items if actor.may(i.permission)))
        for g in (STAFF if _of_staff(actor) else CLIENT)
    )
    return tuple(g for g in seen if g.items)


def settings(actor: Actor, *, of_company: bool) -> tuple[Group, ...]:
    """The tabs of settings that the actor may open; the company's where the request is about one.

    Who looks at a company as its administrator does not find their own account among its settings.
    """
    if actor.viewing is not None:
        seen: tuple[Group, ...] = (COMPANY_SETTINGS,)
    else:
        seen = (OWN_SETTINGS, COMPANY_SETTINGS) if of_company else (OWN_SETTINGS,)
    return tuple(Group(g.label, tuple(i for i in g.items if actor.may(i.permission))) for g in seen)


def home(actor: Actor) -> str | None:
    """Where the actor lands (requirements 1.1), or None without a known role."""
    if actor.role is None:
        return None
    return _COMPANY if _of_staff(actor) else _TENANT


def _of_staff(actor: Actor) -> bool:
    """Whether the staff's half of the product is shown: not while they look at a company."""
    return actor.internal and actor.viewing is None
