"""The platform's own state, for staff."""

import asyncio
from datetime import datetime

import psycopg
import structlog

from alquimista.config import Settings
from alquimista.dashboards.models.system import MigrationLine, SystemState
from alquimista.dashboards.queries import system as queries
from alquimista.db.migrations import runner
from alquimista.db.migrations.models import MigrationError
from alquimista.db.roles import role_url
from alquimista.db.statement import Conn

_log = structlog.get_logger("alquimista.system")


async def system(conn: Conn, now: datetime) -> SystemState:
    """Queues, workers, schedules, partitions and the database, of one moment; takes the internal role's connection."""
    return await queries.system(conn, now)


async def migrations(settings: Settings) -> list[MigrationLine] | None:
    """Every migration beside what the database has of it; None when that cannot be read now.

    On a connection of the owner's, which alone reads the ledger of migrations.
    """
    try:
        found = await asyncio.to_thread(runner.status, role_url(settings, "owner"))
    except (MigrationError, psycopg.Error, OSError):
        _log.exception("system.migrations_unknown")
        return None
    return [
        MigrationLine(
            one.number,
            one.label,
            one.state,
            one.row.applied_at if one.row else None,
            one.row.duration_ms if one.row else None,
            one.reason,
        )
        for one in found
    ]
