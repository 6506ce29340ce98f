"""News of payments add up to the same state in whatever order, and however often, they arrive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.payments.models import OrderLine, Outcome, merge
from support.paying import order_of, settle

OUTCOMES = st.sampled_from(Outcome)


@given(st.lists(OUTCOMES, max_size=8).flatmap(lambda news: st.tuples(st.just(news), st.permutations(news))))
def test_the_order_of_arrival_does_not_matter(both):
    news, shuffled = both
    assert settle(news) is settle(shuffled)


@given(st.lists(OUTCOMES, min_size=1, max_size=6), st.data())
def test_what_is_told_again_changes_nothing(news, data):
    again = data.draw(st.lists(st.sampled_from(news), max_size=6))
    assert settle(news) is settle(news + again)


@given(OUTCOMES, OUTCOMES, OUTCOMES)
def test_merging_is_a_join(a, b, c):
    assert merge(a, a) is a
    assert merge(a, b) is merge(b, a)
    assert merge(merge(a, b), c) is merge(a, merge(b, c))


@given(OUTCOMES, OUTCOMES)
def test_no_news_takes_back_money_that_came(state, news):
    if state in {Outcome.PAID, Outcome.REFUNDED}:
        assert merge(state, news) in {Outcome.PAID, Outcome.REFUNDED}
    assert merge(Outcome.PENDING, news) is news
    assert merge(Outcome.REFUNDED, news) is Outcome.REFUNDED


def test_a_late_payment_wins_over_a_failure_and_an_end():
    assert settle([Outcome.FAILED, Outcome.EXPIRED, Outcome.PAID, Outcome.FAILED]) is Outcome.PAID


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"amount_cents": 12_971}, "do not add up"),
        ({"amount_cents": 0, "lines": ()}, "below one cent"),
        ({"amount_cents": -1, "lines": (OrderLine("Crédito", -1),)}, "below one cent"),
    ],
)
def test_an_order_that_does_not_add_up_is_not_made(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        order_of(**changes)
