import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.crash


class Run:
    """A supervisor in a process of its own, and the events that its children note."""

    def __init__(self, folder: Path, *options: str) -> None:
        script = Path(__file__).with_name("supervise.py")
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, script, folder, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def line(self, pattern: str) -> re.Match[str]:
        """The next line that matches; the lines before it are passed over."""
        assert self.process.stdout
        seen = []
        for line in self.process.stdout:
            if found := re.search(pattern, line):
                return found
            seen.append(line)
        raise AssertionError(f"{pattern} is not in: {''.join(seen)}")

    @property
    def events(self) -> list[str]:
        path = self.folder / "events"
        return path.read_text().splitlines() if path.exists() else []

    def pids(self, name: str) -> list[int]:
        return [int(event.split()[-1]) for event in self.events if event.startswith(f"start {name}")]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*options: str) -> Run:
        runs.append(Run(tmp_path, *options))
        return runs[-1]

    yield start
    for one in runs:
        one.process.kill()
        one.process.communicate()


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_crashed_child_is_started_again_and_the_line_says_so(run: Callable[..., Run]) -> None:
    supervisor = run()
    supervisor.line("^ready")
    os.kill(supervisor.pids("web 2")[0], signal.SIGKILL)
    supervisor.line(r"The web 2 process ended \(signal SIGKILL, see .*web-2\.log\); starting it again in 0\.2 s\.")
    eventually(lambda: len(supervisor.pids("web 2")) == 2)
    assert len(supervisor.pids("web 1")) == 1


def test_the_web_stops_before_the_worker(run: Callable[..., Run]) -> None:
    supervisor = run()
    supervisor.line("^ready")
    supervisor.process.terminate()
    supervisor.line("^done")
    stops = [event for event in supervisor.events if event.startswith("stop")]
    assert set(stops[:2]) == {"stop web 1", "stop web 2"}
    assert stops[2:] == ["stop worker"]


def test_a_later_signal_ends_a_child_that_does_not_listen(run: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "stubborn").touch()
    supervisor = run()
    supervisor.line("^ready")
    supervisor.process.send_signal(signal.SIGINT)
    eventually(lambda: "stop web 2" in supervisor.events and "stop web 1" in supervisor.events)
    time.sleep(0.6)  # Signals closer together count as one: make and a terminal both pass on a Ctrl-C.
    supervisor.process.send_signal(signal.SIGINT)
    supervisor.line("^done")
    assert not alive(supervisor.pids("worker")[0])


def test_the_children_of_a_killed_supervisor_end(run: Callable[..., Run]) -> None:
    supervisor = run()
    supervisor.line("^ready")
    children = [supervisor.pids(name)[0] for name in ("web 1", "web 2", "worker")]
    supervisor.process.kill()
    eventually(lambda: not any(alive(pid) for pid in children))


def test_a_child_that_never_starts_ends_the_start_with_a_sentence_and_its_log(
    run: Callable[..., Run], tmp_path: Path
) -> None:
    (tmp_path / "broken").touch()
    supervisor = run()
    said = supervisor.line(r"The worker process does not start; the reason is in (.*worker\.log)\.")
    assert "no reason at all" in Path(said[1]).read_text()
    supervisor.line("^done")
    assert supervisor.process.wait() == 0


def test_a_killed_postgresql_is_started_again_with_what_was_committed(run: Callable[..., Run]) -> None:
    supervisor = run("--server")
    pid, url = supervisor.line(r"server (\d+) (\S+)").groups()
    supervisor.line("^ready")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(int(pid), signal.SIGKILL)
    supervisor.line(r"PostgreSQL ended \(signal SIGKILL, see .*postgres\.log\); starting it again\.")
    supervisor.line(r"PostgreSQL is back\.")
    with psycopg.connect(url) as conn:
        assert conn.execute("SELECT answer FROM kept").fetchone() == (42,)
    supervisor.process.terminate()
    supervisor.line("^done")
