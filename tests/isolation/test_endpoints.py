"""Every endpoint of the route table, called by everybody who might: generated, so that no new one is forgotten."""

import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

import factories
from alquimista.access import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, ActorKind, Permission, Role
from alquimista.app import API
from alquimista.clock import frozen, new_id, now
from alquimista.commercial import queries as commercial
from alquimista.commercial.models import CommercialRequest, RequestStatus
from alquimista.db.crypto import Sealer
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.routes import Route, TenantScope
from alquimista.http.streams import MEDIA
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.models.connections import DEMO
from alquimista.integrations.models.integrations import Integration, IntegrationStatus
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Owner, Recipient
from support.whole import Whole, whole

MARK = "Zebra-Secreta"  # Stands in everything that belongs to the first company, and nowhere else.


@dataclass(frozen=True)
class Caller:
    """Somebody with a credential (None: anonymous), and what the credential should open."""

    credential: str | None
    kind: ActorKind | None
    permissions: frozenset[Permission]
    internal: bool = False
    person: factories.MadeUser | None = None


@dataclass
class Scene:
    """Two companies, everybody who might call, and one thing of each sort that belongs to the first."""

    db: Database
    process: Whole
    own: str
    other: str
    callers: dict[str, Caller]
    paths: dict[str, str]


@pytest.fixture(scope="module")
async def scene(db, settings):
    own = await factories.make_tenant(db, name=f"Clínica {MARK}")
    other = await factories.make_tenant(db, name="Outra Empresa")
    agent = await factories.make_agent(db)  # The catalogue is everybody's.
    await factories.activate_agent(db, own.id, agent.id)
    people = {
        "owner": await factories.make_user(db, own.id, name=f"Dona {MARK}"),
        "teammate": await factories.make_user(db, own.id, role=Role.TENANT_USER, name=f"Colega {MARK}"),
        "outsider": await factories.make_user(db, other.id),
        "outside teammate": await factories.make_user(db, other.id, role=Role.TENANT_USER),
        "admin": await factories.make_user(db),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT),
    }
    async with whole(settings) as process:
        callers = {"anonymous": Caller(None, None, frozenset())}
        for name, person in people.items():
            token = await process.token(person.email, person.password)
            callers[name] = Caller(token, ActorKind.TOKEN, ROLE_PERMISSIONS[person.role], person.role.internal, person)
        for name, tenant in (("own", own), ("other", other)):
            for scope, permissions in SCOPE_PERMISSIONS.items():
                key = await factories.make_api_key(db, tenant.id, scopes=(scope,))
                callers[f"{name} key {scope}"] = Caller(key, ActorKind.API_KEY, permissions)
        with frozen(now() - timedelta(hours=1)):
            stale = await process.token(people["owner"].email, people["owner"].password)
        callers["expired"] = Caller(stale, None, frozenset())
        callers["forged"] = Caller(forge(str(callers["owner"].credential)), None, frozenset())
        async with process.client(callers["owner"].credential) as client:
            invited = await client.post(
                "/tenant/invitations", json={"email": "zebra@example.com", "role": "TENANT_USER"}
            )
            key = await client.post("/tenant/api-keys", json={"name": MARK, "scopes": ["ingest"]})
            sessions = await client.get("/auth/sessions")
            opened = await client.post("/tenant/tickets", json={"subject": MARK, "body": MARK})
            webhook = await client.post("/tenant/webhooks", json={"url": f"https://{MARK}/", "event_types": ["*"]})
            webhook_id = webhook.json()["webhook"]["id"]
            message = await client.post(f"/tenant/webhooks/{webhook_id}/test")
        paths = {
            "user_id": str(people["teammate"].id),
            "invitation_id": invited.json()["id"],
            "key_id": key.json()["api_key"]["id"],
            "session_id": sessions.json()["sessions"][0]["id"],
            "slug": agent.slug,
            "agent_id": str(agent.id),
            "name": "vendas",
            "command_id": str(new_id()),
            "request_id": str(await asked(db, own.id)),
            "integration_id": str(await connected(db, own.id)),
            "tenant_id": str(new_id()),  # Staff's alone: one that there is not.
            "invoice_id": str(new_id()),
            "grant_id": await granted(callers["owner"], people["teammate"], process),
            "approval_id": await asked_to_approve(callers["owner"], process),
            "event_id": str(new_id()),
            "incident_id": await raised(db, own.id),
            "ticket_id": opened.json()["ticket"]["id"],
            "position": "1",
            "webhook_id": webhook_id,
            "delivery_id": message.json()["id"],
            "trace_id": "ab" * 16,
            "control_id": str(new_id()),
            "notification_id": await told(db, people["owner"]),
        }
        yield Scene(db, process, str(own.id), str(other.id), callers, paths)


async def raised(db: Database, tenant_id: UUID) -> str:
    """An incident of the company's own, which it sees."""
    new = NewIncident(severity=Severity.ERROR, title=MARK, description=MARK, source="test", dedupe_key="test.zebra")
    async with tenant_transaction(db, tenant_id) as conn:
        await incidents.open_incident(conn, tenant_id, new, now())
    page, _ = await incidents.page(db.tenant(tenant_id), tenant_id, 1, 0)
    return str(page[0].id)


async def told(db: Database, owner: factories.MadeUser) -> str:
    """A notification to one of the company's people, which nobody else sees."""
    person = Recipient(owner.id, owner.email, MARK)
    async with tenant_transaction(db, owner.tenant_id) as conn:
        await notifications.tell(conn, owner.tenant_id, person, "tenant_notice", "en", "", title=MARK, notice=MARK)
    found, *_ = await notifications.page(
        db.tenant(owner.tenant_id), Owner(owner.tenant_id, owner.id), 1, 0, unread=True
    )
    return str(found[0].id)


async def asked(db: Database, tenant_id: UUID) -> UUID:
    """A company's own request to the sales team. Staff's list is of strangers' requests alone."""
    request = CommercialRequest(
        new_id(),
        MARK,
        None,
        MARK,
        "zebra@example.com",
        "+5511987654321",
        [],
        [],
        MARK,
        RequestStatus.PENDING,
        now(),
        now(),
    )
    async with tenant_transaction(db, tenant_id) as conn:
        await commercial.insert(conn, tenant_id, request)
    return request.id


async def asked_to_approve(owner: Caller, process: Whole) -> str:
    """What a company's own people are asked to approve."""
    body = {"action_type": "manual.x", "resource_type": "campaign", "resource_id": MARK}
    async with process.client(owner.credential) as client:
        answer = await client.post("/approvals", json=body)
    return str(answer.json()["id"])


async def granted(owner: Caller, teammate: factories.MadeUser, process: Whole) -> str:
    """What a company's administrator granted to a teammate: something for a thing that there is not."""
    body = {"user_id": str(teammate.id), "permission": "agent:manage", "resource_type": MARK[:5].lower()}
    async with process.client(owner.credential) as client:
        answer = await client.post("/tenant/grants", json=body | {"resource_id": MARK})
    return str(answer.json()["id"])


async def connected(db: Database, tenant_id: UUID) -> UUID:
    """A company's integration."""
    one = Integration(new_id(), "crm", MARK, IntegrationStatus.ACTIVE, None, None, DEMO)
    async with tenant_transaction(db, tenant_id) as conn:
        await integrations.store(conn, None, tenant_id, one, None, Sealer(db.settings), now())
    return one.id


def forge(token: str) -> str:
    """The same claims under the same kid, signed by somebody else's key."""
    found = jws.extract_compact(token.encode())
    stranger = ECKey.generate_key("P-256", private=True)
    return jws.serialize_compact(dict(found.headers()), found.payload, stranger, algorithms=["ES256"])


ENDS_SESSIONS = {"/auth/logout-all"}  # Called by somebody made for it, so that the others' sessions live on.
GUARDED = [route for route in API if route.permission is not None]
READS = [route for route in GUARDED if route.method == "GET"]


def method_of(route: Route) -> str:
    """How to call a route: a stream has no end, and answers HEAD with its head alone."""
    return "HEAD" if MEDIA in route.answers else route.method


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def address(route: Route, paths: dict[str, str]) -> str:
    return route.path.replace(":uuid", "").format(**dict.fromkeys((), "x") | paths)


async def call(scene: Scene, route: Route, caller: str, *, tenant: str | None = None, absent: bool = False) -> int:
    """The status that a caller gets; `absent` puts ids of nothing into the path, so that a write changes nothing."""
    paths = {name: str(new_id()) for name in scene.paths} if absent else scene.paths
    query = {"tenant_id": tenant} if tenant else {}
    credential, person = scene.callers[caller].credential, scene.callers[caller].person
    if route.path in ENDS_SESSIONS and person is not None:
        twin = await factories.make_user(scene.db, person.tenant_id, role=person.role)
        credential = await scene.process.token(twin.email, twin.password)
    async with scene.process.client(credential) as client:
        answer = await client.request(method_of(route), address(route, paths), params=query)
    return answer.status_code


def test_the_table_is_not_empty():
    assert len(GUARDED) > 25


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
async def test_nobody_gets_in_without_a_good_credential(scene, route):
    for caller in ("anonymous", "expired", "forged"):
        # A browser goes to the login.
        assert await call(scene, route, caller) == (303 if route.page else 401), caller


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
async def test_each_caller_gets_in_exactly_where_its_permissions_say(scene, route):
    for name, caller in scene.callers.items():
        if caller.kind is None:
            continue
        staff_only = route.scope is TenantScope.PLATFORM and not caller.internal
        admitted = caller.kind in route.kinds and route.permission in caller.permissions and not staff_only
        tenant = scene.own if caller.internal and route.scope is TenantScope.OWN else None
        status = await call(scene, route, name, tenant=tenant, absent=True)
        refused = status in {401, 403} or (route.page and status == 303)  # Pages send to the login.
        assert refused != admitted, (name, status)


@pytest.mark.parametrize("route", [r for r in GUARDED if r.scope is TenantScope.OWN], ids=name_of)
async def test_a_company_cannot_name_another_and_staff_must_name_one(scene, route):
    for name, caller in scene.callers.items():
        if caller.kind not in route.kinds or route.permission not in caller.permissions:
            continue
        if caller.internal:
            assert await call(scene, route, name, absent=True) == 400, name
        else:
            foreign = scene.other if name in {"owner", "teammate"} or name.startswith("own ") else scene.own
            assert await call(scene, route, name, tenant=foreign, absent=True) == 403, name


KEYS = ("other key read", "other key agent")
# A right body where it is no role, so that only the id can be wrong.
BODIES = {
    "/internal/commercial/requests/{request_id:uuid}": {"status": "contacted"},
    "/internal/tenants/{tenant_id:uuid}": {"segment": "saude"},
    "/tenant/webhooks/{webhook_id:uuid}": {"enabled": False},
}
# The same for a query without which nothing is looked up.
QUERIES = {"/v1/agents/{slug}/control": {"instance_id": "web-1"}}
# What staff name in the catalogue belongs to nobody, nor does the agent of it that a company wants to have; a company's
# incidents and tickets are staff's to read; what takes a browser's session alone has tests of its own.
NOT_ONES_OWN = (
    "/internal/catalogue/",
    "/internal/incidents/",
    "/internal/tickets/",
    "/tenant/agents/{agent_id:uuid}/activate",
)
NAMED = [
    route
    for route in GUARDED
    if "{" in route.path and not route.path.startswith(NOT_ONES_OWN) and route.kinds != {ActorKind.SESSION}
]


@pytest.mark.parametrize("route", NAMED, ids=name_of)
async def test_a_foreign_id_is_nothing_here(scene, route):
    caller = "admin" if route.scope is TenantScope.PLATFORM else "outsider"
    if ActorKind.TOKEN not in route.kinds:
        caller = next(name for name in KEYS if route.permission in scene.callers[name].permissions)
    body = {"role": "TENANT_USER"} if route.method == "PATCH" else None
    if route.scope is TenantScope.PLATFORM and body:
        body = {"role": "INTERNAL_SUPPORT"}
    body = BODIES.get(route.path, body) if route.method == "PATCH" else body
    if route.method in {"POST", "PUT"} and route.body is not None:
        body = msgspec.to_builtins(route.example)
    query = QUERIES.get(route.path)
    async with scene.process.client(scene.callers[caller].credential) as client:
        answer = await client.request(method_of(route), address(route, scene.paths), json=body, params=query)
    assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("route", [r for r in READS if r.scope is not TenantScope.PLATFORM], ids=name_of)
async def test_no_answer_to_an_outsider_holds_anything_of_the_first_company(scene, route):
    for name in ("outsider", "outside teammate", "other key read"):
        async with scene.process.client(scene.callers[name].credential) as client:
            answer = await client.request(method_of(route), address(route, scene.paths))
        assert MARK not in answer.text
        assert scene.own not in answer.text
    async with scene.process.client(scene.callers["owner"].credential) as client:
        mine = json.dumps((await client.get("/tenant/me")).json(), ensure_ascii=False)
    assert MARK in mine, "the mark must be visible to its owner, or this test could not fail"
