"""The figures of the client endpoints: sums of real events, rates computed last."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import factories
from alquimista.agents import service as agents
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction

ZONE = ZoneInfo("America/Sao_Paulo")


async def usage(client, **query):
    answer = await client.get("/tenant/usage", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_company_without_usage_sees_every_day_at_zero_and_no_invented_rate(company):
    answer = await usage(company.admin)
    assert answer["period"] == "30d"
    assert len(answer["daily_data"]) == 30
    assert answer["daily_data"][-1]["date"] == str(now().astimezone(ZONE).date())
    assert answer["summary"]["total_requests"] == 0
    assert answer["summary"]["success_rate"] is None
    assert answer["by_agent"] == []


async def test_a_mean_is_weighted_by_requests_not_an_average_of_averages(company):
    fast, slow = company.agents
    await company.send(fast, 99, response_time_ms=100)
    await company.send(slow, 1, response_time_ms=1100, status="error")
    answer = await usage(company.admin, period="7d")
    assert answer["summary"]["avg_response_time_ms"] == 110.0
    assert answer["summary"]["success_rate"] == 99.0
    assert sorted(line["success_rate"] for line in answer["by_agent"]) == [0.0, 100.0]
    assert answer["daily_data"][-1]["total_requests"] == 100
    assert answer["summary"]["successful_requests"] + answer["summary"]["failed_requests"] == 100


async def test_p95_tokens_and_cost_in_each_currency(company):
    agent = company.agents[0]
    await company.send(agent, 95, response_time_ms=200, input_tokens=10, output_tokens=5, cost=1_000_000)
    await company.send(agent, 5, response_time_ms=9_000, cost=2_500_000, currency="USD")
    summary = (await usage(company.admin))["summary"]
    assert 181 <= summary["p95_response_time_ms"] <= 220
    assert summary["total_tokens"] == 95 * 15
    assert summary["cost"] == [{"currency": "BRL", "amount": 95.0}, {"currency": "USD", "amount": 12.5}]


async def test_one_agent_alone_and_days_in_the_companys_own_zone(company):
    one, other = company.agents
    midnight = now().astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    await company.send(one, 2, at=midnight - timedelta(minutes=1))
    await company.send(other, 7)
    answer = await usage(company.admin, period="7d", agent_id=str(one))
    assert "by_agent" not in answer
    assert answer["summary"]["total_requests"] == 2
    assert [day["total_requests"] for day in answer["daily_data"][-2:]] == [2, 0]


async def test_an_agent_that_the_company_never_had_is_not_found(company, db):
    stranger = await factories.make_agent(db)
    for agent_id in (stranger.id, new_id()):
        answer = await company.admin.get("/tenant/usage", params={"agent_id": str(agent_id)})
        assert answer.status_code == 404
        assert answer.json()["error"] == "agent_not_found"


async def test_me_counts_agents_people_and_this_months_requests(company):
    await company.send(company.agents[0], 3)
    me = (await company.admin.get("/tenant/me")).json()
    assert me["limits"] == {"max_agents": 8, "max_users": 3, "max_requests_per_month": 10_000}
    assert me["usage"] == {"active_agents": 2, "active_users": 2, "requests_this_month": 3}
    assert me["mrr_estimate"] == 0


async def test_agents_by_status_with_their_last_30_days(company, db):
    kept, given_up = company.agents
    await company.send(kept, 4, response_time_ms=250)
    async with tenant_transaction(db, company.id) as conn:
        await agents.deactivate(conn, None, company.id, given_up, now())
    listed = {
        status: await company.admin.get("/tenant/agents", params={"status": status})
        for status in ("active", "inactive", "all")
    }
    ids = {status: {line["id"] for line in answer.json()["agents"]} for status, answer in listed.items()}
    assert ids == {"active": {str(kept)}, "inactive": {str(given_up)}, "all": {str(kept), str(given_up)}}
    line = listed["active"].json()["agents"][0]
    assert line["usage_last_30_days"] == {"total_requests": 4, "success_rate": 100.0, "avg_response_time_ms": 250.0}
