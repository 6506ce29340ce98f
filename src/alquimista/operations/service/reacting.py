"""Commands that a rule gives."""

from datetime import datetime

from alquimista.db.tenancy import tenant_transaction
from alquimista.operations.models.commands import Reaction
from alquimista.operations.service.giving import announce, give, read
from alquimista.wiring import Services


async def react(services: Services, wanted: Reaction, now: datetime) -> None:
    """Give the command that an incident asks for: once, however often its job runs.

    Raises:
        Invalid: the rule names no command that there is, or not its parameters.
    """
    command = read(wanted.command_type, wanted.tenant_id, wanted.parameters, f"incident:{wanted.incident_id}")
    async with tenant_transaction(services.db, command.tenant) as conn:
        made, new = await give(conn, None, command, services.settings, now)
    if new:
        announce(services, made)
