"""What usage reports hold. Sums everywhere; the few rates at the end come from the sums of their own period."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import msgspec

from alquimista.errors import BadRequest, Conflict
from alquimista.i18n import N_
from alquimista.usage.models.histogram import percentile

# No zone is further from UTC: between these hours lies every hour of a local day.
_FURTHEST = timedelta(hours=14)


class RawGone(Conflict):
    """Raise with `day`, the first day whose raw events are all kept."""

    code = "raw_gone"
    message = N_("The raw events before {day} are no longer kept, so those days cannot be counted again.")


class WrongRange(BadRequest):
    code = "wrong_range"
    message = N_("The first day comes after the last.")


class Sums(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a period. `response_ms` is a sum of milliseconds; cost in micro-units by currency."""

    requests: int = 0
    failures: int = 0
    response_ms: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    histogram: Decimal = Decimal(0)
    cost_micros: dict[str, int] = {}

    @property
    def successes(self) -> int:
        """Requests that did not fail."""
        return self.requests - self.failures

    @property
    def p95_ms(self) -> float | None:
        """The response time that 95 % of the requests did not exceed, within 10 %; None of no request."""
        return percentile(self.histogram, 95)


class SumsRow(msgspec.Struct, frozen=True):
    """Sums of one currency for a key of the report: a day, an agent, a tenant, or none of them (the whole)."""

    day: date | None
    agent_id: UUID | None
    agent_name: str | None
    currency: str
    requests: int
    failures: int
    response_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    histogram: Decimal


class AgentSums(msgspec.Struct, frozen=True):
    agent_id: UUID
    agent_name: str
    sums: Sums


class DaySums(msgspec.Struct, frozen=True):
    day: date
    sums: Sums


class UsageReport(msgspec.Struct, frozen=True):
    """A tenant's usage: in all, for every day of the range (days without requests too), and by agent, busiest first."""

    total: Sums
    daily: list[DaySums]
    by_agent: list[AgentSums]


class Difference(msgspec.Struct, frozen=True):
    """What a rollup lacks of an hour or a day (the other is None): raw - deltas - rollup."""

    hour: datetime | None
    day: date | None
    agent_id: UUID
    currency: str
    requests: int
    failures: int
    response_ms: int
    input_tokens: int
    output_tokens: int
    cost_micros: int
    histogram: Decimal


def merge(rows: Iterable[SumsRow]) -> Sums:
    """The rows of one key, one for each currency, as one."""
    found = list(rows)
    return Sums(
        requests=sum(r.requests for r in found),
        failures=sum(r.failures for r in found),
        response_ms=sum(r.response_ms for r in found),
        input_tokens=sum(r.input_tokens for r in found),
        output_tokens=sum(r.output_tokens for r in found),
        histogram=Decimal(sum(int(r.histogram) for r in found)),
        cost_micros={r.currency: r.cost_micros for r in found if r.cost_micros},
    )


def build_report(rows: Iterable[SumsRow], first_day: date, last_day: date) -> UsageReport:
    """The report of rows grouped by day, by agent and in all."""
    days: dict[date, list[SumsRow]] = {}
    by_agent: list[SumsRow] = []
    total: list[SumsRow] = []
    for row in rows:
        if row.day is not None:
            days.setdefault(row.day, []).append(row)
        elif row.agent_id is not None:
            by_agent.append(row)
        else:
            total.append(row)
    return UsageReport(
        total=merge(total),
        daily=[DaySums(day, merge(days.get(day, ()))) for day in day_range(first_day, last_day)],
        by_agent=group_by_agent(by_agent),
    )


def group_by_agent(rows: Iterable[SumsRow]) -> list[AgentSums]:
    """The agents of rows that have one, busiest first."""
    agents: dict[UUID, list[SumsRow]] = {}
    for row in rows:
        if row.agent_id is not None:
            agents.setdefault(row.agent_id, []).append(row)
    grouped = [AgentSums(agent_id, found[0].agent_name or "", merge(found)) for agent_id, found in agents.items()]
    return sorted(grouped, key=lambda agent: (-agent.sums.requests, agent.agent_name))


def day_range(first_day: date, last_day: date) -> list[date]:
    """Every day from the first to the last, both included."""
    return [first_day + timedelta(days=n) for n in range((last_day - first_day).days + 1)]


def utc_span(day: date) -> tuple[datetime, datetime]:
    """UTC hours between which lies every hour of a local day, in any zone."""
    start = datetime.combine(day, time(), UTC) - _FURTHEST
    return start, start + timedelta(days=1) + 2 * _FURTHEST
