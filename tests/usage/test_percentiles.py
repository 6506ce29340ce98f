"""Percentiles out of the digits of a packed histogram."""

from bisect import bisect_right

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.usage.models.histogram import DIGITS, EDGES, percentile

TIMES = st.lists(st.integers(0, 5_000_000), min_size=1, max_size=200)


def packed(times):
    return str(sum(10 ** (DIGITS * bisect_right(EDGES, ms)) for ms in times))


@given(TIMES, st.integers(1, 100))
def test_a_percentile_lies_in_the_bucket_of_the_exact_one(times, percent):
    exact = sorted(times)[max(0, -(-len(times) * percent // 100) - 1)]
    found = percentile(packed(times), len(times), percent)
    assert bisect_right(EDGES, found) == bisect_right(EDGES, exact)


def test_no_requests_have_no_percentile():
    assert percentile("0", 0, 95) is None


def test_a_full_bucket_does_not_spill_into_the_next():
    most = 10**DIGITS - 1
    assert percentile(str(most * 10**DIGITS + 1), most + 1, 95) == 1.0


@pytest.mark.parametrize("digits", ["", "1"])
def test_a_histogram_that_counts_too_few_is_refused(digits):
    with pytest.raises(ValueError, match=r"fewer|invalid literal"):
        percentile(digits, 40, 1)
