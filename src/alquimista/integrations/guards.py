"""Who sees what of an integration, and how often a company may try one."""

from typing import Final

from alquimista.access import Actor, Role
from alquimista.http.routes import Limit

TIMEOUT_S: Final = 40  # A renewal and a test, each of which may take a quarter of a minute.
# Each leaves this machine: so many in a minute are enough for a person, and too few to search a network.
TRYING: Final = Limit(count=20, seconds=60, per=("tenant",), name="integrations.try")


def shows_errors(actor: Actor) -> bool:
    """Whether somebody sees why an integration fails: administrators and staff do."""
    return actor.internal or actor.role is Role.TENANT_ADMIN
