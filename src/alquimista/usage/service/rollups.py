"""Folding, counting again, comparing and closing."""

import asyncio
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from psycopg import OperationalError

from alquimista.cache import bus, store
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Unavailable
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, RuleName, by_rule
from alquimista.usage.models.events import LATEST
from alquimista.usage.models.reports import Difference, RawGone, WrongRange, day_range, utc_span
from alquimista.usage.queries import rollups as queries
from alquimista.usage.queries import upkeep

log = structlog.get_logger(__name__)

FOLD_LIMIT: Final = 20_000  # Deltas in one fold, so that a backlog is worked off in short transactions.
_AT_ONCE: Final = 2  # Tenants folded side by side.
_SHOWN: Final = 20  # Differences that an incident lists.


async def fold_all(db: Database) -> int:
    """Fold every tenant's waiting deltas; how many tenants had some. Costs what is new, not what is stored.

    A tenant whose fold fails is logged and tried again next time; it does not hold up the others.
    """
    waiting = await queries.pending(db.staff())
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(tenant_id: UUID) -> None:
        async with turn:
            try:
                await fold(db, tenant_id)
            except (Unavailable, OperationalError) as error:  # The database is away: one line, and the next round.
                log.warning("usage.fold_failed", tenant_id=str(tenant_id), error=type(error).__name__)
            except Exception:
                log.exception("usage.fold_failed", tenant_id=str(tenant_id))

    async with asyncio.TaskGroup() as group:
        for tenant_id in waiting:
            group.create_task(one(tenant_id))
    return len(waiting)


async def fold(db: Database, tenant_id: UUID) -> int | None:
    """Move some of the tenant's deltas into its rollups and tell the caches; the new version, None if none waited."""
    async with tenant_transaction(db, tenant_id) as conn:
        version = await queries.fold(conn, tenant_id, FOLD_LIMIT)
        if version is not None:
            await _tell(conn, tenant_id, version)
    return version


async def recount(db: Database, tenant_id: UUID, first_day: date, last_day: date, now: datetime) -> bool:
    """Count the tenant's local days again from raw events, and resolve what drift was found; whether anything changed.

    The result equals a fresh count, whatever arrives or is folded meanwhile. Safe to repeat. Each day is a transaction.

    Raises:
        WrongRange: the first day comes after the last.
        RawGone: raw events of some of the days are no longer kept; nothing was changed.
    """
    if first_day > last_day:
        raise WrongRange
    changed = False
    for day in day_range(first_day, last_day):
        async with tenant_transaction(db, tenant_id) as conn:
            start, stop = await _kept_span(conn, day)
            version = await queries.correct(conn, tenant_id, day, day, start, stop)
            if version is not None:
                await _tell(conn, tenant_id, version)
                changed = True
            await incidents.resolve(conn, tenant_id, _condition(day), now)
    return changed


async def compare(conn: Conn, tenant_id: UUID, first_day: date, last_day: date) -> list[Difference]:
    """What the rollups lack, compared with the raw events, in one snapshot; empty when all is right.

    Needs a transaction: it keeps the partitions of the raw events from being dropped meanwhile.

    Raises:
        WrongRange, RawGone: as recount.
    """
    if first_day > last_day:
        raise WrongRange
    start, _ = await _kept_span(conn, first_day)
    _, stop = utc_span(last_day)
    return await queries.compare(conn, tenant_id, first_day, last_day, start, stop)


async def reconcile(db: Database, tenant_id: UUID, first_day: date, last_day: date, now: datetime) -> bool:
    """Compare each day with its raw events; raise an incident on drift, resolve it when there is none any more.

    Drift is not mended here: it is a defect that somebody should look at. `recount` mends it.

    Returns:
        Whether the rollups of all the days are right.

    Raises:
        WrongRange, RawGone: as recount.
    """
    if first_day > last_day:
        raise WrongRange
    right = True
    for day in day_range(first_day, last_day):
        async with tenant_transaction(db, tenant_id) as conn:
            differences = await compare(conn, tenant_id, day, day)
            if differences:
                right = False
                log.error("usage.drift", tenant_id=str(tenant_id), day=str(day), differences=len(differences))
                await incidents.open_incident(conn, tenant_id, _incident(day, differences), now)
            else:
                await incidents.resolve(conn, tenant_id, _condition(day), now)
    return right


async def close_days(db: Database, tenant_id: UUID, now: datetime) -> list[date]:
    """Close the tenant's days that ended 3 hours ago or earlier: fold, compare with the raw events, note it.

    Days are closed once; days older than an event may be late have nothing left to wait for and are closed as they are.
    """
    while await fold(db, tenant_id) is not None:
        pass
    closed: list[date] = []
    for day in await upkeep.open_days(db.tenant(tenant_id), tenant_id, (now - LATEST).date(), now):
        with suppress(RawGone):  # Then there is nothing to compare with.
            await reconcile(db, tenant_id, day.day, day.day, now)
        if await upkeep.close_day(db.tenant(tenant_id), tenant_id, day, now):
            closed.append(day.day)
    return closed


async def tenants_to_close(db: Database, now: datetime) -> list[UUID]:
    """The tenants that have a day to close."""
    return await upkeep.to_close(db.staff(), (now - LATEST).date(), now)


async def _kept_span(conn: Conn, day: date) -> tuple[datetime, datetime]:
    start, stop = utc_span(day)
    first_kept = await upkeep.hold_partitions(conn)
    if first_kept is None or start.date() < first_kept:
        # Hours of that UTC day may belong to the tenant's day before, so only the next one is kept whole.
        raise RawGone(day=((first_kept or day) + timedelta(days=1)).isoformat())
    return start, stop


async def _tell(conn: Conn, tenant_id: UUID, version: int) -> None:
    await bus.publish(conn, store.USAGE_TOPIC, tenant_id=str(tenant_id), version=version)


def _condition(day: date) -> str:
    return f"{RuleName.USAGE_DRIFT.value}:{day}"


def _incident(day: date, differences: list[Difference]) -> NewIncident:
    return by_rule(
        RuleName.USAGE_DRIFT,
        source="usage",
        subject=str(day),
        params={"day": day},
        details={
            "differences": len(differences),
            "first": [
                {
                    "hour": d.hour.isoformat() if d.hour else None,
                    "day": d.day.isoformat() if d.day else None,
                    "agent_id": str(d.agent_id),
                    "requests": d.requests,
                    "failures": d.failures,
                    "response_ms": d.response_ms,
                    "cost_micros": d.cost_micros,
                }
                for d in differences[:_SHOWN]
            ],
        },
    )
