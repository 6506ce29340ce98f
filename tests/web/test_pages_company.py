"""/app/company: what the staff's overview has besides requests and tenants, and for whom."""

import re
from uuid import uuid4

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.db.tenancy import tenant_transaction
from alquimista.operations import service as operations
from alquimista.operations.models.kinds import CommandType, HealthCheckParameters
from alquimista.usage.service import rollups
from factories import make_api_key, make_user
from web.reading import sign_in, text_of

PAGE = "/app/company"


@pytest.fixture(scope="module")
async def administrator(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        yield browser


async def send(site, count):
    """So many requests of one agent."""
    tenant_id = site.people["admin"].tenant_id
    headers = {"authorization": f"Bearer {await make_api_key(site.db, tenant_id, scopes=('ingest', 'read'))}"}
    async with site.browser() as api:
        agents = (await api.get("/tenant/agents", headers=headers)).json()["agents"]
        for _ in range(count):
            body = {"agent_id": agents[0]["id"], "status": "success", "response_time_ms": 500}
            body["idempotency_key"] = uuid4().hex
            assert (await api.post("/v1/agent-requests", json=body, headers=headers)).status_code < 300
    while await rollups.fold(site.db, tenant_id):
        pass
    return agents[0]


async def test_revenue_is_for_those_who_may_read_it(administrator, support):
    whole, some = [(await one.get(PAGE, params={"period": "7d"})).text for one in (administrator, support)]
    assert "R$0.00 no MRR when the period began" in text_of(whole)
    assert f'href="{PAGE}/billing?period=7d"' in whole
    assert "No revenue in this period" in whole
    live = re.search(r'hx-get="(/app/company/live[^"]+)"', some)[1].replace("&amp;", "&")
    for html in (some, (await support.get(live)).text):
        assert "MRR" not in text_of(html)
        assert f"{PAGE}/billing" not in html


async def test_agents_in_use_and_the_last_commands_are_named_and_lead_further(site, support):
    empty = text_of((await support.get(PAGE)).text)
    assert "No agent was used" in empty
    assert "No command was given" in empty
    agent = await send(site, 12)
    async with tenant_transaction(site.db, PLATFORM_TENANT) as conn:
        wanted = operations.Wanted(CommandType.HEALTH_CHECK, None, HealthCheckParameters())
        command, _ = await operations.give(conn, None, wanted, site.services.settings, clock.now())
    html = (await support.get(PAGE, params={"period": "7d"})).text
    text = text_of(html)
    assert f"{agent['name']} active at customers: 1 12 100% success" in text
    assert f'href="{PAGE}/agents/{agent["id"]}?period=7d"' in html
    assert f'href="{PAGE}/operations/{command.id}"' in html
    assert "Check health Platform · a rule · just now Waits for its turn" in text
