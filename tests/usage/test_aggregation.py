"""Rollups equal a fresh count: for any order, duplication, lateness, concurrency, zone and clock change."""

import asyncio
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import factories
from alquimista.cache.bus import Bus
from alquimista.clock import now
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.limits import Limiter
from alquimista.usage import service
from alquimista.usage.service import Ingest
from support.senders import Sender

# Clocks change in New York on 8 March and 1 November, in Lisbon on 29 March and 25 October, in Santiago on 5 April.
SPRING, AUTUMN = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 10, 15, tzinfo=UTC)
ZONES = ["America/Sao_Paulo", "America/New_York", "Europe/Lisbon", "America/Santiago", "Pacific/Kiritimati", "UTC"]
HOURS = 24 * 40


class Stored(msgspec.Struct, frozen=True):
    day: date
    agent_id: UUID
    currency: str
    requests: int
    failures: int
    response_ms: int
    input_tokens: int
    cost_micros: int


DAILY = Statement(
    """
    SELECT day, agent_id, currency, requests, failures, response_ms, input_tokens, cost_micros
    FROM alquimista_platform.tenant_usage_daily WHERE tenant_id = %(tenant_id)s AND requests <> 0
    """,
    Stored,
)
HOURLY = Statement(
    """
    SELECT l.day, agent_id, currency, sum(requests)::bigint AS requests, sum(failures)::bigint AS failures,
      sum(response_ms)::bigint AS response_ms, sum(input_tokens)::bigint AS input_tokens,
      sum(cost_micros)::bigint AS cost_micros
    FROM alquimista_platform.usage_hourly AS u
    CROSS JOIN LATERAL alquimista_platform.local_hours(tenant_id, u.hour, u.hour + interval '1 hour') AS l
    WHERE tenant_id = %(tenant_id)s GROUP BY 1, 2, 3 HAVING sum(requests) <> 0
    """,
    Stored,
)


@pytest.fixture(scope="module")
async def seasons(usage_db):
    for start in (SPRING, AUTUMN):
        await service.make_partitions(usage_db, start + timedelta(days=30))
    return usage_db


events = st.tuples(
    st.integers(0, 60),  # The event's number: small, so that events repeat.
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(0, HOURS - 1),
    st.integers(0, 3599),
    st.integers(0, 1),
    st.sampled_from(["success", "error"]),
    st.integers(0, 5_000_000),
    st.integers(0, 1000),
    st.sampled_from(["BRL", "USD"]),
)
recounts = st.tuples(st.sampled_from([SPRING, AUTUMN]), st.integers(0, 39), st.integers(0, 3))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.lists(events, min_size=1, max_size=12)),
        st.tuples(st.just("fold"), st.none()),
        st.tuples(
            st.just("recount"), st.tuples(st.sampled_from([SPRING, AUTUMN]), st.integers(0, 39), st.integers(0, 3))
        ),
    ),
    min_size=1,
    max_size=10,
)


def event_of(sender, drawn):
    number, season, hour, second, agent, status, milliseconds, tokens, currency = drawn
    return sender.event(
        f"n{number}",
        at=season + timedelta(hours=hour, seconds=second),
        agent=sender.agents[agent],
        status=status,
        response_time_ms=milliseconds,
        input_tokens=tokens,
        cost=tokens * 3,
        currency=currency,
    )


def fresh_count(events, zone):
    """The plainest count there is."""
    sums = defaultdict(lambda: [0, 0, 0, 0, 0])
    for event in events:
        key = (event.occurred_at.astimezone(ZoneInfo(zone)).date(), event.agent, event.measures.currency)
        values = (1, event.measures.status == "error", event.measures.response_time_ms, event.measures.input_tokens)
        sums[key] = [a + b for a, b in zip(sums[key], (*values, event.measures.cost), strict=True)]
    return {Stored(*key, *map(int, values)) for key, values in sums.items()}


@given(zone=st.sampled_from(ZONES), turns=st.lists(steps, min_size=1, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_rollups_equal_a_fresh_count_whatever_happens_at_once(seasons, zone, turns):
    tenant = await factories.make_tenant(seasons, time_zone=zone)
    sender = Sender(tenant.id, tuple([await factories.activate_agent(seasons, tenant.id) for _ in range(2)]))
    ways_in = [Ingest(seasons, Bus(seasons.settings), Limiter(seasons)) for _ in range(2)]
    first: dict[str, object] = {}
    accepted = 0

    async def send(number, drawn):
        batch = [event_of(sender, one) for one in drawn]
        outcome = await ways_in[number % 2].submit(tenant.id, batch)
        return outcome.accepted

    async def recount(season, start, length):
        day = (season + timedelta(days=start)).date()
        await service.recount(seasons, tenant.id, day, day + timedelta(days=length), now())
        return 0

    async def fold():
        await service.fold(seasons, tenant.id)
        return 0

    # Events with one number are the same event: whoever comes first counts, so their content must agree.
    contents: dict[int, tuple] = {}
    for turn in turns:
        work = []
        for number, (what, value) in enumerate(turn):
            if what == "send":
                drawn = [contents.setdefault(one[0], one) for one in value]
                first |= {f"n{one[0]}": event_of(sender, one) for one in drawn}
                work.append(send(number, drawn))
            else:
                work.append(fold() if what == "fold" else recount(*value))
        accepted += sum(await asyncio.gather(*work))
    for way_in in ways_in:
        await way_in.close()
    while await service.fold(seasons, tenant.id) is not None:
        pass
    conn = seasons.tenant(tenant.id)
    expected = fresh_count(first.values(), zone)
    assert accepted == len(first)
    assert set(await conn.fetch(DAILY, tenant_id=tenant.id)) == expected
    assert set(await conn.fetch(HOURLY, tenant_id=tenant.id)) == expected
    for season in (SPRING, AUTUMN):
        async with tenant_transaction(seasons, tenant.id) as transaction:
            days = season.date(), season.date() + timedelta(days=39)
            assert await service.compare(transaction, tenant.id, *days) == []
