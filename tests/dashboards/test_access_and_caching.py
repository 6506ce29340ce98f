"""Who sees what of the client endpoints, and how long an answer lives."""

import msgspec
import pytest

import factories
from alquimista.clock import new_id, now
from alquimista.db.crypto import Sealer
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.models.integrations import Integration, IntegrationStatus
from support.identity import eventually

CREDENTIAL = b"sk-live-0123456789"


class Action(msgspec.Struct, frozen=True):
    action: str


AUDIT = Statement("SELECT action FROM alquimista_platform.audit_logs WHERE tenant_id = %(tenant_id)s", Action)


async def connect(db, settings, tenant_id, name="HubSpot"):
    integration = Integration(
        new_id(), "crm", name, IntegrationStatus.ERROR, None, "expired at the provider", "webhook"
    )
    async with tenant_transaction(db, tenant_id) as conn:
        await integrations.store(conn, None, tenant_id, integration, CREDENTIAL, Sealer(settings), now())
    return integration.id


async def open_incident(db, tenant_id, key):
    new = NewIncident(
        severity=Severity.ERROR, title=f"Incident {key}", description="", source="test", dedupe_key=f"test.{key}"
    )
    async with tenant_transaction(db, tenant_id) as conn:
        return await incidents.open_incident(conn, tenant_id, new, now())


async def test_only_administrators_and_staff_read_errors_and_nobody_reads_credentials(company, process, db, settings):
    await connect(db, settings, company.id)
    by_admin = await company.admin.get("/tenant/integrations")
    by_user = await company.user.get("/tenant/integrations")
    assert by_admin.json()["integrations"][0]["last_error"] == "expired at the provider"
    assert "last_error" not in by_user.json()["integrations"][0]
    assert "credentials" not in by_admin.text
    assert CREDENTIAL.decode() not in by_admin.text
    key = await factories.make_api_key(db, company.id, scopes=("read",))
    async with process.client(key) as client:
        by_key = await client.get("/tenant/integrations")
    assert "last_error" not in by_key.json()["integrations"][0]


async def test_credentials_come_back_only_through_their_own_row(company, db, settings):
    sealer = Sealer(settings)
    own = await connect(db, settings, company.id)
    async with tenant_transaction(db, company.id) as conn:
        assert await integrations.credentials_of(conn, company.id, own, sealer) == CREDENTIAL


async def test_incidents_come_newest_first_in_pages_and_a_condition_opens_one(company, db):
    for number in range(5):
        assert await open_incident(db, company.id, number)
    assert not await open_incident(db, company.id, 4)
    page = (await company.admin.get("/tenant/incidents", params={"limit": 2, "offset": 1})).json()
    assert [line["title"] for line in page["incidents"]] == ["Incident 3", "Incident 2"]
    assert page["total"] == 5
    beyond = (await company.admin.get("/tenant/incidents", params={"offset": 50})).json()
    assert beyond == {"incidents": [], "total": 5}
    async with tenant_transaction(db, company.id) as conn:
        assert await incidents.resolve(conn, company.id, "test.4", now())
    assert await open_incident(db, company.id, 4), "once resolved, the condition may open a new one"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/tenant/usage", {"period": "15d"}, "period"),
        ("/tenant/usage", {"agent_id": "1 OR 1=1"}, "agent_id"),
        ("/tenant/agents", {"status": "'; DROP TABLE users; --"}, "status"),
        ("/tenant/incidents", {"limit": "0"}, "limit"),
        ("/tenant/incidents", {"limit": "999999999999999999999"}, "limit"),
        ("/tenant/incidents", {"offset": "NaN"}, "offset"),
        ("/tenant/me", {"tenant": "x"}, "tenant"),
    ],
)
async def test_wrong_input_is_400_with_the_field_and_how_to_mend_it(company, path, query, field):
    answer = await company.admin.get(path, params=query)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"][0]["field"] == field
    assert answer.json()["errors"][0]["reason"]


@pytest.mark.parametrize("path", ["me", "agents", "integrations", "usage", "incidents"])
async def test_staff_see_a_company_uncached_and_leave_a_row_in_its_own_audit(company, db, path):
    for _ in range(2):
        answer = await company.staff.get(f"/tenant/{path}", params={"tenant_id": str(company.id)})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
    rows = await db.tenant(company.id).fetch(AUDIT, tenant_id=company.id)
    assert [row.action for row in rows].count("tenant.read") == 2


async def test_new_usage_shows_although_the_answer_was_cached(company):
    first = await company.admin.get("/tenant/usage")
    again = await company.admin.get("/tenant/usage")
    assert (first.headers["x-cache-status"], again.headers["x-cache-status"]) == ("MISS", "HIT")
    assert again.headers["cache-control"] == "private, max-age=0, must-revalidate"
    same = await company.admin.get("/tenant/usage", headers={"if-none-match": again.headers["etag"]})
    assert same.status_code == 304
    await company.send(company.agents[0], 2)

    async def seen():
        return (await company.admin.get("/tenant/usage")).json()["summary"]["total_requests"] == 2

    await eventually(seen)


async def test_a_new_integration_shows_although_the_list_was_cached(company, db, settings):
    first = await company.admin.get("/tenant/integrations")
    assert first.headers["cache-control"] == "private, max-age=300"
    assert (await company.admin.get("/tenant/integrations")).headers["x-cache-status"] == "HIT"
    await connect(db, settings, company.id, "Novo CRM")

    async def seen():
        return "Novo CRM" in (await company.admin.get("/tenant/integrations")).text

    await eventually(seen)


async def test_a_cached_answer_of_one_company_never_reaches_another_nor_another_role(company, process, db, settings):
    await connect(db, settings, company.id)
    assert "last_error" in (await company.admin.get("/tenant/integrations")).text
    assert "last_error" not in (await company.user.get("/tenant/integrations")).text
    assert "last_error" in (await company.admin.get("/tenant/integrations")).text
