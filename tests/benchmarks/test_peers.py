"""The peers' answers are ours: how they are compared, and the arithmetic that the Python peers share."""

import math
from datetime import date
from itertools import accumulate
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.usage.models.histogram import DIGITS, EDGES
from benchmarks.peers.report import UsageRow, usage_report
from benchmarks.peers.same_answers import assert_same, differences

TODAY = date(2026, 3, 1)


def test_the_same_answer_may_order_its_fields_and_write_its_numbers_as_it_likes():
    assert_same({"a": 1, "b": [{"c": 2.0}]}, {"b": [{"c": 2}], "a": 1.0})


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ({"a": [1, 3]}, "answer.a[1]: 2, theirs 3"),
        ({"a": [1]}, "answer.a: 2 items, theirs 1"),
        ({"a": [1, 2], "b": None}, "answer.b: only theirs has it"),
        ({}, "answer.a: only ours has it"),
        ({"a": [True, 2]}, "answer.a[0]: 1, theirs True"),
        ({"a": None}, "answer.a: [1, 2], theirs None"),
    ],
)
def test_a_difference_is_named(theirs, said):
    assert list(differences({"a": [1, 2]}, theirs)) == [said]
    with pytest.raises(AssertionError, match="The answers differ"):
        assert_same({"a": [1, 2]}, theirs)


@given(st.dictionaries(st.integers(0, len(EDGES)), st.integers(1, 10**9), min_size=1))
def test_the_python_peers_read_histograms_as_we_do(counts):
    packed = sum(count * 10 ** (DIGITS * bucket) for bucket, count in counts.items())
    requests = sum(counts.values())
    passed = accumulate(counts.get(bucket, 0) for bucket in range(len(EDGES) + 1))
    slowest = next(bucket for bucket, count in enumerate(passed) if count * 100 >= requests * 95)
    row = UsageRow(TODAY, None, None, None, None, requests, 0, 0, 0, 0, str(packed))
    assert usage_report([row], "7d")["summary"]["p95_response_time_ms"] == middle(slowest)


def middle(bucket: int) -> float:
    if bucket in {0, len(EDGES)}:
        return float(EDGES[bucket - 1]) if bucket else 0.0
    return round(math.sqrt(EDGES[bucket - 1] * (EDGES[bucket] - 1)), 2)


def test_the_python_peers_merge_the_currencies_of_a_day():
    agent = UUID(int=7)
    fast, slow = str(99 * 10**DIGITS), str(10 ** (DIGITS * 40))
    rows = [
        UsageRow(TODAY, TODAY, None, None, "BRL", 99, 9, 99, 5, 1_500_000, fast),
        UsageRow(TODAY, TODAY, None, None, "USD", 1, 1, 644, 6, 2_000_000, slow),
        UsageRow(TODAY, None, agent, "Agente", "USD", 1, 1, 644, 6, 2_000_000, slow),
        UsageRow(TODAY, None, None, None, None, 100, 10, 743, 11, 3_500_000, str(int(fast) + int(slow))),
    ]
    report = usage_report(rows, "30d")
    assert [day["date"].isoformat() for day in report["daily_data"]][::29] == ["2026-01-31", "2026-03-01"]
    assert report["daily_data"][-1] == {
        "date": TODAY,
        "total_requests": 100,
        "successful_requests": 90,
        "failed_requests": 10,
        "success_rate": 90.0,
        "avg_response_time_ms": 7.43,
        "p95_response_time_ms": 1.0,
        "total_tokens": 11,
        "cost": [{"currency": "BRL", "amount": 1.5}, {"currency": "USD", "amount": 2.0}],
    }
    assert report["daily_data"][0]["success_rate"] is None
    assert report["by_agent"][0]["agent_name"] == "Agente"
    assert report["summary"]["total_requests"] == 100
    assert report["summary"]["cost"] == [{"currency": "USD", "amount": 2.0}]
