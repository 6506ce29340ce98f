"""What a person may choose to hear, and where: by category, in the pages and by mail."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from alquimista.i18n import N_, Text


class Category(StrEnum):
    """What a notification is about."""

    INCIDENT = "incident"
    TICKET = "ticket"
    APPROVAL = "approval"
    BILLING = "billing"
    AGENT = "agent"
    INTEGRATION = "integration"
    ACCOUNT = "account"
    SECURITY = "security"  # Sign-in and passwords: everybody hears of them at once, whatever they chose.


class MailWhen(StrEnum):
    """Whether a category comes by mail, and when."""

    AT_ONCE = "at_once"
    DIGEST = "digest"  # With all that waits, once a day.
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a person hears of a category."""

    in_app: bool
    mail: MailWhen


@dataclass(frozen=True, slots=True)
class Owner:
    """A member of a tenant, whose notifications and preferences are nobody else's. Staff are of the platform tenant."""

    tenant_id: UUID
    user_id: UUID


ALWAYS: Final = Choice(in_app=True, mail=MailWhen.AT_ONCE)
DEFAULTS: Final[dict[Category, Choice]] = {
    Category.INCIDENT: ALWAYS,
    Category.TICKET: ALWAYS,
    Category.APPROVAL: ALWAYS,
    Category.BILLING: ALWAYS,
    Category.AGENT: Choice(in_app=True, mail=MailWhen.DIGEST),
    Category.INTEGRATION: ALWAYS,
    Category.ACCOUNT: ALWAYS,
}
LABELS: Final[dict[Category, Text]] = {
    Category.INCIDENT: N_("Incidents"),
    Category.TICKET: N_("Support tickets"),
    Category.APPROVAL: N_("Approvals"),
    Category.BILLING: N_("Plan, use and invoices"),
    Category.AGENT: N_("Agents"),
    Category.INTEGRATION: N_("Integrations"),
    Category.ACCOUNT: N_("Company and notices"),
    Category.SECURITY: N_("Sign-in and security"),
}


def effective(category: Category, chosen: Choice | None) -> Choice:
    """What holds for a category: nobody turns security off, and who chose nothing gets the default."""
    if category is Category.SECURITY:
        return ALWAYS
    return chosen or DEFAULTS[category]
