import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from alquimista.runtime import leftovers
from alquimista.runtime.embedded import EmbeddedServer

pytestmark = pytest.mark.crash
CLUSTER = "postgres"


def rows(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM written").fetchone()
    assert row
    return int(row[0])


def owner(directory: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that owns a server and has printed some committed lines; the server's PID."""
    script = Path(__file__).with_name("owner.py")
    process = subprocess.Popen([sys.executable, script, directory], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    server = int(process.stdout.readline())
    for _ in range(20):
        process.stdout.readline()
    return process, server


def acknowledged(process: subprocess.Popen[str]) -> int:
    """How many lines the process had printed in all, once it is dead."""
    rest, _ = process.communicate()
    return 20 + len([line for line in rest.splitlines() if line.isdecimal()])


def gone(cluster: Path) -> bool:
    deadline = time.monotonic() + 20
    while leftovers.find(cluster) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not leftovers.find(cluster)


def test_a_killed_postmaster_loses_nothing_that_was_committed(directory: Path) -> None:
    process, postmaster = owner(directory)
    os.kill(postmaster, signal.SIGKILL)
    process.wait()  # Its connection broke.
    written = acknowledged(process)
    with EmbeddedServer(directory) as server:
        assert rows(server.url) >= written


def test_the_server_of_a_killed_owner_ends_by_itself_and_the_next_start_finds_every_row(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        before = rows(server.url)
    process, _ = owner(directory)
    process.kill()
    written = acknowledged(process)
    assert gone(directory / CLUSTER)
    with EmbeddedServer(directory) as server:
        assert rows(server.url) >= before + written


def test_a_server_that_still_runs_on_the_directory_is_stopped_before_the_start(directory: Path) -> None:
    first = EmbeddedServer(directory)
    first.start()
    old = first.pid
    with EmbeddedServer(directory) as second:
        assert first.died() == "exit status 0"
        assert second.pid != old
        assert rows(second.url) > 0


def test_orphaned_backends_of_a_dead_postmaster_do_not_block_the_start(directory: Path) -> None:
    first = EmbeddedServer(directory)
    first.start()
    busy = psycopg.connect(first.url, autocommit=True)
    # A stopped process cannot notice that its postmaster died.
    os.kill(busy.info.backend_pid, signal.SIGSTOP)
    assert first.pid
    os.kill(first.pid, signal.SIGKILL)
    with EmbeddedServer(directory) as second:
        assert rows(second.url) > 0
    busy.close()


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        count = rows(server.url)
    lines = [str(os.getpid()), "/nowhere", "1", "5432", "", "", ""]
    (directory / CLUSTER / "postmaster.pid").write_text("\n".join(lines))
    with EmbeddedServer(directory) as server:
        assert rows(server.url) == count


def test_another_program_that_works_in_the_cluster_is_left_alone(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    visitor = subprocess.Popen(["sleep", "60"], cwd=directory / CLUSTER)
    try:
        leftovers.end(directory / CLUSTER)
        assert visitor.poll() is None
    finally:
        visitor.kill()
        visitor.wait()
