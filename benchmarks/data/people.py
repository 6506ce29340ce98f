"""Tenants with agents, people who are signed in, keys and a history: made through the product's own services."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import bcrypt
from msgspec import structs
from stdnum.br import cnpj as cnpj_rules

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.agents import service as agents
from alquimista.cache.bus import Bus
from alquimista.catalogue import files
from alquimista.db.pool import Database
from alquimista.db.tenancy import login_transaction, tenant_transaction
from alquimista.identity.models.passwords import prehash
from alquimista.identity.models.sessions import Client, Opened, SessionKind
from alquimista.identity.models.users import User as Person
from alquimista.identity.models.users import UserStatus
from alquimista.identity.queries import members, users
from alquimista.identity.service import sessions
from alquimista.identity.service.api_keys import create_api_key
from alquimista.identity.service.hashing import COST
from alquimista.identity.service.kit import install
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant
from alquimista.usage.service import upkeep
from alquimista.wiring import Services
from benchmarks.data.rollups import fill
from benchmarks.harness.cluster import Site

PASSWORD: Final = "Correct-Horse-9-Battery"  # noqa: S105 - Everyone's, in databases that end with the run.
_CLIENT: Final = Client(ip="127.0.0.1", user_agent="benchmark")
_AT_ONCE: Final = 8
_TOKENS_STALE_S: Final = 240  # They live for fifteen minutes, and a case takes less than ten.
_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class User:
    """A member of a tenant with an open session. The access token is good for fifteen minutes from `populate`."""

    id: UUID
    email: str
    token: str
    refresh_token: str
    session: Opened


@dataclass(frozen=True)
class Tenant:
    """A company: its agents (id, slug), its people (the first one administers it), and a key that reads and writes."""

    id: UUID
    agents: list[tuple[UUID, str]]
    users: list[User]
    api_key: str


@dataclass(frozen=True)
class Population:
    """Everybody on a site."""

    tenants: list[Tenant]

    @property
    def tokens(self) -> list[str]:
        """Every person's access token; neighbours belong to different tenants."""
        ranks = zip(*(tenant.users for tenant in self.tenants), strict=True)
        return [user.token for rank in ranks for user in rank]


Wanted = tuple[int, int, int, int]
_made: dict[tuple[str, Wanted], tuple[Population, float]] = {}  # By the cluster's address, with the hour of its tokens.


def populate(site: Site, tenants: int = 200, users: int = 5, agents: int = 8, days: int = 90) -> Population:
    """Make `tenants` companies with `users` people and `agents` agents each, and `days` days of daily sums.

    Bare of history when `days` is 0. Agents come from one catalogue. The site must be fresh: a population that was
    made before in this run is copied into it, whole.
    """
    wanted = (tenants, users, agents, days)
    template = "people_" + "_".join(map(str, wanted))
    key = (site.cluster.address, wanted)
    if key not in _made:
        made = asyncio.run(_populate(site.cluster.site(template), *wanted))
        _made[key] = (made, time.monotonic())
    population, at = _made[key]
    site.cluster.create(site.name, template)
    if time.monotonic() - at > _TOKENS_STALE_S:
        population = asyncio.run(_signed_again(site, population))
        _made[key] = (population, time.monotonic())
    return population


async def _signed_again(site: Site, population: Population) -> Population:
    """The same people with access tokens of this moment; a copied site knows the same sessions and keys."""
    async with services_of(site) as services:

        async def renew(user: User) -> User:
            return replace(user, token=(await sessions.tokens_of(services, user.session)).access_token)

        return Population([replace(one, users=[await renew(user) for user in one.users]) for one in population.tenants])


@asynccontextmanager
async def services_of(site: Site) -> AsyncIterator[Services]:
    """The product's services on a site, outside a web process."""
    services = Services(site.settings, await Database.open(site.settings))
    kit = install(services, Bus(site.settings))
    try:
        yield services
    finally:
        await kit.close()
        await services.db.close()


async def _populate(site: Site, tenants: int, users: int, agents: int, days: int) -> Population:
    async with services_of(site) as services:
        await upkeep.make_partitions(services.db, clock.now())
        catalogue = await _catalogue(services.db, agents)
        password = bcrypt.hashpw(prehash(PASSWORD), bcrypt.gensalt(COST)).decode()
        slots = asyncio.Semaphore(_AT_ONCE)

        async def make(number: int) -> Tenant:
            async with slots:
                return await _tenant(services, number, catalogue, users, password)

        made = await asyncio.gather(*map(make, range(tenants)))
    if days:
        fill(site, [tenant.id for tenant in made], [agent_id for agent_id, _ in catalogue], days)
    site.admin("VACUUM ANALYZE")
    return Population(made)


async def _catalogue(db: Database, count: int) -> list[tuple[UUID, str]]:
    """Agents of our own, by their ids and slugs, with the rules of a shipped one."""
    sheet = files.read().agents[0]
    names = [(f"agente-{number}", f"Agente {number}") for number in range(1, count + 1)]
    sheets = [structs.replace(sheet, number=None, slug=slug, name=name, category="vertical") for slug, name in names]
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        await agents.load(conn, sheets, clock.now())
        ids = {agent.slug: agent.id for agent in await agents.catalogue(conn)}
    return [(ids[slug], slug) for slug, _ in names]


async def _tenant(
    services: Services, number: int, catalogue: list[tuple[UUID, str]], users_each: int, password: str
) -> Tenant:
    now, tenant_id = clock.now(), clock.new_id()
    new = NewTenant(name=f"Empresa {number}", cnpj=_cnpj(), segment="saude", plan="enterprise")
    async with tenant_transaction(services.db, tenant_id) as conn:
        await tenants.create(conn, None, tenants.prepare(new, tenant_id, now))
        for agent_id, _ in catalogue:
            await agents.activate(conn, None, tenant_id, agent_id, now)
        _, key = await create_api_key(conn, None, tenant_id, "benchmark", ["ingest", "read"])
    people = [await _user(services, tenant_id, number, rank, password) for rank in range(users_each)]
    return Tenant(tenant_id, catalogue, people, key)


async def _user(services: Services, tenant_id: UUID, number: int, rank: int, password: str) -> User:
    now = clock.now()
    person = Person(
        clock.new_id(), f"pessoa{rank}@empresa{number}.example", f"Pessoa {rank}", "pt-BR", UserStatus.ACTIVE
    )
    role = Role.TENANT_USER if rank else Role.TENANT_ADMIN
    async with login_transaction(services.db) as conn:
        await users.insert(conn, person, now)
        await users.set_password(conn, person.id, password, now)
        await members.insert(conn, tenant_id, person.id, role, None, now)
        opened = await sessions.open_session(conn, person.id, tenant_id, SessionKind.API, _CLIENT, now)
    tokens = await sessions.tokens_of(services, opened)
    return User(person.id, person.email, tokens.access_token, tokens.refresh_token, opened)


def _cnpj() -> str:
    base = "".join(secrets.choice(_LETTERS) for _ in range(12))
    return base + str(cnpj_rules.calc_check_digits(base))
