import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from alquimista.runtime import leftovers
from support.databases import FreshDatabase
from support.platform import COMMAND, Up, environment
from support.servers import Server

pytestmark = pytest.mark.crash
Start = Callable[..., Up]


def refused(data_dir: Path, *options: str, **settings: str) -> str:
    """The only line of a start that is refused with status 2."""
    ran = subprocess.run(
        [*COMMAND, "up", "--data-dir", data_dir, *options],
        env=environment(**settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stderr
    assert ran.stdout == ""
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
    return ran.stderr.strip()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_one_command_starts_everything_and_a_signal_stops_it(up: Start, tmp_path: Path) -> None:
    one = up()
    assert one.get("/health").json()["db_status"] == "connected"
    assert f"Mails stay in the local outbox: {one.base_url}/outbox" in one.line("outbox")[0] + one.said[-1]
    children = one.children()
    assert set(children) == {"serve", "worker", "postgres"}

    port = one.base_url.rsplit(":", 1)[1]
    assert refused(one.data_dir, "--port", "0") == (
        f"The data directory {one.data_dir} is in use by process {one.process.pid}; "
        "stop it, or choose another with --data-dir."
    )
    assert refused(tmp_path / "other", "--port", port) == (
        f"Port {port} on 127.0.0.1 is in use by another program; choose another with --port."
    )

    assert one.stop(signal.SIGINT) == 0
    assert [line.strip() for line in one.said[-2:]] == ["Stopping…", "Stopped."]
    assert all(gone(pid) for pid in children.values())


def test_killed_processes_come_back_and_so_does_a_killed_platform(up: Start) -> None:
    one = up()
    before = one.children()
    os.kill(before["serve"], signal.SIGKILL)
    one.line(r"The web 1 process ended \(signal SIGKILL")
    assert one.get("/health/live").status_code == 200
    os.kill(before["postgres"], signal.SIGKILL)
    one.line(r"PostgreSQL is back\.")
    deadline = time.monotonic() + 20
    while one.get("/health/ready").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    children = one.children()
    one.process.kill()
    one.process.communicate()
    again = up()
    assert again.get("/health").json()["db_status"] == "connected"
    assert all(gone(pid) for pid in children.values())
    assert len(leftovers.find(one.data_dir / "postgres")) > 1


def test_a_signal_during_the_start_leaves_nothing_running(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "up", "--port", "0", "--data-dir", tmp_path], env=environment(), stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 20
    while not (tmp_path / "postgres.new").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.terminate()
    assert process.communicate()[1] == "Stopped.\n"
    assert process.returncode == 130
    assert not (tmp_path / "postgres").exists() or not leftovers.find(tmp_path / "postgres")


def test_a_signal_in_a_callback_that_cannot_raise_is_neither_lost_nor_shown(tmp_path: Path) -> None:
    signalled_by_fork = (
        "import os, signal, sys; from alquimista.cli.main import main; once = iter([signal.SIGTERM]);"
        "os.register_at_fork(after_in_parent=lambda: [signal.raise_signal(number) for number in once]); main()"
    )
    ran = subprocess.run(
        [sys.executable, "-c", signalled_by_fork, "up", "--port", "0", "--data-dir", tmp_path],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (130, "Stopped.\n")


def test_an_existing_server_is_used_and_no_administrators_password_reaches_a_child(
    up: Start, fresh_database: FreshDatabase, server: Server, tmp_path: Path
) -> None:
    one = up(directory=tmp_path, database_url=fresh_database.admin_url, secret_key=server.secret_key)
    assert one.get("/health/ready").status_code == 200
    assert not (tmp_path / "postgres").exists()
    assert "postgres" not in one.children()
    seen = Path(f"/proc/{one.children()['serve']}/environ").read_text()
    assert psycopg.conninfo.conninfo_to_dict(fresh_database.admin_url)["password"] not in seen
    command = Path(f"/proc/{one.children()['serve']}/cmdline").read_text()
    assert server.secret_key not in command
    with psycopg.connect(fresh_database.admin_url) as conn:
        owners = conn.execute(
            "SELECT DISTINCT nspowner::regrole::text FROM pg_namespace WHERE nspname IN "
            "('alquimista_platform', 'fibonacci_core', 'nigredo_leads')"
        ).fetchall()
    assert owners == [("alquimista_owner",)]
    assert one.stop() == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"environment": "production"}, "There is no secret key; set ALQUIMISTA_SECRET_KEY to "),
        ({"environment": "production", "secret_key": "changeme" * 5}, "The secret key is weak; set "),
        (
            {"environment": "production", "secret_key": "Zt4vJq8Xn2Lw6Rb0Hc5Yd9Kf3Pg7Ms1A"},
            "Set ALQUIMISTA_PUBLIC_URL to the https://",
        ),
        ({"database_url": "postgresql://me:hidden@:y/x y"}, "ALQUIMISTA_DATABASE_URL cannot be read: "),
        ({"database_url": make_conninfo(host="127.0.0.1", port=1)}, "The database cannot be "),
        ({"log_level": "loud"}, "ALQUIMISTA_LOG_LEVEL cannot be read: "),
    ],
)
def test_wrong_settings_stop_the_start_with_what_to_set(
    settings: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    said = refused(tmp_path, "--port", "0", **settings)
    assert said.startswith(sentence)
    assert "hidden" not in said


def test_demo_companies_are_refused_in_production(tmp_path: Path) -> None:
    assert refused(tmp_path, "--demo", "--port", "0", environment="production") == (
        "Demo companies have no place in production; leave out --demo."
    )
