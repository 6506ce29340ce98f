"""The staff's endpoints over HTTP: who reads them, what they tell, how long it lives, and which audit says so."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.agents import service as agents
from alquimista.clock import new_id, now
from alquimista.dashboards import service as dashboards
from alquimista.dashboards.models.figures import Period
from alquimista.db.crypto import Sealer
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.models.integrations import Integration, IntegrationStatus
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant, TenantStatus
from support.identity import eventually

LIST, OVERVIEW = "/internal/tenants", "/internal/usage/overview"


class Read(msgspec.Struct, frozen=True):
    action: str
    resource_id: str
    actor_email: str


AUDIT = Statement(
    """
    SELECT a.action, a.resource_id, p.actor_email FROM alquimista_platform.audit_logs AS a
    JOIN alquimista_platform.audit_personal AS p ON p.tenant_id = a.tenant_id AND p.entry_id = a.id
    WHERE a.tenant_id = %(tenant_id)s ORDER BY a.occurred_at, a.id
    """,
    Read,
)


async def reads(db, tenant_id):
    rows = await db.tenant(tenant_id).fetch(AUDIT, tenant_id=tenant_id)
    return [row.resource_id for row in rows if row.action in {"tenant.read", "platform.read"}]


@pytest.fixture(scope="module")
async def support(db, process):
    person = await factories.make_user(db, role=Role.INTERNAL_SUPPORT)
    async with process.client(await process.token(person.email, person.password)) as client:
        yield client


def paths(company):
    return (LIST, f"{LIST}/{company.id}", f"{LIST}/{company.id}/agents", OVERVIEW)


async def test_both_roles_of_staff_read_and_nobody_else(company, process, support, db):
    key = await factories.make_api_key(db, company.id, scopes=("read",))
    async with process.client(key) as by_key, process.client() as stranger:
        for path in paths(company):
            for client in (company.staff, support):
                assert (await client.get(path)).status_code == 200, path
            for client in (company.admin, company.user, by_key):
                assert (await client.get(path)).status_code == 403, path
            assert (await stranger.get(path)).status_code == 401, path
    for client, status in ((company.staff, 200), (support, 403), (company.admin, 403), (company.user, 403)):
        assert (await client.get("/internal/billing/overview")).status_code == status


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (LIST, {"status": "deleted"}, "status"),
        (LIST, {"limit": "0"}, "limit"),
        (LIST, {"limit": "101"}, "limit"),
        (LIST, {"limit": "NaN"}, "limit"),
        (LIST, {"offset": "-1"}, "offset"),
        (LIST, {"sort_by": "name; DROP TABLE tenants"}, "sort_by"),
        (LIST, {"sort_order": "random"}, "sort_order"),
        (LIST, {"search": "x" * 101}, "search"),
        (LIST, {"search": "a\x00b"}, "search"),
        (LIST, {"search": "a\n"}, "search"),
        (LIST, {"plan": ""}, "plan"),
        (LIST, {"tenant_id": str(PLATFORM_TENANT)}, "tenant_id"),
        (OVERVIEW, {"period": "15d"}, "period"),
        ("/internal/billing/overview", {"period": "7d' OR 1=1"}, "period"),
    ],
)
async def test_wrong_input_is_400_with_the_field(company, path, query, field):
    answer = await company.staff.get(path, params=query)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["errors"][0]["field"] == field


async def test_a_company_that_there_is_not_is_not_found_and_leaves_no_row(company, db):
    before = len(await reads(db, PLATFORM_TENANT))
    for tenant_id in (new_id(), PLATFORM_TENANT):
        for path in (f"{LIST}/{tenant_id}", f"{LIST}/{tenant_id}/agents"):
            answer = await company.staff.get(path)
            assert (answer.status_code, answer.json()["error"]) == (404, "tenant_not_found")
    assert (await company.staff.get(f"{LIST}/not-an-id")).status_code == 400
    assert len(await reads(db, PLATFORM_TENANT)) == before


async def test_a_list_is_audited_kept_or_made_and_a_new_company_shows_at_once(company, db):
    query = {"search": "Recém Chegada"}
    before = len(await reads(db, PLATFORM_TENANT))
    first, again = [await company.staff.get(LIST, params=query) for _ in range(2)]
    assert (first.headers["x-cache-status"], again.headers["x-cache-status"]) == ("MISS", "HIT")
    assert again.headers["cache-control"] == "private, max-age=0, must-revalidate"
    assert (await reads(db, PLATFORM_TENANT))[before:] == [LIST, LIST]
    same = await company.staff.get(LIST, params=query, headers={"if-none-match": again.headers["etag"]})
    assert same.status_code == 304
    new = NewTenant(name="Recém-Chegada Ltda", cnpj=factories.new_cnpj(), segment="varejo")
    one = tenants.prepare(new, new_id(), now())
    async with tenant_transaction(db, one.id) as conn:
        await tenants.create(conn, None, one)
    seen = {"search": "recem-chegada"}

    async def listed(status):
        found = (await company.staff.get(LIST, params=seen)).json()["tenants"]
        return [line["status"] for line in found] == [status]

    await eventually(lambda: listed("active"))
    async with tenant_transaction(db, one.id) as conn:
        await tenants.set_standing(conn, None, one.id, TenantStatus.SUSPENDED, now())
    await eventually(lambda: listed("suspended"))


async def test_a_companys_detail(company, db, settings):
    used, given_up = company.agents
    await company.send(used, 3)
    await company.send(used, 1, status="error", at=now() - timedelta(days=8))
    async with tenant_transaction(db, company.id) as conn:
        await agents.deactivate(conn, None, company.id, given_up, now())
        one = Integration(new_id(), "crm", "CRM", IntegrationStatus.ERROR, None, "expired", "webhook")
        await integrations.store(conn, None, company.id, one, b"sk-live-0123", Sealer(settings), now())
        for number in range(7):
            new = NewIncident(
                severity=Severity.INFO, title=f"{number}", description="", source="test", dedupe_key=f"{number}"
            )
            await incidents.open_incident(conn, company.id, new, now())
    answer = await company.staff.get(f"{LIST}/{company.id}")
    found = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert "sk-live" not in answer.text
    assert found["tenant"]["id"] == str(company.id)
    assert set(found["tenant"]) >= {
        "name",
        "cnpj",
        "segment",
        "plan",
        "status",
        "mrr_estimate",
        "created_at",
        "updated_at",
    }
    assert {one["role"] for one in found["users"]} == {"TENANT_ADMIN", "TENANT_USER"}
    assert set(found["users"][0]) >= {"id", "email", "full_name", "role", "last_login_at"}
    assert found["users_total"] == 2
    assert {one["id"]: one["status"] for one in found["agents"]} == {str(used): "active", str(given_up): "inactive"}
    assert found["integrations"][0]["last_error"] == "expired"
    assert found["usage_summary"] == {
        "requests_last_7_days": 3,
        "requests_last_30_days": 4,
        "success_rate_last_30_days": 75.0,
    }
    assert [one["title"] for one in found["recent_incidents"]] == ["6", "5", "4", "3", "2"]
    own = (await company.staff.get("/tenant/usage", params={"tenant_id": str(company.id)})).json()
    assert own["summary"]["total_requests"] == found["usage_summary"]["requests_last_30_days"]


async def test_each_look_at_a_company_stands_in_its_own_audit(company, db):
    path = f"{LIST}/{company.id}"
    for _ in range(2):
        await company.staff.get(path)
    await company.staff.get(f"{path}/agents")
    assert await reads(db, company.id) == [path, path, f"{path}/agents"]


async def test_a_companys_agents_with_their_settings_and_last_request(company):
    used, idle = company.agents
    long_ago = (now() - timedelta(days=20)).replace(microsecond=123_000)
    await company.send(used, 1, at=long_ago, response_time_ms=300)
    found = (await company.staff.get(f"{LIST}/{company.id}/agents", params={"period": "30d"})).json()
    assert found["period"] == "30d"
    lines = {line["id"]: line for line in found["agents"]}
    assert lines[str(used)]["config"] == {}
    assert lines[str(used)]["deactivated_at"] is None
    stats = lines[str(used)]["usage_stats"]
    assert datetime.fromisoformat(stats.pop("last_request_at")).astimezone(UTC) == long_ago
    assert stats == {"total_requests": 1, "success_rate": 100.0, "avg_response_time_ms": 300.0}
    assert lines[str(idle)]["usage_stats"] == {
        "total_requests": 0,
        "success_rate": None,
        "avg_response_time_ms": None,
        "last_request_at": None,
    }
    week = (await company.staff.get(f"{LIST}/{company.id}/agents", params={"period": "7d"})).json()
    stats = next(line["usage_stats"] for line in week["agents"] if line["id"] == str(used))
    assert stats["total_requests"] == 0
    assert datetime.fromisoformat(stats["last_request_at"]).astimezone(UTC) == long_ago, "the latest one ever"


async def test_rates_of_the_platform_come_from_sums(company, db):
    many, few = company.agents
    await company.send(many, 97, response_time_ms=100)
    await company.send(few, 3, response_time_ms=1_100, status="error")

    async def counted():
        found = (await company.staff.get(OVERVIEW, params={"period": "7d"})).json()
        return any(line["tenant_id"] == str(company.id) for line in found["top_tenants_by_usage"])

    await eventually(counted)
    found = (await company.staff.get(OVERVIEW, params={"period": "7d"})).json()
    stats = found["global_stats"]
    mine = next(line for line in found["top_tenants_by_usage"] if line["tenant_id"] == str(company.id))
    assert (mine["total_requests"], mine["success_rate"]) == (100, 97.0)
    by_agent = {line["agent_id"]: line for line in found["top_agents_by_usage"]}
    assert (by_agent[str(many)]["total_requests"], by_agent[str(many)]["deployed_count"]) == (97, 1)
    assert (by_agent[str(few)]["total_requests"], by_agent[str(few)]["success_rate"]) == (3, 0.0)
    assert len(found["top_tenants_by_usage"]) <= 10
    assert len(found["daily_trends"]) == 7
    assert sum(day["total_requests"] for day in found["daily_trends"]) == stats["total_requests"]
    assert stats["total_agents_deployed"] >= 2
    listed = (await company.staff.get(LIST, params={"limit": 1})).json()
    assert stats["total_tenants"] == listed["total"], "the platform's own tenant is in neither"
    active = (await company.staff.get(LIST, params={"limit": 1, "status": "active"})).json()
    assert stats["active_tenants"] == active["total"]


async def test_what_the_platform_itself_had_is_counted_nowhere(company, db, migrated):
    before = (await company.staff.get(OVERVIEW, params={"period": "90d"})).json()
    agent = company.agents[0]
    await factories.activate_agent(db, PLATFORM_TENANT, agent)
    await db.tenant(PLATFORM_TENANT).execute(
        Statement(
            """
            INSERT INTO alquimista_platform.tenant_usage_daily
            VALUES (%(tenant_id)s, %(day)s, %(agent_id)s, 'BRL', 5000, 0, 1, 0, 0, 0, 5000)
            """,
            Read,
        ),
        tenant_id=PLATFORM_TENANT,
        day=now().date(),
        agent_id=agent,
    )
    async with tenant_transaction(db, company.id) as conn:
        await agents.deactivate(conn, None, company.id, company.agents[1], now())  # Whatever was kept is dropped.

    async def fresh():
        found = (await company.staff.get(OVERVIEW, params={"period": "90d"})).json()
        return found["global_stats"]["total_agents_deployed"] == before["global_stats"]["total_agents_deployed"] - 1

    await eventually(fresh)
    found = (await company.staff.get(OVERVIEW, params={"period": "90d"})).json()
    assert found["global_stats"]["total_requests"] == before["global_stats"]["total_requests"]
    assert str(PLATFORM_TENANT) not in str(found)
    assert all(line["total_requests"] < 5000 for line in found["top_agents_by_usage"])


async def test_a_period_over_all_customers_ends_with_the_platforms_day(company, db):
    late = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # Still the 19th in São Paulo.
    page = await dashboards.company_overview(db.staff(), Period.WEEK, late, "en")
    usage = await dashboards.platform_usage(db.staff(), Period.WEEK, late)
    _, days = await dashboards.catalogue_agent(db.staff(), company.agents[0], Period.WEEK, late)
    assert {page.daily[-1].date, usage.daily_trends[-1].date, days[-1].date} == {date(2026, 11, 19)}
