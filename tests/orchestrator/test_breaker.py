"""Circuit breakers, by a clock of the test's own."""

import asyncio

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alquimista.breaker import Breaker, Breakers, CircuitOpen, State


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def fail(breaker, error=ConnectionError):
    with pytest.raises(error), breaker.call(ConnectionError):
        raise error


def succeed(breaker):
    with breaker.call(ConnectionError):
        pass


def test_it_opens_after_failures_in_a_row_and_closes_after_one_that_sees():
    clock = Clock()
    breaker = Breaker(failures=3, pause_s=10, clock=clock)
    fail(breaker)
    fail(breaker)
    succeed(breaker)  # Not in a row any more.
    for _ in range(3):
        assert breaker.state is State.CLOSED
        fail(breaker)
    assert breaker.state is State.OPEN
    with pytest.raises(CircuitOpen) as refused, breaker.call():
        raise AssertionError
    assert refused.value.retry_after == 10
    clock.now = 10
    assert breaker.state is State.HALF_OPEN
    fail(breaker)
    assert breaker.state is State.OPEN
    clock.now = 20
    succeed(breaker)
    assert breaker.state is State.CLOSED
    fail(breaker)
    assert breaker.state is State.CLOSED


def test_one_call_at_a_time_sees():
    clock = Clock()
    breaker = Breaker(failures=1, pause_s=10, clock=clock)
    fail(breaker)
    clock.now = 11
    with breaker.call(), pytest.raises(CircuitOpen), breaker.call():
        raise AssertionError
    assert breaker.state is State.CLOSED


def test_other_errors_and_cancelled_calls_count_as_neither():
    clock = Clock()
    breaker = Breaker(failures=1, pause_s=10, clock=clock)
    fail(breaker, LookupError)
    assert breaker.state is State.CLOSED
    fail(breaker)
    clock.now = 11
    with pytest.raises(asyncio.CancelledError), breaker.call():
        raise asyncio.CancelledError
    assert breaker.state is State.HALF_OPEN
    succeed(breaker)  # The next one sees instead.
    assert breaker.state is State.CLOSED


def test_a_late_success_does_not_close_an_open_circuit():
    breaker = Breaker(failures=1, pause_s=10, clock=Clock())
    with breaker.call():
        fail(breaker)
    assert breaker.state is State.OPEN


def test_each_key_has_its_own_and_they_are_bounded(monkeypatch):
    monkeypatch.setattr("alquimista.breaker._MOST", 2)
    breakers = Breakers(failures=1)
    fail(breakers.of("a"))
    assert breakers.of("b").state is State.CLOSED
    assert breakers.of("a").state is State.OPEN
    breakers.of("c")
    assert breakers.of("a").state is State.OPEN  # Asked for lately.
    breakers.of("d")
    breakers.of("e")
    assert breakers.of("a").state is State.CLOSED


class Any(RuleBasedStateMachine):
    """Whatever happens: calls pass while it is closed, none while it is open, one at a time in between."""

    def __init__(self):
        super().__init__()
        self.clock = Clock()
        self.breaker = Breaker(failures=3, pause_s=10, clock=self.clock)
        self.running = []
        self.waits = []

    @rule(seconds=st.integers(1, 15))
    def wait(self, seconds):
        self.clock.now += seconds

    @rule()
    def begin(self):
        state, call = self.breaker.state, self.breaker.call(ConnectionError)
        try:
            call.__enter__()
        except CircuitOpen as refused:
            passes = False
            self.waits.append(refused.retry_after)
        else:
            passes = True
            self.running.append(call)
        assert passes or state is not State.CLOSED
        assert not passes or state is not State.OPEN

    @precondition(lambda self: self.running)
    @rule(data=st.data(), error=st.sampled_from([None, ConnectionError(), LookupError()]))
    def end(self, data, error):
        call = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        assert not call.__exit__(type(error) if error else None, error, None)

    @invariant()
    def says_how_long(self):
        assert all(0 < one <= 10 for one in self.waits)

    @invariant()
    def recovers(self):
        if not self.running and self.breaker.state is State.HALF_OPEN:
            with self.breaker.call():
                pass
            assert self.breaker.state is State.CLOSED


TestAnyOrder = Any.TestCase
