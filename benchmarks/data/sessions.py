"""Sessions of people, opened by identity's own service, as a sign-in opens them."""

import asyncio
from uuid import UUID

from alquimista import clock
from alquimista.db.tenancy import login_transaction
from alquimista.identity.models.sessions import Client, Opened, SessionKind
from alquimista.identity.service import sessions
from benchmarks.data.people import Population, services_of
from benchmarks.harness.cluster import Site

_CLIENT = Client(ip="127.0.0.1", user_agent="benchmark")


def open_for_everyone(site: Site, population: Population, kind: SessionKind) -> list[str]:
    """A new session for each person: cookies of browsers, or refresh tokens. Neighbours belong to different tenants."""
    return asyncio.run(_open(site, population, kind))


async def _open(site: Site, population: Population, kind: SessionKind) -> list[str]:
    async with services_of(site) as services:
        slots = asyncio.Semaphore(4)

        async def one(user_id: UUID, tenant_id: UUID) -> Opened:
            async with slots, login_transaction(services.db) as conn:
                return await sessions.open_session(conn, user_id, tenant_id, kind, _CLIENT, clock.now())

        ranks = zip(*([(user.id, tenant.id) for user in tenant.users] for tenant in population.tenants), strict=True)
        opened = await asyncio.gather(*(one(*person) for rank in ranks for person in rank))
        return [session.token for session in opened]
