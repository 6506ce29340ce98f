"""Runs one PostgreSQL server until standard input closes. Usage: python -m support.guardian KIND fast|durable."""

import json
import os
import pwd
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

import psycopg

from alquimista.runtime.embedded import EmbeddedServer
from support.servers import Server

BINARIES = {"embedded": None, "debian": Path("/usr/lib/postgresql/15/bin")}
# Nothing survives the machine going down, which no test needs; a killed process loses nothing even so.
FAST = ("fsync", "full_page_writes", "synchronous_commit")


def main(kind: str, durability: str) -> None:
    directory = Path(tempfile.mkdtemp(prefix="alquimista-test-"))
    try:
        if kind == "debian" and os.geteuid() == 0:
            _become_postgres(directory)
        with EmbeddedServer(directory / "data", BINARIES[kind]) as embedded:
            if durability == "fast":
                _hurry(embedded.url)
            print(json.dumps(Server(embedded.url, secrets.token_urlsafe(48)).packed()), flush=True)  # noqa: T201
            sys.stdin.read()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _become_postgres(directory: Path) -> None:
    """PostgreSQL 15 cannot work from under a directory that its user may not pass, as ours are under root."""
    user = pwd.getpwnam("postgres")
    os.chown(directory, user.pw_uid, user.pw_gid)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def _hurry(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as admin:
        for setting in FAST:
            admin.execute(f"ALTER SYSTEM SET {setting} = off")
        admin.execute("SELECT pg_reload_conf()")


if __name__ == "__main__":
    main(*sys.argv[1:])
