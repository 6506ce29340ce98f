"""The agents of the catalogue over all companies, for staff; every function takes a connection of the internal role.

As in the other figures of the platform, a period ends with the platform's day, and each company's days are its own.
"""

from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from alquimista.access import PLATFORM_ZONE
from alquimista.agents.models.agents import UnknownAgent
from alquimista.billing.models.periods import local_day
from alquimista.dashboards.models.agents import AgentDay, AgentOwner, CatalogueAgent, TenantSort
from alquimista.dashboards.models.figures import PERIOD_DAYS, Period, mean, percent
from alquimista.dashboards.queries import agents as queries
from alquimista.dashboards.queries.agents import CatalogueRow, OwnerRow
from alquimista.db.statement import Conn
from alquimista.fleet.models.states import state_of
from alquimista.usage.models.histogram import percentile


async def catalogue_agents(conn: Conn, period: Period, now: datetime) -> list[CatalogueAgent]:
    """Every agent of the catalogue, in its order."""
    first, last = _span(period, now)
    return [_agent(row) for row in await queries.catalogue(conn, first, last, now)]


async def catalogue_agent(
    conn: Conn, agent_id: UUID, period: Period, now: datetime
) -> tuple[CatalogueAgent, list[AgentDay]]:
    """One of them, and each day of the period. Raises UnknownAgent."""
    first, last = _span(period, now)
    found = await queries.one(conn, agent_id, first, last, now)
    if found is None:
        raise UnknownAgent
    used = {row.day: row for row in await queries.days(conn, agent_id, first, last)}
    every_day = (first + timedelta(days=step) for step in range(PERIOD_DAYS[period]))
    return _agent(found), [
        AgentDay(day, used[day].requests, used[day].failures) if day in used else AgentDay(day, 0, 0)
        for day in every_day
    ]


async def agent_owners(
    conn: Conn,
    agent_id: UUID,
    period: Period,
    now: datetime,
    *,
    sort: TenantSort,
    order: Literal["asc", "desc"],
    limit: int,
    offset: int,
) -> tuple[list[AgentOwner], int]:
    """A page of the companies that have or had the agent, and how many there are."""
    first, last = _span(period, now)
    rows, total = await queries.owners(conn, agent_id, first, last, sort=sort, order=order, limit=limit, offset=offset)
    return [_owner(row, now) for row in rows], total


def _span(period: Period, now: datetime) -> tuple[date, date]:
    last = local_day(now, PLATFORM_ZONE)
    return last - timedelta(days=PERIOD_DAYS[period] - 1), last


def _agent(row: CatalogueRow) -> CatalogueAgent:
    return msgspec.convert(
        {
            **msgspec.structs.asdict(row),
            "total_requests": row.requests,
            "success_rate": percent(row.requests - row.failures, row.requests),
            "avg_response_time_ms": mean(row.response_ms, row.requests),
            "p95_response_time_ms": percentile(row.histogram, row.requests, 95),
        },
        CatalogueAgent,
    )


def _owner(row: OwnerRow, now: datetime) -> AgentOwner:
    assert row.status is not None
    return msgspec.convert(
        {
            **msgspec.structs.asdict(row),
            "state": state_of(row.status, row.paused_at, [row.seen_at] if row.seen_at else [], now),
            "total_requests": row.requests,
            "success_rate": percent(row.requests - row.failures, row.requests),
            "avg_response_time_ms": mean(row.response_ms, row.requests),
        },
        AgentOwner,
    )
