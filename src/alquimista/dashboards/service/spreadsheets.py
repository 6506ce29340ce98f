"""A company's usage as a spreadsheet reads it."""

import csv
import io

import msgspec

from alquimista.billing.models.cells import plain
from alquimista.dashboards.models.client import UsageReport
from alquimista.dashboards.models.figures import Figures

_FIGURES = (
    "requests",
    "successful",
    "failed",
    "success_rate",
    "avg_response_ms",
    "p50_response_ms",
    "p95_response_ms",
    "tokens",
    "cost",
    "currency",
)


def usage_csv(report: UsageReport, *, by_agent: bool) -> bytes:
    """One row for each day, or for each agent, as RFC 4180 has it, in UTF-8 with the mark that spreadsheets look for.

    Without requests there is no rate and no time: the cells are empty. A text that a spreadsheet would run is led by an
    apostrophe. Costs in several currencies stand in one cell, as their currencies do, separated by semicolons.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    usage = report.usage
    if by_agent:
        agents = [] if usage.by_agent is msgspec.UNSET else usage.by_agent
        writer.writerow(("agent_id", "agent", *_FIGURES))
        for one in agents:
            median = report.p50_by_agent.get(one.agent_id)
            writer.writerow((str(one.agent_id), plain(one.agent_name), *_cells(one, median)))
    else:
        writer.writerow(("date", *_FIGURES))
        for day, median in zip(usage.daily_data, report.p50_by_day, strict=True):
            writer.writerow((day.date.isoformat(), *_cells(day, median)))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cells(figures: Figures, median: float | None) -> tuple[object, ...]:
    """Missing values are written as nothing."""
    return (
        figures.total_requests,
        figures.successful_requests,
        figures.failed_requests,
        figures.success_rate,
        figures.avg_response_time_ms,
        median,
        figures.p95_response_time_ms,
        figures.total_tokens,
        ";".join(f"{money.amount:.2f}" for money in figures.cost),
        ";".join(money.currency for money in figures.cost),
    )
