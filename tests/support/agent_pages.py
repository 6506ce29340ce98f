"""Companies with agents that run, for tests of the pages about them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.billing.models.subscriptions import Cycle
from alquimista.billing.service import catalogue, subscribing
from alquimista.billing.service.subscribing import Wanted
from alquimista.clock import new_id
from alquimista.db.executor import SingleStatements
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.fleet.models.states import Beat
from alquimista.incidents import service as incidents
from alquimista.incidents.models import RuleName, by_rule
from alquimista.usage.service import rollups
from factories import make_api_key
from support.billing_pages import Reader, reader

LIST = "/app/dashboard/agents"


@dataclass
class AgentsCompany:
    """A company that subscribes to agents of the catalogue, and its administrator's browser."""

    site: Any
    reader: Reader
    ids: dict[str, UUID]  # Of the whole catalogue, by slug.
    key: str

    @property
    def tenant_id(self) -> UUID:
        """The company."""
        return self.reader.tenant_id

    @property
    def browser(self) -> httpx.AsyncClient:
        """The administrator's."""
        return self.reader.browser

    @property
    def actor(self) -> Actor:
        """The administrator."""
        person = self.reader.person
        return Actor(ActorKind.SESSION, frozenset(), Role.TENANT_ADMIN, person.id, self.tenant_id, person.email)

    def path(self, slug: str, act: str = "") -> str:
        """An agent's page, or what a form of it is sent to."""
        return f"{LIST}/{self.ids[slug]}" + (f"/{act}" if act else "")

    async def beat(
        self, slug: str, moment: datetime | None = None, *, version: str = "1.0", boot: UUID | None = None
    ) -> UUID:
        """A sign of life of the one process; its boot."""
        boot = boot or uuid4()
        told = Beat("web-1", boot, version, "python 0.1.0", "rack-3")
        await fleet.beat(self.site.db, self.tenant_id, slug, told, moment or clock.now())
        return boot

    async def restart(self, slug: str, reason: str, moment: datetime) -> None:
        """The administrator asks for a restart at a moment; the process acknowledges it a second later."""
        agent_id = self.ids[slug]
        async with tenant_transaction(self.site.db, self.tenant_id) as conn:
            await fleet.restart(conn, self.actor, self.tenant_id, agent_id, reason, moment)
            running = await fleet.read(conn, self.tenant_id, agent_id, moment)
            control, later = running.restarts[0].id, moment + timedelta(seconds=1)
            await fleet.acknowledge(conn, self.tenant_id, slug, control, "done", "até já", later)

    async def serve(self, slug: str, count: int, *, failed: int = 0) -> None:
        """Requests of an agent, half a second each."""
        one = {"agent_id": str(self.ids[slug]), "response_time_ms": 500, "input_tokens": 10, "cost": 1_000_000}
        events = [
            one | {"status": "error" if i < failed else "success", "idempotency_key": new_id().hex}
            for i in range(count)
        ]
        async with self.site.browser() as api:
            answer = await api.post("/v1/agent-requests", json=events, headers={"authorization": f"Bearer {self.key}"})
        assert answer.json()["accepted"] == count, answer.text
        while await rollups.fold(self.site.db, self.tenant_id):
            pass

    async def miss(self, slug: str) -> None:
        """An open incident that says that the agent is offline."""
        params = {"agent": slug, "minutes": 4}
        details = {"agent_id": str(self.ids[slug])}
        new = by_rule(
            RuleName.AGENT_OFFLINE, source="fleet", subject=str(self.ids[slug]), params=params, details=details
        )
        async with tenant_transaction(self.site.db, self.tenant_id) as conn:
            await incidents.open_incident(conn, self.tenant_id, new, clock.now())


async def company(
    site: Any,
    browser: httpx.AsyncClient,
    slugs: tuple[str, ...] = ("cobranca", "retencao"),
    *,
    subnucleos: tuple[str, ...] = (),
    plan: str = "profissional",
) -> AgentsCompany:
    """A company on trial of a plan with these agents, whose administrator has signed in."""
    one = await reader(site, browser)
    ids = {agent.slug: agent.id for agent in await agents.catalogue(site.db.staff())}
    bundles = {bundle.name: bundle.id for bundle in await catalogue.subnucleos(site.db.staff())}
    wanted = Wanted(
        await one.customer.plan(plan),
        Cycle.MONTHLY,
        tuple(ids[slug] for slug in slugs),
        tuple(bundles[name] for name in subnucleos),
    )
    async with one.customer.book() as book:
        await subscribing.grant_trial(book, wanted, 7)
    return AgentsCompany(site, one, ids, await make_api_key(site.db, one.tenant_id, scopes=("ingest", "read")))


@contextmanager
def statements(monkeypatch: Any) -> Iterator[list[str]]:
    """What is asked of the database meanwhile, by the names of the rows, but for sign-in's own and limits."""
    asked: list[str] = []

    def noting(name: str) -> Any:
        original = getattr(SingleStatements, name)

        async def ask(self: Any, statement: Any, **params: Any) -> Any:
            if not statement.row.__module__.startswith(("alquimista.identity", "alquimista.http")):
                asked.append(statement.row.__qualname__)
            return await original(self, statement, **params)

        return ask

    with monkeypatch.context() as patch:
        for name in ("fetch", "execute"):
            patch.setattr(SingleStatements, name, noting(name))
        yield asked
