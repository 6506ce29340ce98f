"""A long history of usage: days of raw events, counted by the product's recount and dropped by its retention."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID

import psycopg
from psycopg import sql

from alquimista import clock
from alquimista.db.pool import Database
from alquimista.db.tenancy import owner_transaction
from alquimista.usage import service
from alquimista.usage.queries import upkeep
from benchmarks.data.raw import DayOfEvents, day_start
from benchmarks.harness.cluster import Site
from benchmarks.ours.rollups import recount

OPENING: Final = timedelta(hours=9)  # The tenants' offices: a day's events lie within one UTC day.
_LANES: Final = 2  # Days at work side by side: as many as the machine has cores.
_DAY: Final = timedelta(days=1)


async def keep(site: Site, tenants: Sequence[UUID], template: DayOfEvents, days: Sequence[date]) -> None:
    """Copy the template to each of these recent days, whose partitions are there, and count them."""
    async with _database(site) as db:
        for day in days:
            await asyncio.to_thread(template.copy_to, day_start(day) + OPENING)
            await recount(db, tenants, day)


async def pass_by(site: Site, tenants: Sequence[UUID], template: DayOfEvents, days: Sequence[date]) -> None:
    """Have each of these past days there, one after the other, and count it; no raw events are left of them.

    A lane's raw events are written once, and become the next day's by moving their partition, which is several times as
    fast as writing them anew. They need neither log nor vacuum.
    """
    async with _database(site) as db:
        anchor = min(days) - 2 * _DAY  # A day is counted only if raw events are kept from before its start.
        _alter(site, *(sql.SQL("DROP TABLE IF EXISTS {}").format(_partition(day)) for day in [*days, anchor]))
        await _make(db, anchor)

        async def lane(own: Sequence[date]) -> None:
            await _make(db, own[0])
            await asyncio.to_thread(_fill, template, own[0])
            await recount(db, tenants, own[0])
            for before, day in pairwise(own):
                await asyncio.to_thread(_move, site, before, day)
                await recount(db, tenants, day)

        # A stretch each: a recount also looks at the neighbouring day, which should not be on the move just then.
        size = -(-len(days) // _LANES)
        await asyncio.gather(*(lane(days[first : first + size]) for first in range(0, len(days), size)))
        await service.drop_partitions(db, clock.now())


@asynccontextmanager
async def _database(site: Site) -> AsyncIterator[Database]:
    """A pool large enough for the lanes, and a month's retention. While this builds, no commit waits for the disk."""
    name = sql.Identifier(site.name)
    _alter(site, sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(name))
    db = await Database.open(replace(site.settings, raw_retention_months=1, database_pool=16))
    try:
        yield db
    finally:
        await db.close()
        _alter(site, sql.SQL("ALTER DATABASE {} RESET synchronous_commit").format(name))


async def _make(db: Database, day: date) -> None:
    async with owner_transaction(db) as conn:
        await upkeep.make_partition(conn, day)


def _fill(template: DayOfEvents, day: date) -> None:
    for change in ("SET UNLOGGED", "SET (autovacuum_enabled = off)"):
        _alter(template.site, sql.SQL("ALTER TABLE {} {}").format(_partition(day), sql.SQL(change)))
    template.copy_to(day_start(day) + OPENING)


def _move(site: Site, before: date, day: date) -> None:
    """Turn a day's raw events into another day's. Each step by itself: some of them lock the whole table."""
    parts = {
        "parent": sql.Identifier("alquimista_platform", "agent_requests"),
        "old": _partition(before),
        "new": _partition(day),
        "name": sql.Identifier(f"agent_requests_{day:%Y%m%d}"),
        "by": day - before,
        "first": f"{day}T00:00:00Z",
        "last": f"{day + _DAY}T00:00:00Z",
    }
    steps = (
        "ALTER TABLE {parent} DETACH PARTITION {old}",
        "ALTER TABLE {old} ALTER occurred_at TYPE timestamptz USING occurred_at + {by}",
        "ALTER TABLE {old} RENAME TO {name}",
        "ALTER TABLE {parent} ATTACH PARTITION {new} FOR VALUES FROM ({first}) TO ({last})",
    )
    _alter(site, *(sql.SQL(step).format(**parts) for step in steps))


def _alter(site: Site, *statements: sql.Composed) -> None:
    with psycopg.connect(site.admin_url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement)


def _partition(day: date) -> sql.Identifier:
    return sql.Identifier("alquimista_platform", f"agent_requests_{day:%Y%m%d}")
