"""A company's usage with its medians, and as a spreadsheet."""

import csv
import io

from alquimista.clock import now
from alquimista.dashboards import service
from alquimista.dashboards.models.figures import Period


def rows_of(body):
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


async def test_the_median_is_of_requests_and_by_day_and_agent(company, db):
    fast, slow = company.agents
    await company.send(fast, 60, response_time_ms=5)
    await company.send(slow, 40, response_time_ms=5_000)
    conn = db.tenant(company.id)
    report = await service.usage_report(conn, company.id, Period.WEEK, None, now())
    assert report.p50_response_time_ms == 5
    assert report.p50_by_day == [None] * 6 + [5]
    assert report.p50_by_agent[fast] == 5
    assert 4_500 <= report.p50_by_agent[slow] <= 5_500
    assert report.usage == await service.tenant_usage(conn, company.id, Period.WEEK, None, now())
    alone = await service.usage_report(conn, company.id, Period.WEEK, slow, now())
    assert alone.p50_response_time_ms == report.p50_by_agent[slow]
    before = await service.usage_report(conn, company.id, Period.WEEK, None, now(), before=True)
    assert before.p50_response_time_ms is None


async def test_costs_in_several_currencies_stand_in_one_cell(company, db):
    one, _ = company.agents
    await company.send(one, 2, response_time_ms=5, cost=1_500_000)
    await company.send(one, 1, response_time_ms=5, cost=250_000, currency="USD", status="error")
    report = await service.usage_report(db.tenant(company.id), company.id, Period.WEEK, None, now())
    (row,) = rows_of(service.usage_csv(report, by_agent=True))
    assert (row["requests"], row["successful"], row["failed"]) == ("3", "2", "1")
    assert (row["cost"], row["currency"]) == ("3.00;0.25", "BRL;USD")
    days = rows_of(service.usage_csv(report, by_agent=False))
    assert [day["requests"] for day in days] == ["0"] * 6 + ["3"]
    assert (days[0]["cost"], days[-1]["cost"], days[-1]["p50_response_ms"]) == ("", "3.00;0.25", "5.0")
