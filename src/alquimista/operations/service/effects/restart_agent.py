"""RESTART_AGENT: asks a running agent to start anew, and waits until each of its processes has."""

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Conflict
from alquimista.fleet import service as fleet
from alquimista.fleet.models.controls import RestartProgress, RestartState
from alquimista.i18n import N_, Text
from alquimista.operations.models.commands import Command
from alquimista.operations.models.kinds import KINDS, CommandType, RestartAgentParameters
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run

_LOOK_S: Final = 0.5
_TOLD_EVERY: Final = 4  # Looks: there a command that is cancelled ends.
_MARGIN_S: Final = 5.0  # The reason is told by this effect, before the command's own timeout.


class NotRestarted(Conflict):
    code = "agent_not_restarted"
    message = N_("The agent did not start anew within {seconds} seconds. {detail}")


class RestartRefused(Conflict):
    code = "agent_restart_refused"
    message = N_("The agent refused to restart. {detail}")


async def work(run: Run) -> Output:
    """Send the control message, then look until the agent has booted; no transaction is held meanwhile.

    What a rule gives, which nobody created, is for an agent that is missed: none is asked that is back by now.

    Raises:
        UnknownAgent, AgentSuspended, AgentNotConnected, RestartPending: as fleet.restart; a suspended one stays so.
        NotRestarted, RestartRefused: it did not.
    """
    wanted: RestartAgentParameters = run.parameters
    limit = KINDS[CommandType.RESTART_AGENT].timeout_s - _MARGIN_S
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with tenant_transaction(run.db, run.tenant) as conn:
        asked = await fleet.restart(
            conn,
            None,
            run.tenant,
            wanted.agent_id,
            wanted.reason,
            clock.now(),
            restart_id=run.command.id,
            within=timedelta(seconds=limit),
            silent=run.command.created_by is None,
        )
    if not asked.instances:
        return {"restart_id": None, "processes": [], "seconds": 0}
    looks, told = 0, ""
    while True:
        found = await fleet.restarted(run.db.tenant(run.tenant), run.tenant, run.command.id)
        seconds = loop.time() - began
        if found.progress is RestartProgress.BOOTED:
            return {
                "restart_id": str(run.command.id),
                "processes": sorted(found.instances),
                "seconds": round(seconds, 1),
            }
        if found.progress is RestartProgress.REFUSED:
            raise RestartRefused(detail=found.detail)
        if found.progress is RestartProgress.EXPIRED or seconds > limit:
            raise NotRestarted(seconds=int(seconds), detail=found.detail)
        if looks % _TOLD_EVERY == 0 or found.detail != told:
            await run.progress(_booted(found), len(found.instances), found.detail)
            told = found.detail
        looks += 1
        await asyncio.sleep(_LOOK_S)


async def foresee(
    conn: Conn, tenant_id: UUID, wanted: RestartAgentParameters, _settings: Settings, now: datetime
) -> Foreseen:
    """How many processes would be asked.

    Raises:
        UnknownAgent, AgentSuspended, AgentNotConnected, RestartPending: as work.
    """
    name, connected = await fleet.restartable(conn, tenant_id, wanted.agent_id, now)
    return Foreseen(
        N_("Asks {n} processes of {name} to start anew and waits until they have.", n=len(connected), name=name),
        {"processes": len(connected)},
    )


async def withdraw(conn: Conn, command: Command) -> Text | None:
    """Take it back from the processes that have not agreed yet."""
    agreed = await fleet.withdraw(conn, command.tenant_id, command.id)
    if not agreed:
        return None
    names = ", ".join(agreed)
    return N_("It was cancelled too late for some, which had agreed to start anew: {processes}.", processes=names)


def _booted(found: RestartState) -> int:
    return sum(one is RestartProgress.BOOTED for one in found.instances.values())


EFFECT: Final = Effect(foresee=foresee, work=work, withdraw=withdraw)
