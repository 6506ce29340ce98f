import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from alquimista.runtime import datadir
from alquimista.runtime.failures import RefusedError

HOLD = """
import sys, time
from pathlib import Path
from alquimista.runtime import datadir
with datadir.lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_instance_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdout=subprocess.PIPE, text=True)
    assert first.stdout
    assert first.stdout.readline() == "held\n"
    with (
        pytest.raises(RefusedError, match=f"is in use by process {first.pid}; stop it, or choose another"),
        datadir.lock(tmp_path),
    ):
        pass
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with datadir.lock(tmp_path):
        assert (tmp_path / "lock").read_text().strip() == str(os.getpid())


def test_secrets_are_made_once_for_the_owners_eyes(tmp_path: Path) -> None:
    made = datadir.secrets(tmp_path)
    assert datadir.secrets(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert len(made.secret_key) >= 48
    assert made.secret_key != made.database_password
    assert made.secret_key not in repr(made)


def test_secrets_that_cannot_be_read_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(RefusedError, match=r"secrets\.json cannot be read .* restore it from a backup"):
        datadir.secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{"


def test_a_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RefusedError, match=r"cannot be made: .*exists"):
        datadir.prepare(tmp_path / "file")


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    made = datadir.prepare(tmp_path / "a" / "b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
