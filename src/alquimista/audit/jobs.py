"""Sealing without a pause, and anchoring every hour."""

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID

import psycopg
import structlog

from alquimista.audit import service
from alquimista.db.pool import Database
from alquimista.errors import Unavailable
from alquimista.jobs.models import Periodic
from alquimista.wiring import Services

_SEAL_EVERY_S: Final = 2

log = structlog.get_logger(__name__)


async def keep_sealing(db: Database, stop: asyncio.Event) -> None:
    """Seal what waits, every two seconds until `stop`. Several workers may; the database may go away meanwhile."""
    while not stop.is_set():
        try:
            await service.seal_all(db)
        except (Unavailable, psycopg.Error, OSError) as error:
            log.warning("audit.sealing_failed", error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _SEAL_EVERY_S)


async def anchor(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Sign the ends of the chains, and append them to the anchor."""
    await service.anchor(services.db, services.settings)


PERIODIC: Final = (Periodic(name="audit.anchor", cron="23 * * * *", handler=anchor),)
