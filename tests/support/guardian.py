"""Runs one PostgreSQL server until standard input closes. Usage: python -m support.guardian KIND fast|durable."""

import json
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from support.launch import Launcher
from support.servers import Server


def main(kind: str, durability: str) -> None:
    directory = Path(tempfile.mkdtemp(prefix="alq-"))  # Short: the path of a socket has at most 107 bytes.
    try:
        with Launcher(kind, directory, durable=durability == "durable") as url:
            server = Server(url, secrets.token_urlsafe(48))
            print(json.dumps(server.packed()), flush=True)  # noqa: T201 - The parent reads it.
            sys.stdin.read()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
