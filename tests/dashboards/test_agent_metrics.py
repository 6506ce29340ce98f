"""How one agent did: percentiles of all its requests, never averages of averages."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

import factories
from alquimista.clock import new_id, now
from support.identity import eventually

ZONE = ZoneInfo("America/Sao_Paulo")


def path(agent):
    return f"/api/agents/{agent}/metrics"


async def test_one_agents_figures_are_its_own(company):
    agent, other = company.agents
    yesterday = now().astimezone(ZONE).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    await company.send(agent, 90, response_time_ms=100, input_tokens=10, output_tokens=5, cost=1_000_000)
    await company.send(agent, 8, response_time_ms=1_000, at=yesterday, currency="USD", cost=500_000)
    await company.send(agent, 2, response_time_ms=9_000, status="error")
    await company.send(other, 50, response_time_ms=5)
    found = (await company.admin.get(path(agent), params={"period": "7d"})).json()
    assert (found["agent_id"], found["status"], found["period"]) == (str(agent), "active", "7d")
    whole = found["summary"]
    assert (whole["total_requests"], whole["failed_requests"], whole["success_rate"]) == (100, 2, 98.0)
    assert whole["avg_response_time_ms"] == (90 * 100 + 8 * 1_000 + 2 * 9_000) / 100
    for name, exact in (("min", 100), ("p50", 100), ("p95", 1_000), ("p99", 9_000), ("max", 9_000)):
        assert whole[f"{name}_response_time_ms"] == pytest.approx(exact, rel=0.1), name
    assert whole["total_tokens"] == 90 * 15
    assert whole["cost"] == [{"currency": "BRL", "amount": 90.0}, {"currency": "USD", "amount": 4.0}]
    days = found["daily_data"]
    assert len(days) == 7
    assert [day["total_requests"] for day in days[-2:]] == [8, 92]
    assert days[-2]["p50_response_time_ms"] == pytest.approx(1_000, rel=0.1)
    assert days[0]["p99_response_time_ms"] is None
    assert days[0]["success_rate"] is None


async def test_each_agent_has_an_answer_of_its_own_kept_or_made(company):
    one, other = company.agents
    await company.send(one, 3)
    first = await company.admin.get(path(one))
    second = await company.admin.get(path(other))
    again = await company.admin.get(path(one))
    assert (second.json()["agent_id"], second.json()["summary"]["total_requests"]) == (str(other), 0)
    assert (again.headers["x-cache-status"], again.json()) == ("HIT", first.json())
    assert again.headers["cache-control"] == "private, max-age=0, must-revalidate"
    await company.send(one, 2)

    async def seen():
        return (await company.admin.get(path(one))).json()["summary"]["total_requests"] == 5

    await eventually(seen)


async def test_an_agent_that_the_company_never_had_is_not_found(company, db):
    for agent in (new_id(), (await factories.make_agent(db)).id):
        answer = await company.admin.get(path(agent))
        assert (answer.status_code, answer.json()["error"]) == (404, "agent_not_found")
    assert (await company.admin.get(path("agora"))).status_code == 400
    assert (await company.admin.get(path(company.agents[0]), params={"period": "1d"})).status_code == 400


async def test_staff_name_the_company_and_teammates_and_keys_read_too(company, process, db):
    agent = company.agents[0]
    staff = await company.staff.get(path(agent), params={"tenant_id": str(company.id)})
    assert staff.status_code == 200
    assert staff.headers["cache-control"] == "no-store"
    assert (await company.staff.get(path(agent))).status_code == 400
    assert (await company.user.get(path(agent))).status_code == 200
    async with process.client(await factories.make_api_key(db, company.id, scopes=("read",))) as key:
        assert (await key.get(path(agent))).status_code == 200
    other = await factories.make_tenant(db)
    async with process.client(await factories.make_api_key(db, other.id, scopes=("read",))) as stranger:
        assert (await stranger.get(path(agent))).status_code == 404
