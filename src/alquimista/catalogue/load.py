"""Bringing the database to what a catalogue says."""

from datetime import datetime

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.agents.models.agents import Loaded
from alquimista.billing.service import catalogue as billing
from alquimista.catalogue.files import Catalogue
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction


async def load(db: Database, catalogue: Catalogue, now: datetime, *, replace: bool = False) -> Loaded:
    """Write what differs, all of it or nothing; doing it twice changes nothing.

    Raises:
        VersionTaken: an agent's rules changed and its version did not.
    """
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        first = await agents.load(conn, catalogue.agents, now, replace=replace)
        then = await billing.load(
            conn,
            catalogue.plans,
            catalogue.addons,
            catalogue.subnucleos,
            now,
            validity=catalogue.validity,
            replace=replace,
        )
    return Loaded(first.written + then.written, first.kept + then.kept)
