"""GET /v1/agents/{slug}/rules: what an agent's runtime keeps to."""

import pytest

import factories
from alquimista import clock
from alquimista.agents import service
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from support.whole import whole


@pytest.fixture(scope="module")
async def process(db, settings):
    await load(db, files.read(), clock.now())
    async with whole(settings) as running:
        yield running


@pytest.fixture(scope="module")
async def runtime(db, process):
    """A company's runtime, whose company has the retention agent."""
    tenant = await factories.make_tenant(db)
    agent = next(one for one in await service.catalogue(db.staff()) if one.slug == "retencao")
    await factories.activate_agent(db, tenant.id, agent.id)
    async with process.client(await factories.make_api_key(db, tenant.id, scopes=("read",))) as client:
        yield client


async def test_a_runtime_reads_the_rules_of_its_agent(runtime):
    answer = await runtime.get("/v1/agents/retencao/rules")
    assert answer.status_code == 200
    rules = answer.json()
    assert (rules["slug"], rules["version"]) == ("retencao", "1.0.0")
    assert rules["definition"]["limits"] == {"offers": 1}
    assert {one["kind"] for one in rules["definition"]["never"]} >= {"pressure"}
    pinned = await runtime.get("/v1/agents/retencao/rules", params={"version": "1.0.0"})
    assert pinned.json() == rules


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/agents/retencao/rules?version=9.9.9", 404),
        ("/v1/agents/retencao/rules?version=newest", 400),
        ("/v1/agents/cobranca/rules", 404),
        ("/v1/agents/nothing/rules", 404),
    ],
)
async def test_others_are_not_there(runtime, path, status):
    assert (await runtime.get(path)).status_code == status


async def test_rules_are_for_runtimes_of_companies_that_have_the_agent(db, process):
    other = await factories.make_tenant(db)
    async with process.client(await factories.make_api_key(db, other.id, scopes=("read",))) as client:
        assert (await client.get("/v1/agents/retencao/rules")).status_code == 404
    async with process.client(await factories.make_api_key(db, other.id, scopes=("ingest",))) as client:
        assert (await client.get("/v1/agents/retencao/rules")).status_code == 403
    async with process.client(None) as client:
        assert (await client.get("/v1/agents/retencao/rules")).status_code == 401
