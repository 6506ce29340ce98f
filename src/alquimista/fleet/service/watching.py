"""Who is missed: incidents of agents that fell silent, and their end."""

from datetime import datetime
from typing import Final
from uuid import UUID

from alquimista.access import PLATFORM_TENANT
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.fleet.models.states import HISTORY_KEPT, INSTANCES_KEPT, OFFLINE_AFTER
from alquimista.fleet.models.watching import Verdict, judge
from alquimista.fleet.queries import beats, controls
from alquimista.fleet.queries import watching as queries
from alquimista.fleet.queries.watching import Missed
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, RuleName, by_rule
from alquimista.orchestrator import service as orchestrator

BLACKOUT: Final = "fleet.blackout"
_SOURCE: Final = "fleet"


async def watch(db: Database, now: datetime) -> tuple[Verdict, set[UUID]]:
    """Look for agents that are missed or back; the verdict, and the tenants that `settle` has something to do for.

    Each of those is settled by itself, under the verdict's word on it.
    """
    platform = db.tenant(PLATFORM_TENANT)
    silent = await queries.silent(db.staff(), now - OFFLINE_AFTER)
    verdict = judge(await queries.last(platform), silent, await queries.newest(db.staff()), now)
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await queries.watched(conn, verdict, now)
        if verdict.blackout:
            await incidents.open_incident(conn, PLATFORM_TENANT, _blackout(len(silent)), now)
        else:
            await incidents.resolve(conn, PLATFORM_TENANT, BLACKOUT, now)
    tenants = set(await queries.recovered_tenants(db.staff(), now - OFFLINE_AFTER))
    for one in silent:
        before = verdict.before(one.tenant_id)
        if before is not None and one.seen_at < before:
            tenants.add(one.tenant_id)
    return verdict, tenants


async def settle(conn: Conn, tenant_id: UUID, missed_before: datetime | None, now: datetime) -> None:
    """End and begin one tenant's incidents; agents last seen before `missed_before` are missed, nobody is without it.

    Doing it twice changes nothing. Takes a transaction.
    """
    for one in await queries.recover_all(conn, tenant_id, now - OFFLINE_AFTER, now):
        await incidents.resolve(conn, tenant_id, condition(one.agent_id), now)
        if one.seen_at >= now - OFFLINE_AFTER:  # One that is not expected any more is not back.
            await _publish(conn, tenant_id, EventType.AGENT_ONLINE, one)
    if missed_before is not None:
        for one in await queries.go_offline(conn, tenant_id, missed_before, now):
            await incidents.open_incident(conn, tenant_id, _offline(one, now), now)
            await _publish(conn, tenant_id, EventType.AGENT_OFFLINE, one)


async def recover(conn: Conn, tenant_id: UUID, agent_id: UUID, now: datetime) -> None:
    """End an agent's incident, if it has one. Takes a transaction."""
    back = await queries.recover(conn, tenant_id, agent_id, now)
    if back is not None:
        await incidents.resolve(conn, tenant_id, condition(agent_id), now)
        await _publish(conn, tenant_id, EventType.AGENT_ONLINE, back)


async def missed(conn: Conn, tenant_id: UUID) -> set[UUID]:
    """The tenant's agents that an incident says are offline."""
    return await queries.missed(conn, tenant_id)


async def tenants_with_fleet(conn: Conn) -> list[UUID]:
    """Tenants for which `forget` may find something; takes the internal role."""
    return await queries.with_fleet(conn)


async def forget(conn: Conn, tenant_id: UUID, now: datetime) -> None:
    """Forget processes that were not heard of for a week, and history older than 90 days."""
    await beats.forget(conn, tenant_id, now - INSTANCES_KEPT, now - HISTORY_KEPT)
    await controls.forget(conn, tenant_id, now - HISTORY_KEPT)


def condition(agent_id: UUID) -> str:
    """What an agent's incident is about."""
    return f"agent.offline:{agent_id}"


async def _publish(conn: Conn, tenant_id: UUID, what: EventType, agent: Missed) -> None:
    data = {"agent_id": agent.agent_id, "agent": agent.slug, "seen_at": agent.seen_at}
    await orchestrator.publish(conn, tenant_id, what, data)


def _offline(missed: Missed, now: datetime) -> NewIncident:
    return by_rule(
        RuleName.AGENT_OFFLINE,
        source=_SOURCE,
        subject=str(missed.agent_id),
        params={"agent": missed.name, "minutes": int((now - missed.seen_at).total_seconds() // 60)},
        details={"agent_id": str(missed.agent_id), "seen_at": missed.seen_at.isoformat()},
    )


def _blackout(count: int) -> NewIncident:
    return by_rule(RuleName.BLACKOUT, source=_SOURCE, params={"agents": count}, details={"agents": count})
