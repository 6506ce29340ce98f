"""Which spans are requests: the same, however a trace is cut into exports and in whatever order they come."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alquimista.usage.models.traces import SpanKind, Work, settle

AGENTS = (UUID(int=1), UUID(int=2))


def work(span_id, parent="", kind=SpanKind.INFERENCE, agent=AGENTS[0], tokens=10):
    return Work(
        trace_id="t",
        span_id=span_id,
        parent_span_id=parent,
        kind=kind,
        agent_id=agent,
        counted=False,
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        status="success",
        response_time_ms=100,
        input_tokens=tokens if kind is SpanKind.INFERENCE else 0,
        output_tokens=0,
        cost_micros=0,
        currency="BRL",
        model="",
        seen_on=date(2026, 3, 1),
    )


class Ledger:
    """What the database keeps between exports, and the sums that come of it."""

    def __init__(self):
        self.known, self.parents = {}, {}
        self.requests, self.tokens = {}, {}

    def export(self, spans):
        """Spans are (work or None, span id, parent id)."""
        self.parents |= {span_id: parent for _, span_id, parent in spans}
        settled = settle(self.known.values(), [w for w, _, _ in spans if w is not None], self.parents)
        for item in settled.added:
            self._add(item, 1 if item.counted else 0, item.input_tokens)
        for item in settled.taken_back:
            self._add(item, -1, 0)
        self.known |= {w.span_id: w for w in settled.changed}
        return settled

    def _add(self, item, requests, tokens):
        self.requests[item.agent_id] = self.requests.get(item.agent_id, 0) + requests
        self.tokens[item.agent_id] = self.tokens.get(item.agent_id, 0) + tokens

    @property
    def sums(self):
        return (
            {agent: count for agent, count in self.requests.items() if count},
            {agent: count for agent, count in self.tokens.items() if count},
        )


def spans_of(*items):
    return [(item, item.span_id, item.parent_span_id) for item in items]


def test_an_invocation_is_one_request_and_its_model_calls_are_its_tokens():
    ledger = Ledger()
    ledger.export(spans_of(work("a", kind=SpanKind.INVOCATION), work("b", "a", agent=None), work("c", "a", agent=None)))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 20})


def test_model_calls_by_themselves_are_requests():
    ledger = Ledger()
    ledger.export(spans_of(work("a"), work("b")))
    assert ledger.sums == ({AGENTS[0]: 2}, {AGENTS[0]: 20})


def test_a_model_call_that_came_before_its_invocation_is_taken_back_but_not_its_tokens():
    ledger = Ledger()
    ledger.export(spans_of(work("b", "a")))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 10})
    ledger.export(spans_of(work("a", kind=SpanKind.INVOCATION)))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 10})


def test_a_model_call_without_an_agent_waits_for_the_invocation_above_it():
    ledger = Ledger()
    assert ledger.export(spans_of(work("b", "x", agent=None))).orphans == []
    assert ledger.sums == ({}, {})
    ledger.export([(None, "x", "a")])
    ledger.export(spans_of(work("a", kind=SpanKind.INVOCATION)))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 10})


def test_work_below_a_root_that_names_no_agent_is_refused():
    ledger = Ledger()
    settled = ledger.export([(None, "r", ""), (work("b", "r", agent=None), "b", "r")])
    assert [w.span_id for w in settled.orphans] == ["b"]
    assert ledger.known == {}


def test_spans_that_name_each_other_as_parents_end_the_search():
    ledger = Ledger()
    ledger.export(spans_of(work("a", "b", agent=None), work("b", "a", agent=None)))
    assert ledger.sums == ({}, {})


def test_an_invocation_in_a_circle_is_below_the_others_of_it_and_not_below_itself():
    ledger = Ledger()
    named = work("a", "b", kind=SpanKind.INVOCATION)
    ledger.export(spans_of(named, work("b", "a", agent=None), work("c", "b", agent=None)))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 20})
    ledger.export(spans_of(work("d", "a", kind=SpanKind.INVOCATION)))
    assert ledger.sums == ({AGENTS[0]: 1}, {AGENTS[0]: 20})


class Followed(dict):
    """The spans' parents, and how often they were asked for."""

    times = 0

    def get(self, name, default=None):
        self.times += 1
        return super().get(name, default)

    def __getitem__(self, name):
        self.times += 1
        return super().__getitem__(name)


@pytest.mark.parametrize("top", ["", "unknown", "s1999"])
def test_each_link_of_a_long_chain_is_followed_once(top):
    chain = [work(f"s{n}", f"s{n - 1}" if n else top, kind=SpanKind.INVOCATION, agent=None) for n in range(2000)]
    parents = Followed({w.span_id: w.parent_span_id for w in chain})
    settle([], chain[::-1], parents)
    assert parents.times <= 3 * len(chain)


@st.composite
def traces(draw):
    """A tree whose root is an invocation or any other span; some spans name an agent, some do not."""
    count = draw(st.integers(1, 9))
    spans = []
    for number in range(count):
        parent = "" if number == 0 else f"s{draw(st.integers(0, number - 1))}"
        kind = draw(st.sampled_from([SpanKind.INVOCATION, SpanKind.INFERENCE, SpanKind.INFERENCE, None]))
        agent = draw(st.sampled_from([*AGENTS, None]))
        if number == 0 and kind is not None and agent is None:
            agent = AGENTS[0]  # A root without an agent is refused, wherever it is; see above.
        item = None if kind is None else work(f"s{number}", parent, kind, agent, draw(st.integers(1, 50)))
        spans.append((item, f"s{number}", parent))
    return spans


@given(traces(), st.randoms(use_true_random=False), st.data())
def test_any_order_any_cut_and_any_repetition_gives_the_same_sums(spans, random, data):
    whole = Ledger()
    whole.export(spans)
    pieces = Ledger()
    shuffled = spans * data.draw(st.integers(1, 2))
    random.shuffle(shuffled)
    while shuffled:
        size = data.draw(st.integers(1, 4))
        pieces.export(shuffled[:size])
        shuffled = shuffled[size:]
    assert pieces.sums == whole.sums
    assert {w.span_id: replace(w) for w in pieces.known.values() if w.agent_id} == {
        w.span_id: w for w in whole.known.values() if w.agent_id
    }
