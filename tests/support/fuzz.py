"""The whole application on a real socket and a loop of its own, and callers who are replaced when they are used up."""

import asyncio
import itertools
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any
from uuid import UUID

import requests

import factories
from alquimista.access import Role
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.clock import new_id, now
from alquimista.config import Settings
from alquimista.db.crypto import Sealer
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.streams import MEDIA
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.gateway import Endpoints, Gateways
from alquimista.integrations.models.connections import DEMO
from alquimista.integrations.models.integrations import Integration, IntegrationStatus
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Owner, Recipient
from support.billing import billed
from support.listening import listening
from support.model import answered_by, running_model
from support.whole import Whole, whole

CALLERS = ("TENANT_ADMIN", "INTERNAL_ADMIN", "API key", "anonymous")
_ENDING = ("/auth/logout", "/auth/password/change", "/auth/totp", "/api/billing/", "/internal/billing/tenants")
_peers = (f"203.{a}.{b}.{c}" for a, b, c in itertools.product(range(250), range(250), range(1, 250)))


@dataclass
class Caller:
    """Somebody who calls: a credential (None: anonymous), the company that they work on, and things in it."""

    credential: str | None
    tenant: str
    agent: str
    internal: bool = False
    things: dict[str, str] = field(default_factory=dict)  # By the name that it has in paths and bodies.

    @property
    def headers(self) -> dict[str, str]:
        """This caller's headers, from an address that nobody has called from before."""
        sent = {"accept-language": "en", "x-forwarded-for": next(_peers)}
        return sent | ({"authorization": f"Bearer {self.credential}"} if self.credential else {})


class Scene:
    """The running application. Each operation has callers of its own, so that none meets another's limits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, db: Database, process: Whole, url: str) -> None:
        self._loop = loop
        self._db = db
        self._process = process
        self._callers: dict[tuple[str, str], Caller] = {}
        self.url = url
        self.session = requests.Session()

    def caller(self, kind: str, path: str) -> Caller:
        """Somebody of this kind who can call the operation at this path."""
        if (kind, path) not in self._callers:
            made = asyncio.run_coroutine_threadsafe(self._make(kind, path), self._loop)
            self._callers[kind, path] = made.result(60)
        return self._callers[kind, path]

    def settle(self, kind: str, path: str, method: str, answer: Any) -> None:
        """Forget a caller whom this answer has used up: signed out, at a limit, or with nothing left to delete."""
        done = answer.status_code < 300
        ended = done and (("{" in path and method in {"DELETE", "PATCH"}) or path.startswith(_ENDING))
        if ended or answer.headers.get("x-ratelimit-remaining") == ["0"]:
            self._callers.pop((kind, path), None)

    async def _make(self, kind: str, path: str) -> Caller:
        tenant = (await factories.make_tenant(self._db, plan="enterprise")).id
        agent = str(await factories.activate_agent(self._db, tenant))
        if kind == "anonymous":
            return Caller(None, str(tenant), agent)
        if "/{slug}/rules" in path:
            ruled = await factories.make_agent(self._db, definition=EXAMPLE)
            await factories.activate_agent(self._db, tenant, ruled.id)
            key = await factories.make_api_key(self._db, tenant, scopes=("ingest", "read"))
            return Caller(key, str(tenant), agent, things={"slug": ruled.slug})
        if kind == "API key":
            return Caller(await factories.make_api_key(self._db, tenant, scopes=("ingest", "read")), str(tenant), agent)
        internal = kind == Role.INTERNAL_ADMIN
        person = await (factories.make_user(self._db) if internal else factories.make_user(self._db, tenant))
        caller = Caller(await self._process.token(person.email, person.password), str(tenant), agent, internal)
        if path.startswith(("/api/billing/", "/internal/billing/tenants")):
            caller.things = await billed(self._db, tenant, path)
            return caller
        if path.startswith("/api/trials/") and not internal:
            caller.things = await self._trial(caller)
        if "{name}" in path:
            caller.things = {"name": "vendas"}
        elif "{incident_id" in path and (internal or not path.startswith("/internal")):
            caller.things = {"incident_id": str(await raised(self._db, tenant))}
        elif "{ticket_id" in path and (internal or not path.startswith("/internal")):
            caller.things = {"ticket_id": await self._ticket(caller, closed=path.endswith("/reopen"))}
        elif "{" in path and (internal or not path.startswith("/internal")):
            caller.things = await self._things(caller, person, tenant, path)
        return caller

    async def _trial(self, caller: Caller) -> dict[str, str]:
        agent = await factories.make_agent(self._db, definition=EXAMPLE)
        things = {"target_id": str(agent.id)}
        async with self._process.client(caller.credential) as client:
            made = await client.post("/api/trials/start", json={"target_type": "agent", **things})
        assert made.status_code == 201, made.text
        return {"trial_id": made.json()["trial_id"], **things}

    async def _ticket(self, caller: Caller, *, closed: bool) -> str:
        query = {"tenant_id": caller.tenant} if caller.internal else {}
        async with self._process.client(caller.credential) as client:
            made = await client.post("/tenant/tickets", json={"subject": "A", "body": "B"}, params=query)
            ticket = str(made.json()["ticket"]["id"])
            if closed:
                await client.post(f"/tenant/tickets/{ticket}/close", params=query)
        return ticket

    async def _integration(self, tenant: UUID) -> UUID:
        one = Integration(new_id(), "crm", "RD Station", IntegrationStatus.ACTIVE, None, None, DEMO)
        async with tenant_transaction(self._db, tenant) as conn:
            await integrations.store(conn, None, tenant, one, None, Sealer(self._db.settings), now())
        return one.id

    async def _notification(self, person: factories.MadeUser) -> str:
        owner, recipient = Owner(person.tenant_id, person.id), Recipient(person.id, person.email, "A")
        async with tenant_transaction(self._db, person.tenant_id) as conn:
            words = {"title": "A", "notice": "B"}
            await notifications.tell(conn, person.tenant_id, recipient, "tenant_notice", "en", "", **words)
        return str((await notifications.page(self._db.tenant(person.tenant_id), owner, 1, 0, unread=True))[0][0].id)

    async def _things(self, caller: Caller, person: factories.MadeUser, tenant: UUID, path: str) -> dict[str, str]:
        internal = path.startswith("/internal")
        query = {"tenant_id": str(tenant)} if caller.internal and not internal else {}
        stored = {
            "notification_id": lambda: self._notification(person),
            "integration_id": lambda: self._integration(tenant),
        }
        for name, make in stored.items():
            if f"{{{name}" in path:
                return {name: str(await make())}
        async with self._process.client(caller.credential) as client:
            if "{user_id" in path:
                mate = await (factories.make_user(self._db) if internal else factories.make_user(self._db, tenant))
                return {"user_id": str(mate.id)}
            if "{session_id" in path:
                await self._process.token(person.email, person.password)
                return {"session_id": (await client.get("/auth/sessions")).json()["sessions"][-1]["id"]}
            if "{key_id" in path:
                body = {"name": "fuzz", "scopes": ["ingest"]}
                made = await client.post("/tenant/api-keys", json=body, params=query)
                return {"key_id": made.json()["api_key"]["id"]}
            if "{request_id" in path:
                body = {"companyName": "A", "contactName": "B", "email": "a@b.com", "whatsapp": "+5511987654321"}
                async with self._process.client() as stranger:
                    return {"request_id": (await stranger.post("/api/commercial/contact", json=body)).json()["id"]}
            role = Role.INTERNAL_SUPPORT if internal else Role.TENANT_USER
            body = {"email": f"{new_id().hex}@example.com", "role": role}
            address = "/internal/invitations" if internal else "/tenant/invitations"
            made = await client.post(address, json=body, params=query)
            assert made.status_code == 201, made.text
            return {"invitation_id": made.json()["id"]}


def without_streams(document: dict[str, Any]) -> dict[str, Any]:
    """The document without the operations whose answers have no end."""
    paths = {
        path: {
            method: one
            for method, one in item.items()
            if not any(MEDIA in answer.get("content", {}) for answer in one["responses"].values())
        }
        for path, item in document["paths"].items()
    }
    return {**document, "paths": {path: item for path, item in paths.items() if item}}


async def raised(db: Database, tenant: UUID) -> UUID:
    """An incident of a company's."""
    new = NewIncident(severity=Severity.ERROR, title="A", description="", source="test", dedupe_key="test.down")
    async with tenant_transaction(db, tenant) as conn:
        await incidents.open_incident(conn, tenant, new, now())
    return (await incidents.page(db.tenant(tenant), tenant, 1, 0))[0][0].id


@contextmanager
def scene(settings: Settings) -> Iterator[Scene]:
    """The application of these settings, serving until the block ends. Limits per address see the forwarded one."""
    settings = replace(settings, signup_enabled=True, trusted_proxies=(ip_network("127.0.0.1/32"),))
    loop = asyncio.new_event_loop()
    ready: threading.Event = threading.Event()
    stop = asyncio.Event()
    made: list[Scene] = []

    async def live() -> None:
        async with (
            running_model() as model,
            whole(answered_by(model, settings)) as process,
            listening(process.app) as url,
        ):
            # What is made up may reach no service: these addresses are refused before anything is sent.
            nowhere = Endpoints(**dict.fromkeys(("graph", "stripe", "asaas", "asaas_sandbox"), "https://127.0.0.1"))
            process.app.services.add(Gateways(settings, nowhere))
            database = await Database.open(settings, size=2)
            await load(database, files.read(), now())
            made.append(Scene(loop, database, process, url))
            ready.set()
            await stop.wait()
            await database.close()

    thread = threading.Thread(target=_run, args=(loop, live(), ready))
    thread.start()
    ready.wait(60)
    try:
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, None], ready: threading.Event) -> None:
    try:
        loop.run_until_complete(work)
    finally:
        ready.set()
        loop.close()
