"""The jobs of commands: one for each kind, the rules' way in, the reaper and forgetting."""

from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.jobs.models import Job, Periodic
from alquimista.operations import service
from alquimista.operations.models.commands import Execution, Reaction
from alquimista.operations.models.kinds import KINDS
from alquimista.wiring import Services

_MARGIN_S: Final = 60  # The command's own timeout comes first, and is told.


async def run(services: Services, tenant_id: UUID | None, payload: Execution) -> None:
    """One try of one command."""
    await service.run(services, tenant_id or PLATFORM_TENANT, payload.command_id)


async def react(services: Services, _tenant_id: UUID | None, payload: Reaction) -> None:
    """Give the command that a rule names."""
    await service.react(services, payload, clock.now())


async def reap(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Look after what is overdue."""
    await service.reap(services, clock.now())


async def watch(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """See whether commands fail again and again."""
    await service.watch(services.db, clock.now())


async def purge(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Forget old commands."""
    await service.purge(services, clock.now())


async def delete_exports(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Delete the files of old exports."""
    await service.delete_old_exports(services.settings, clock.now())


JOBS: Final = (
    *(
        Job(
            name=kind.job,
            handler=run,
            payload=Execution,
            timeout_s=kind.timeout_s + _MARGIN_S,
            concurrency=kind.concurrency,
            own_queue=True,
            own_tries=True,
        )
        for kind in map(KINDS.__getitem__, service.EFFECTS)
    ),
    Job(name="operations.react", handler=react, payload=Reaction, timeout_s=30),
)
PERIODIC: Final = (
    Periodic(name="operations.reap", cron="* * * * *", handler=reap, timeout_s=300),
    Periodic(name="operations.watch", cron="* * * * *", handler=watch, timeout_s=60),
    Periodic(name="operations.purge", cron="50 3 * * *", handler=purge),
    Periodic(name="operations.delete_exports", cron="35 4 * * *", handler=delete_exports),
)
