"""Commands that a rule gives."""

from datetime import datetime

from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.incidents import service as incidents
from alquimista.operations.models.commands import NeedsPerson, Reaction
from alquimista.operations.service.giving import announce, give, read
from alquimista.wiring import Services


async def react(services: Services, wanted: Reaction, now: datetime) -> None:
    """Give the command that an incident asks for: once, however often its job runs. The incident's timeline tells it.

    A command that needs approval is refused: nobody asks for it, so nobody could be kept from deciding on their own.

    Raises:
        Invalid: the rule names no command that there is, or not its parameters.
    """
    command = read(wanted.command_type, wanted.tenant_id, wanted.parameters, f"incident:{wanted.incident_id}")
    async with tenant_transaction(services.db, command.tenant) as conn:
        about = (conn, command.tenant, wanted.incident_id)
        try:
            made, new = await give(conn, None, command, services.settings, now)
        except NeedsPerson as refused:
            text = refused.detail.render(DEFAULT_LOCALE)
            await incidents.note_refusal(*about, wanted.command_type, refused.code, text, now)
            return
        await incidents.note_command(*about, made.id, made.command_type, now)
    if new:
        announce(services, made)
