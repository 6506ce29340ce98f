"""Commands that a rule gives."""

from datetime import datetime
from typing import Final

from msgspec import structs

from alquimista.config import Settings
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Incident
from alquimista.operations.models.commands import NeedsPerson, Reaction
from alquimista.operations.models.kinds import CommandType
from alquimista.operations.service.giving import announce, give, read
from alquimista.wiring import Services

_NOTHING: Final = "none"


async def react(services: Services, wanted: Reaction, now: datetime) -> None:
    """Give the command that an incident asks for: once, however often its job runs. The incident's timeline tells it.

    Which one is the rule's, or what the vendor has set for the rule; an incident that is over asks for none. A command
    that needs approval is refused: nobody asks for it, so nobody could be kept from deciding on their own.

    Raises:
        Invalid: the rule names no command that there is, or not its parameters.
    """
    command = read(wanted.command_type, wanted.tenant_id, wanted.parameters, f"incident:{wanted.incident_id}")
    incident = await incidents.find(services.db.staff(), wanted.incident_id)
    chosen = _chosen(services.settings, wanted, incident)
    if incident.resolved_at is not None or chosen.command_type == _NOTHING:
        return
    if chosen != wanted:
        command = read(chosen.command_type, chosen.tenant_id, chosen.parameters, f"incident:{wanted.incident_id}")
    async with tenant_transaction(services.db, command.tenant) as conn:
        about = (conn, command.tenant, wanted.incident_id)
        try:
            made, new = await give(conn, None, command, services.settings, now)
        except NeedsPerson as refused:
            text = refused.detail.render(DEFAULT_LOCALE)
            await incidents.note_refusal(*about, chosen.command_type, refused.code, text, now)
            return
        await incidents.note_command(*about, made.id, made.command_type, now)
    if new:
        announce(services, made)


def _chosen(settings: Settings, wanted: Reaction, incident: Incident) -> Reaction:
    """What the vendor has set for the incident's rule, else what the rule says."""
    command_type = dict(settings.rule_commands).get(incident.rule, wanted.command_type)
    if command_type == CommandType.RESTART_AGENT:
        about = {"agent_id": incident.details["agent_id"], "reason": incident.title}
        return structs.replace(wanted, command_type=command_type, parameters=about)
    return structs.replace(wanted, command_type=command_type)
