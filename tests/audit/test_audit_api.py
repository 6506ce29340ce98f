"""The audit over HTTP: a company its own and what staff did in it, staff any company, and each read of theirs told."""

import json
from dataclasses import dataclass
from uuid import UUID

import httpx
import pytest

import factories
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.audit import service
from alquimista.audit.models import Wanted
from alquimista.audit.models.exporting import verify_lines
from support.audit import found
from support.whole import whole


@dataclass
class Company:
    """A company and a client of each who might call."""

    id: UUID
    owner_id: UUID
    owner: httpx.AsyncClient
    teammate: httpx.AsyncClient
    outsider: httpx.AsyncClient
    support: httpx.AsyncClient
    support_email: str


@pytest.fixture(scope="module")
async def process(settings):
    async with whole(settings) as running:
        yield running


@pytest.fixture
async def company(db, process):
    tenant, other = [await factories.make_tenant(db) for _ in range(2)]
    people = {
        "owner": await factories.make_user(db, tenant.id, name="Dona Rita"),
        "teammate": await factories.make_user(db, tenant.id, role=Role.TENANT_USER),
        "outsider": await factories.make_user(db, other.id),
        "support": await factories.make_user(db, role=Role.INTERNAL_SUPPORT, name="Sílvia Nunes"),
    }
    clients = {}
    for name, one in people.items():
        clients[name] = process.client(await process.token(one.email, one.password), **{"user-agent": f"{name}/1"})
    yield Company(tenant.id, people["owner"].id, support_email=people["support"].email, **clients)
    for client in clients.values():
        await client.aclose()


async def logs(client, path="/api/audit-logs", **query):
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["entries"]


async def entry(db, company, action, **more):
    return await service.record(
        db.tenant(company.id), None, action, category=more.pop("category", "agent"), tenant_id=company.id, **more
    )


async def test_an_entry_shows_who_did_what_from_where_in_which_session(company, db):
    await company.owner.post("/tenant/api-keys", json={"name": "chave", "scopes": ["read"]})
    await service.seal(db, company.id)
    (one,) = await logs(company.owner, action="api_key.created")
    assert one["actor"]["id"] == str(company.owner_id)
    assert (one["actor"]["name"], one["actor"]["role"], one["actor"]["staff"]) == ("Dona Rita", "TENANT_ADMIN", False)
    # Nobody passed these on: they are the request's.
    assert one["user_agent"] == "owner/1"
    assert one["ip"].startswith("203.0.")
    assert len(one["trace_id"]) == 32
    assert one["session_id"]
    assert one["sealed"]["seq"] >= 1
    assert len(one["sealed"]["hash"]) == 64
    assert one["erased"] is False


async def test_a_company_sees_what_staff_did_in_it_by_name_and_not_by_address(company):
    assert (await company.support.get("/tenant/me", params={"tenant_id": str(company.id)})).status_code == 200
    (seen,) = await logs(company.owner, action="tenant.read")
    assert seen["actor"] | {"id": None} == {
        "kind": "token",
        "id": None,
        "name": "Sílvia Nunes",
        "email": None,
        "role": "INTERNAL_SUPPORT",
        "staff": True,
    }
    assert (seen["ip"], seen["user_agent"], seen["session_id"]) == (None, None, None)
    mine = await logs(company.support, tenant_id=str(company.id), action="tenant.read")
    assert {one["actor"]["email"] for one in mine} == {company.support_email}


async def test_a_company_reads_its_own_trail_and_no_other(company, db):
    await entry(db, company, "agent.secret")
    assert await logs(company.outsider, action="agent.secret") == []
    assert (await company.outsider.get("/api/audit-logs", params={"tenant_id": str(company.id)})).status_code == 403
    assert (await company.teammate.get("/api/audit-logs")).status_code == 403
    assert (await company.owner.get("/internal/audit-logs")).status_code == 403
    assert (await company.support.get("/api/audit-logs")).status_code == 400


async def test_each_filter_holds_and_together_they_do(company, db):
    agent, trace = factories.clock.new_id(), "ab" * 16
    await entry(db, company, "agent.one", resource_type="agent", resource_id=str(agent))
    await entry(db, company, "agent.two", resource_type="agent", resource_id=str(agent), result="failure")
    await entry(db, company, "user.three", category="user", trace_id=trace)

    async def actions(**query):
        return [one["action"] for one in await logs(company.owner, limit=3, **query)]

    assert await actions() == ["user.three", "agent.two", "agent.one"]
    assert await actions(agent_id=str(agent)) == ["agent.two", "agent.one"]
    assert await actions(agent_id=str(agent), result="failure") == ["agent.two"]
    assert await actions(trace_id=trace) == ["user.three"]
    assert await actions(action="agent.one") == ["agent.one"]
    assert await actions(category="user", trace_id=trace) == ["user.three"]
    assert set(await actions(user_id=str(company.owner_id))) <= {"auth.login"}
    first, second, _ = await logs(company.owner, limit=3)
    assert await actions(since=first["occurred_at"]) == ["user.three"]
    assert await actions(since=second["occurred_at"], until=first["occurred_at"]) == ["agent.two"]


async def test_pages_follow_each_other_without_gap_or_repeat(company, db):
    for number in range(7):
        await entry(db, company, f"agent.n{number}")
    seen, after = [], None
    while True:
        query = {"limit": 3, "category": "agent"} | ({"after": after} if after else {})
        page = (await company.owner.get("/api/audit-logs", params=query)).json()
        seen += [one["action"] for one in page["entries"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"agent.n{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "1001"},
        {"user_id": "x"},
        {"action": "DROP TABLE"},
        {"result": "maybe"},
        {"since": "yesterday"},
        {"since": "2026-03-01T00:00:00"},
        {"after": "1"},
        {"after": "99999999999999999-not-an-id"},
        {"trace_id": "\x00"},
        {"who": "x"},
    ],
)
async def test_a_wrong_filter_is_told(company, query):
    answer = await company.owner.get("/api/audit-logs", params=query)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_the_last_moment_of_a_cursor_is_no_error(company):
    after = f"{'9' * 17}-01890a5d-ac96-774b-bcce-b302099a8057"
    assert (await company.owner.get("/api/audit-logs", params={"after": after})).status_code == 200


async def test_staff_read_every_company_and_each_read_is_told(company, db):
    await entry(db, company, "agent.across", trace_id="cd" * 16)
    (one,) = await logs(company.support, "/internal/audit-logs", trace_id="cd" * 16)
    assert one["tenant_id"] == str(company.id)
    (read,) = await logs(company.support, "/internal/audit-logs", action="platform.read", limit=1)
    assert (read["tenant_id"], read["resource_id"]) == (None, "/internal/audit-logs")
    wanted = Wanted(resource_type="endpoint", resource_id="/internal/audit-logs")
    assert await service.entries(db.tenant(company.id), company.id, wanted, 10) == []
    await logs(company.support, "/internal/audit-logs", tenant_id=str(company.id))
    (told,) = await service.entries(db.tenant(company.id), company.id, wanted, 10)
    assert told.by_staff
    platform = await logs(company.support, "/internal/audit-logs", tenant_id=str(PLATFORM_TENANT), limit=5)
    assert {one["tenant_id"] for one in platform} == {None}


async def test_a_company_verifies_its_chain(company, db, tamper):
    ids = [await entry(db, company, "agent.x") for _ in range(3)]
    await service.seal(db, company.id)
    proof = (await company.owner.post("/api/audit-logs/verify")).json()
    assert (proof["intact"], proof["findings"]) == (True, [])
    assert proof["last"] == proof["entries"] >= 3
    async with tamper() as conn:
        await conn.execute("UPDATE alquimista_platform.audit_logs SET action = 'agent.y' WHERE id = %s", [ids[0]])
    proof = (await company.owner.post("/api/audit-logs/verify")).json()
    assert (proof["intact"], [one["what"] for one in proof["findings"]]) == (False, ["changed"])
    headers = {"accept-language": "pt-BR"}
    (told,) = (await company.owner.post("/api/audit-logs/verify", headers=headers)).json()["findings"]
    assert told["sentence"].startswith("Registro ")
    assert "não é o que foi selado" in told["sentence"]


async def test_a_company_takes_its_audit_away_and_that_is_in_it(company, db, tmp_path):
    await entry(db, company, "agent.taken")
    answer = await company.owner.get("/api/audit-logs/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    assert f"audit-{company.id}-" in answer.headers["content-disposition"]
    report, _ = verify_lines(answer.content.splitlines())
    assert found(report) == []
    actions = [json.loads(line).get("action") for line in answer.content.splitlines()]
    assert {"agent.taken", "audit.export"} <= set(actions)


async def test_a_company_takes_away_of_staff_their_names_alone_and_staff_everything(company, db):
    assert (await company.support.get("/tenant/me", params={"tenant_id": str(company.id)})).status_code == 200
    own = await company.owner.get("/api/audit-logs/export")
    (read,) = [one for one in map(json.loads, own.content.splitlines()) if one.get("action") == "tenant.read"]
    assert (read["kind"], read["staff_name"], read["actor_email"], read["ip"], read["user_agent"]) == (
        "withheld",
        "Sílvia Nunes",
        "",
        None,
        "",
    )
    for private in (company.support_email, "support/1"):
        assert private not in own.text
    report, _ = verify_lines(own.content.splitlines())
    assert (found(report), report.withheld) == ([], 1)
    whole_one = await company.support.get("/api/audit-logs/export", params={"tenant_id": str(company.id)})
    assert company.support_email in whole_one.text
    assert verify_lines(whole_one.content.splitlines())[0].withheld == 0
