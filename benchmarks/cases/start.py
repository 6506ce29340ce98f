"""From the command to the first answered request, on a data directory that exists."""

import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.process import COMMAND, free_port
from benchmarks.harness.result import THE_BAR, Result

BAR_S = 3.0
_PATIENCE_S = 60.0


def run(bench: Bench) -> Outcome:
    """Start and stop `alquimista up` again and again; the first start, which makes everything, does not count."""
    directory = bench.scratch / "start"
    times = []
    for number in range(bench.rounds + 1):
        bench.say(f"alquimista up, {f'start {number} of {bench.rounds}' if number else 'first start'}")
        seconds = _start(directory)
        if number:
            times.append(seconds)
    middle = sorted(times)[len(times) // 2]
    result = Result(
        "start: `alquimista up` on an existing data directory to the first answered request",
        middle,
        "s",
        THE_BAR,
        BAR_S,
        1,
        better="lower",
        ours_rounds=times,
        peer_rounds=[BAR_S] * len(times),
    )
    return Outcome(
        [result],
        [Plot("start", "Start on an existing data directory", "seconds", {"Alquimista": times, "bar": [BAR_S]})],
        ["PostgreSQL, web and worker start together; the first answer is a sign-in page that was rendered."],
    )


def _start(directory: Path) -> float:
    port = free_port()
    started = time.monotonic()
    command = [*COMMAND, "up", "--port", str(port), "--data-dir", str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not _answers(f"http://127.0.0.1:{port}/login"):
            assert process.poll() is None, "it ended"
            assert time.monotonic() - started < _PATIENCE_S, "it never answered"
            time.sleep(0.01)
        return time.monotonic() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE_S)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - Our own loopback address.
            return b"<form" in answer.read()
    except OSError:
        return False


CASE = Case("start", "Start", run)
