"""A company of which there is something for each address that staff may read, and what those addresses name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx

import factories
from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind
from alquimista.config import Settings
from alquimista.db.crypto import Sealer
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.routes import Route, TenantScope
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.models.connections import DEMO
from alquimista.integrations.models.integrations import Integration, IntegrationStatus
from alquimista.operations import service as operations
from alquimista.operations.models.kinds import CommandType
from alquimista.wiring import Services
from support.billing import customer, load_catalogue
from support.metered import make_partitions, use
from support.whole import Whole, whole

COMMANDS = "/internal/operations/commands"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@dataclass
class Company:
    """The company, the process that serves it, staff who read it, and what stands for each path parameter."""

    process: Whole
    tenant_id: UUID
    staff: factories.MadeUser
    clients: dict[str, httpx.AsyncClient]  # By who they are; `viewer` looks at the company as its administrator.
    paths: dict[str, str]

    def query(self, route: Route) -> dict[str, str]:
        """What names the company in the query: always of its own routes, a filter of those across companies."""
        if route.scope is TenantScope.OWN:
            return {"tenant_id": str(self.tenant_id)}
        return {name: str(self.tenant_id) for name in narrowing(route)}


def narrowing(route: Route) -> list[str]:
    """The query parameters by which a route across companies is narrowed to one."""
    fields = route.query.__struct_encode_fields__ if route.query else ()
    return [name for name in ("tenant_id", "tenant") if name in fields]


@asynccontextmanager
async def company(settings: Settings, db: Database, folder: Path) -> AsyncIterator[Company]:
    """Everything of it, made through the doors that make it in earnest wherever that takes a moment only."""
    kept = replace(settings, data_dir=str(folder))
    await load_catalogue(db)
    await make_partitions(db)
    billed = await customer(db, name="Clínica Aurora")
    await billed.pay(await billed.subscribe())
    await use(billed, 10_020)
    await billed.pass_days(31)
    tenant_id = billed.tenant.id
    people = {name: await factories.make_user(db) for name in ("staff", "second", "viewer")}
    people["owner"] = await factories.make_user(db, tenant_id)
    async with whole(kept) as process:
        clients = {name: process.client(await process.token(one.email, one.password)) for name, one in people.items()}
        sender = process.client(await factories.make_api_key(db, tenant_id, scopes=("events",)))
        paths = {"tenant_id": str(tenant_id), "position": "2", "trace_id": TRACE}
        paths |= await _told(clients["owner"]) | await _sent(sender)
        paths["incident_id"] = await _raised(db, tenant_id)
        paths["integration_id"] = await _connected(db, tenant_id)
        paths |= await _exported(Services(kept, db, dict(process.app.services.extras)), clients["staff"], people, paths)
        yield Company(process, tenant_id, people["staff"], clients, paths)
        for one in (*clients.values(), sender):
            await one.aclose()


async def _told(owner: httpx.AsyncClient) -> dict[str, str]:
    """What the company's administrator makes, and has."""
    webhook = await owner.post("/tenant/webhooks", json={"url": "https://aurora.test/", "event_types": ["*"]})
    webhook_id = webhook.json()["webhook"]["id"]
    invoices = (await owner.get("/api/billing/invoices")).json()["invoices"]
    approval = {"action_type": "manual.x", "resource_type": "campaign", "resource_id": "1"}
    return {
        "webhook_id": webhook_id,
        "delivery_id": (await owner.post(f"/tenant/webhooks/{webhook_id}/test")).json()["id"],
        "ticket_id": (await owner.post("/tenant/tickets", json={"subject": "Painel", "body": "Vazio."})).json()[
            "ticket"
        ]["id"],
        "approval_id": (await owner.post("/approvals", json=approval)).json()["id"],
        "agent_id": (await owner.get("/tenant/agents")).json()["agents"][0]["id"],
        "invoice_id": invoices[0]["id"],
    }


async def _sent(sender: httpx.AsyncClient) -> dict[str, str]:
    """An event of the company's, which is a trace besides."""
    event = {"source": "nigredo.recebimento", "type": "lead.recebido", "detail": {"lead_id": "7"}}
    answer = await sender.post("/events", json=event, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    return {"event_id": answer.json()["eventId"]}


async def _raised(db: Database, tenant_id: UUID) -> str:
    new = NewIncident(severity=Severity.ERROR, title="x", description="x", source="test", dedupe_key="test.x")
    async with tenant_transaction(db, tenant_id) as conn:
        await incidents.open_incident(conn, tenant_id, new, clock.now())
    page, _ = await incidents.page(db.tenant(tenant_id), tenant_id, 1, 0)
    return str(page[0].id)


async def _connected(db: Database, tenant_id: UUID) -> str:
    one = Integration(clock.new_id(), "crm", "CRM", IntegrationStatus.ACTIVE, None, None, DEMO)
    async with tenant_transaction(db, tenant_id) as conn:
        await integrations.store(conn, None, tenant_id, one, None, Sealer(db.settings), clock.now())
    return str(one.id)


async def _exported(
    worker: Services, staff: httpx.AsyncClient, people: dict[str, factories.MadeUser], paths: dict[str, str]
) -> dict[str, str]:
    """A command that has written the company's export, and the approval that it needed."""
    body = {"command_type": "EXPORT_TENANT", "tenant_id": paths["tenant_id"]}
    made = await staff.post(COMMANDS, json=body)
    assert made.status_code == 201, made.text
    db, tenant_id = worker.db, UUID(paths["tenant_id"])
    command = await operations.find(db.staff(), UUID(made.json()["command_id"]))
    assert command.command_type == CommandType.EXPORT_TENANT
    one = people["second"]
    second = Actor(ActorKind.TOKEN, ROLE_PERMISSIONS[one.role], one.role, one.id, None, one.email)
    async with tenant_transaction(db, tenant_id) as conn:
        await operations.approve(conn, second, command, clock.now())
    await operations.run(worker, tenant_id, command.id)
    return {"command_id": str(command.id), "staffs_approval_id": str(command.approval_id)}
