"""What the benchmarks' figures rest on: ratios, rounds in turn, and a page that says what was measured."""

import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.__main__ import CASES
from benchmarks.harness import page, record
from benchmarks.harness.process import Process
from benchmarks.harness.result import Result
from benchmarks.harness.rounds import Contestant, in_turn

ROOT = Path(__file__).parents[2]


def test_a_ratio_is_the_median_of_the_rounds_own_ratios():
    result = Result("reads", 90, "requests/s", "peer", 30, 3, ours_rounds=(90, 40, 100), peer_rounds=(30, 20, 25))
    assert result.ratio == 3
    assert result.met


def test_where_less_is_better_a_ratio_above_one_is_still_in_our_favour():
    assert Result("p95", 50, "ms", "the bar", 200, 1, better="lower").ratio == 4
    assert not Result("p95", 250, "ms", "the bar", 200, 1, better="lower").met


def test_a_figure_without_a_bar_is_only_stated():
    assert Result("memory", 10, "MB", "none", 0, None, better="lower").met


def state_of(process: Process) -> str:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_contestants_take_turns_and_each_is_alone(tmp_path):
    def sleeper(name: str) -> Process:
        return Process(name, [sys.executable, "-c", "import time; time.sleep(60)"], {}, log=tmp_path / name)

    seen = []
    bench = SimpleNamespace(rounds=2, say=lambda _: None)
    with sleeper("a") as a, sleeper("b") as b:
        contestants = [
            Contestant("a", lambda: seen.append(("a", state_of(a) == "T", state_of(b) == "T")) or 1.0, [a]),
            Contestant("b", lambda: seen.append(("b", state_of(a) == "T", state_of(b) == "T")) or 2.0, [b]),
        ]
        samples = in_turn(bench, contestants)
        assert (state_of(a), state_of(b)) != ("T", "T"), "they go on afterwards"
    assert samples == {"a": [1.0, 1.0], "b": [2.0, 2.0]}
    assert [name for name, _, _ in seen] == ["a", "b", "b", "a", "a", "b"], "a warm-up, then the order shifts"
    assert all((a_stopped, b_stopped) == (name == "b", name == "a") for name, a_stopped, b_stopped in seen)


def test_every_case_is_in_the_run_and_nothing_else():
    modules = {path.stem for path in (ROOT / "benchmarks" / "cases").glob("*.py")} - {"__init__"}
    assert modules == set(CASES)


def test_the_page_says_what_was_measured():
    assert page.PAGE.read_text() == page.render(record.read()), "run: python -m benchmarks --page"


def test_every_picture_of_the_page_is_there():
    pictures = re.findall(r"\]\((images/benchmarks/[^)]+)\)", page.PAGE.read_text())
    assert pictures
    assert all((page.PAGE.parent / picture).exists() for picture in pictures)


@pytest.mark.parametrize("field", ["name", "ours", "unit", "peer", "peer_value", "ratio", "bar", "met"])
def test_each_result_has_the_fields_that_readers_expect(field):
    results = json.loads(record.RESULTS.read_text())["results"]
    assert results
    assert all(field in result for result in results)
