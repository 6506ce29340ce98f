"""The parts of the SDK that need no platform: pauses, events, waiting reports, and what it imports."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alquimista.sdk.backoff import Backoff
from alquimista.sdk.outbox import Memory
from alquimista.sdk.spool import Spool, SpoolBusy
from alquimista.sdk.sse import Event, Parser
from alquimista.sdk.wire import Verdict, clean_instance, retry_after, verdict

SOURCE = Path(__file__).parents[2] / "src"
# Lets in the standard library, httpx and what httpx itself needs; of the platform the SDK alone.
ALONE = """
import sys, importlib.abc
ALLOWED = {"httpx", "httpcore", "h11", "anyio", "certifi", "idna", "sniffio", "typing_extensions"} | set(
    sys.stdlib_module_names
)
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top == "alquimista":
            own = name in {"alquimista", "alquimista.sdk"} or name.startswith("alquimista.sdk.")
        else:
            own = top in ALLOWED or top.startswith("_")
        if not own:
            raise ModuleNotFoundError(f"{name} is not there", name=name)
sys.meta_path.insert(0, Blocked())
import alquimista.sdk
print(alquimista.sdk.Agent, alquimista.sdk.AsyncAgent)
"""


def test_it_needs_nothing_of_the_platform_and_no_package_but_httpx():
    env = os.environ | {"PYTHONPATH": str(SOURCE)}
    done = subprocess.run([sys.executable, "-c", ALONE], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_pauses_grow_by_chance_and_are_never_shorter_than_asked():
    lowest, highest = Backoff(1, 30, lambda: 0.0), Backoff(1, 30, lambda: 1.0)
    assert [lowest.failed() for _ in range(7)] == [0.5, 1, 2, 4, 8, 15, 15]
    assert [highest.failed() for _ in range(6)] == [1, 2, 4, 8, 16, 30]
    assert lowest.failed(100) == 100
    assert 100 < highest.failed(100) <= 103
    lowest.succeeded()
    assert lowest.failed() == 0.5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("Tue, 10 Mar 2026 12:00:30 GMT", 30), ("Tue, 10 Mar 2026 11:00:00 GMT", 0), ("soon", 0), ("", 0)],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert retry_after({"retry-after": text}, datetime(2026, 3, 10, 12, tzinfo=UTC)) == seconds


def test_only_what_cannot_be_read_is_given_up():
    assert {status: verdict(status) for status in (200, 400, 401, 403, 404, 413, 429, 500, 503)} == {
        200: Verdict.TAKEN,
        400: Verdict.SMALLER,
        413: Verdict.SMALLER,
        **dict.fromkeys((401, 403, 404, 429, 500, 503), Verdict.AGAIN),
    }


@given(st.text())
def test_any_name_of_a_machine_becomes_an_instance_id(name):
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", clean_instance(name))


def test_events_are_read_as_the_standard_says():
    parser = Parser()
    lines = ["retry: 3000", "", ": beat", "", "id: 7", "event: control", "data: {", "data:}", "", "data", ""]
    assert [event for line in lines if (event := parser.feed(line))] == [
        Event("control", "{\n}", "7"),
        Event("message", "", "7"),
    ]


@pytest.fixture(params=["memory", "disk"])
def outbox(request, tmp_path):
    made = Memory(5) if request.param == "memory" else Spool(tmp_path / "spool", 1_000_000)
    yield made
    made.close()


def test_what_waits_is_forgotten_only_when_it_is_committed(outbox):
    for n in range(3):
        outbox.append({"n": n})
    batch = outbox.peek(2)
    assert batch.records == [{"n": 0}, {"n": 1}]
    assert outbox.peek(2).records == batch.records
    outbox.commit(batch)
    assert outbox.waiting() == 1
    assert outbox.peek(9).records == [{"n": 2}]
    outbox.commit(outbox.peek(9))
    assert (outbox.peek(9).records, outbox.waiting()) == ([], 0)


def test_memory_that_is_full_drops_the_oldest_and_forgets_nothing_twice():
    memory = Memory(3)
    for n in range(3):
        memory.append({"n": n})
    batch = memory.peek(2)
    memory.append({"n": 3})
    assert memory.dropped == 1
    memory.commit(batch)
    assert memory.peek(9).records == [{"n": 2}, {"n": 3}]


def test_a_spool_that_is_opened_again_goes_on_where_it_was(tmp_path):
    spool = Spool(tmp_path, 1_000_000)
    for n in range(4):
        spool.append({"n": n})
    spool.commit(spool.peek(1))
    spool.close()
    again = Spool(tmp_path, 1_000_000)
    again.append({"n": 4})
    assert again.waiting() == 4
    assert again.peek(9).records == [{"n": 1}, {"n": 2}, {"n": 3}]
    again.commit(again.peek(9))
    assert again.peek(9).records == [{"n": 4}]
    again.commit(again.peek(9))
    again.close()
    assert len(list(tmp_path.glob("*.jsonl"))) == 1, "segments that the platform has are deleted"


def test_a_torn_line_is_passed_over(tmp_path):
    spool = Spool(tmp_path, 1_000_000)
    spool.append({"n": 1})
    spool.close()
    segment = next(tmp_path.glob("*.jsonl"))
    segment.write_bytes(segment.read_bytes() + b'{"n":2')
    (tmp_path / "cursor").write_text("{torn")
    again = Spool(tmp_path, 1_000_000)
    again.append({"n": 3})
    found = []
    while records := (batch := again.peek(9)).records:
        found += records
        again.commit(batch)
    assert found == [{"n": 1}, {"n": 3}]
    again.close()


def test_a_full_spool_drops_the_oldest_segment_and_counts_it(tmp_path):
    spool = Spool(tmp_path, 8_000)
    for n in range(1_000):
        spool.append({"n": n, "text": "x" * 80})
    assert sum(path.stat().st_size for path in tmp_path.glob("*.jsonl")) <= 8_000
    assert spool.dropped + spool.waiting() == 1_000
    assert spool.peek(1).records[0]["n"] == spool.dropped, "what is left is the newest, in order"
    stale = spool.peek(5)
    for n in range(1_000):
        spool.append({"n": n, "text": "x" * 80})
    spool.commit(stale)
    assert spool.dropped + spool.waiting() == 2_000
    spool.close()


def test_a_spool_is_of_one_process(tmp_path):
    spool = Spool(tmp_path, 1_000)
    with pytest.raises(SpoolBusy):
        Spool(tmp_path, 1_000)
    spool.close()
    Spool(tmp_path, 1_000).close()


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["append", "commit", "reopen"]), max_size=60))
def test_whatever_happens_nothing_is_lost_and_order_is_kept(tmp_path_factory, steps):
    directory = tmp_path_factory.mktemp("spool")
    spool, sent, count = Spool(directory, 4_000_000), [], 0
    spool._segment_bytes = 60
    for step in [*steps, "reopen"]:
        if step == "append":
            spool.append({"n": count})
            count += 1
        elif step == "commit":
            batch = spool.peek(3)
            sent += [one["n"] for one in batch.records]
            spool.commit(batch)
        else:
            spool.close()
            spool = Spool(directory, 4_000_000)
            spool._segment_bytes = 60
    while records := (batch := spool.peek(3)).records:
        sent += [one["n"] for one in records]
        spool.commit(batch)
    assert (sent, spool.waiting()) == (list(range(count)), 0)
    spool.close()
