"""POST /api/trials/start and GET /api/trials: one for each person and target, ever."""

import asyncio
import re
from datetime import datetime, timedelta

import pytest

import factories
from alquimista import clock
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentStatus
from alquimista.agents.models.definitions import EXAMPLE
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.statement import NoRow, Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from support.trials import begin, say

SUSPEND_AGENTS = Statement(
    "UPDATE alquimista_platform.tenant_agents SET status = 'suspended', updated_at = %(now)s"
    " WHERE tenant_id = %(tenant_id)s",
    NoRow,
)


async def states(db, company):
    """How each agent stands with the company."""
    found = await agents.list_agents(db.tenant(company.id), company.id)
    return {one.agent_id: one.status for one in found}


async def test_a_trial_of_an_agent_lasts_a_day_or_five_messages(company, catalogue):
    target = catalogue["retencao"]
    answer = await company.owner.post("/api/trials/start", json={"target_type": "agent", "target_id": str(target)})
    assert answer.status_code == 201, answer.text
    trial = answer.json()
    started, expires = (datetime.fromisoformat(trial.pop(name)) for name in ("started_at", "expires_at"))
    assert expires - started == timedelta(hours=24)
    assert trial == {
        "trial_id": trial["trial_id"],
        "target_type": "agent",
        "target_id": str(target),
        "target_name": "Retenção de clientes",
        "status": "active",
        "usage_count": 0,
        "max_usage": 5,
        "remaining": 5,
        "next_step": "subscribe",
    }


async def test_starting_again_answers_the_same_trial_at_once_or_later(company, catalogue):
    body = {"target_type": "subnucleo", "target_id": str(catalogue["sub:vendas"])}
    answers = await asyncio.gather(*(company.owner.post("/api/trials/start", json=body) for _ in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 201]
    assert len({one.json()["trial_id"] for one in answers}) == 1
    assert answers[0].json()["next_step"] == "sales"
    assert (await company.owner.post("/api/trials/start", json=body)).json() == answers[0].json()


async def test_each_person_has_trials_of_their_own(company, catalogue):
    mine = await begin(company.owner, "agent", catalogue["cobranca"])
    theirs = await begin(company.teammate, "agent", catalogue["cobranca"])
    assert mine != theirs
    for client, own in ((company.owner, [mine]), (company.teammate, [theirs]), (company.outsider, [])):
        answer = await client.get("/api/trials")
        assert [one["trial_id"] for one in answer.json()["trials"]] == own


async def test_what_is_not_offered_cannot_be_tried(company, catalogue, db):
    no_rules = (await factories.make_agent(db)).id
    withdrawn = (await factories.make_agent(db, status="inactive")).id
    bundle, agent = catalogue["sub:vendas"], catalogue["cobranca"]
    for kind, target in (
        ("agent", clock.new_id()),
        ("agent", no_rules),
        ("agent", withdrawn),
        ("agent", bundle),
        ("subnucleo", agent),
    ):
        answer = await company.owner.post("/api/trials/start", json={"target_type": kind, "target_id": str(target)})
        assert (answer.status_code, answer.json()["error"]) == (404, "trial_target_not_found")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"target_type": "agent"},
        {"target_type": "plan", "target_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"target_type": "agent", "target_id": "' OR 1=1 --"},
        {"target_type": "agent", "target_id": "01890a5d-ac96-774b-bcce-b302099a8057", "user_id": "x"},
        {"target_type": "agent", "target_id": "01890a5d-ac96-774b-bcce-b302099a8057", "max_usage": 100},
        [],
    ],
)
async def test_who_tries_and_how_much_is_in_no_body(company, body):
    answer = await company.owner.post("/api/trials/start", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "validation_error")


async def test_staff_keys_and_strangers_have_no_trials(company, catalogue, process):
    body = {"target_type": "agent", "target_id": str(catalogue["cobranca"])}
    calls = (("GET", "/api/trials"), ("POST", "/api/trials/start"), ("POST", "/api/trials/invoke"))
    async with process.client(None) as stranger:
        for method, path in calls:
            for client, status in ((company.staff, 403), (company.key, 403), (stranger, 401)):
                answer = await client.request(method, path, json=body if method == "POST" else None)
                assert answer.status_code == status, (method, path)
            answer = await company.staff.request(method, path, params={"tenant_id": str(company.id)})
            assert answer.status_code == 403


async def test_ten_starts_a_minute(company, catalogue):
    body = {"target_type": "agent", "target_id": str(catalogue["cobranca"])}
    statuses = [(await company.owner.post("/api/trials/start", json=body)).status_code for _ in range(11)]
    assert statuses[-1] == 429
    assert 429 not in statuses[:10]


async def test_the_agent_is_on_trial_without_a_seat_and_may_be_activated(company, catalogue, db):
    target = catalogue["cobranca"]
    await begin(company.owner, "agent", target)
    assert await states(db, company) == {target: AgentStatus.TRIAL}
    assert (await company.owner.get("/tenant/me")).json()["usage"]["active_agents"] == 0
    shown = {}
    for status in ("active", "trial", "inactive", "all"):
        listed = (await company.owner.get("/tenant/agents", params={"status": status})).json()["agents"]
        shown[status] = [one["status"] for one in listed]
    assert shown == {"active": [], "trial": ["trial"], "inactive": [], "all": ["trial"]}
    assert (await company.key.get("/v1/agents/cobranca/rules")).status_code == 404
    async with tenant_transaction(db, company.id) as conn:
        await agents.activate(conn, None, company.id, target, clock.now())
    assert await states(db, company) == {target: AgentStatus.ACTIVE}
    assert (await company.key.get("/v1/agents/cobranca/rules")).status_code == 200
    await begin(company.teammate, "agent", target)
    assert await states(db, company) == {target: AgentStatus.ACTIVE}


async def test_a_page_shows_the_agent_on_trial(db, process, catalogue):
    tenant = await factories.make_tenant(db)
    person = await factories.make_user(db, tenant.id)
    async with process.client(await process.token(person.email, person.password)) as client:
        await begin(client, "agent", catalogue["cobranca"])
    async with process.client(**{"accept": "text/html", "accept-language": "pt-BR"}) as browser:
        form = (await browser.get("/login")).text
        token = re.findall(r'name="_csrf" value="([0-9a-f]+)"', form)[0]
        sent = {"_csrf": token, "email": person.email, "password": person.password}
        assert (await browser.post("/login", data=sent)).status_code == 303
        page = await browser.get("/app/dashboard")
    assert page.status_code == 200
    assert "Em teste" in page.text


async def test_a_paused_company_and_a_paused_agent_wait_for_the_subscription(company, catalogue, db, model):
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    async with tenant_transaction(db, company.id) as conn:
        await conn.execute(SUSPEND_AGENTS, tenant_id=company.id, now=clock.now())
    for answer in (
        await say(company.owner, trial),
        await company.teammate.post(
            "/api/trials/start", json={"target_type": "agent", "target_id": str(catalogue["cobranca"])}
        ),
    ):
        assert (answer.status_code, answer.json()["error"]) == (409, "agent_suspended")
    async with tenant_transaction(db, company.id) as conn:
        await tenants.set_standing(conn, None, company.id, TenantStatus.SUSPENDED, clock.now())
    answer = await say(company.owner, trial)
    assert (answer.status_code, answer.json()["error"]) == (403, "trials_paused")
    assert model.asked == []


async def test_a_start_is_audited_once(company, catalogue, db):
    trial = await begin(company.owner, "agent", catalogue["cobranca"])
    body = {"target_type": "agent", "target_id": str(catalogue["cobranca"])}
    await company.owner.post("/api/trials/start", json=body)
    rows = await audit.entries(db.tenant(company.id), company.id, Wanted(), 50)
    started = [row for row in rows if row.action == "trial.started"]
    assert [(row.resource_id, row.actor_id) for row in started] == [(trial, company.owner_id)]
    assert sum(row.action == "agent.trial_started" for row in rows) == 1


async def test_a_withdrawn_agents_trial_is_listed_but_answers_no_more(company, db, model):
    made = await factories.make_agent(db, definition=EXAMPLE)
    trial = await begin(company.owner, "agent", made.id)
    await factories.make_agent(db, slug=made.slug, status="inactive")
    answer = await say(company.owner, trial)
    assert (answer.status_code, answer.json()["error"]) == (404, "trial_target_not_found")
    listed = (await company.owner.get("/api/trials")).json()["trials"]
    assert [(one["trial_id"], one["target_name"]) for one in listed] == [(trial, made.name)]
    assert model.asked == []
