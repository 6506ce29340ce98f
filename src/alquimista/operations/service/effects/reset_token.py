"""RESET_TOKEN: destroys an integration's credential and tells the company how to connect it again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.statement import Conn
from alquimista.i18n import N_
from alquimista.identity import service as identity
from alquimista.integrations import service as integrations
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.operations.models.kinds import ResetTokenParameters
from alquimista.operations.service.effects.effect import Effect, Foreseen, Output, Run
from alquimista.tenants import service as tenants

_PAGE: Final = "/app/dashboard/integrations"


async def commit(conn: Conn, run: Run) -> Output:
    """Destroy it and tell every administrator, in the transaction that ends the command.

    Raises:
        UnknownIntegration: the company has none with this id.
        NotConnected: it is disconnected, and to stay so.
    """
    wanted: ResetTokenParameters = run.parameters
    integration = await integrations.reset(conn, None, run.tenant, wanted.integration_id, clock.now())
    people = await identity.administrators(conn, run.tenant)
    locale = (await tenants.get(conn, run.tenant)).locale
    for person in people:
        await notifications.tell(
            conn,
            run.tenant,
            Recipient(person.id, person.email, person.full_name),
            "integration_reset",
            locale,
            f"{run.services.settings.public_url}{_PAGE}",
            integration=integration.name,
        )
    return {"integration_id": str(integration.id), "status": integration.status.value, "told": len(people)}


async def foresee(
    conn: Conn, tenant_id: UUID, wanted: ResetTokenParameters, _settings: Settings, _now: datetime
) -> Foreseen:
    """Whose credential it is, and how many would be told.

    Raises:
        UnknownIntegration, NotConnected: as commit.
    """
    found = await integrations.resettable(conn, tenant_id, wanted.integration_id)
    told = len(await identity.administrators(conn, tenant_id))
    return Foreseen(
        N_("Destroys the credential of {name} and tells {n} administrators.", name=found.name, n=told), {"told": told}
    )


EFFECT: Final = Effect(foresee=foresee, commit=commit)
