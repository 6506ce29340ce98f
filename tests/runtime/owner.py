"""Starts a server, writes one committed row a line that it prints, and waits to be killed. Usage: owner.py DIR."""

import sys
import time
from pathlib import Path

import psycopg

from alquimista.runtime.embedded import EmbeddedServer


def say(number: int | None) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


with EmbeddedServer(Path(sys.argv[1])) as server, psycopg.connect(server.url, autocommit=True) as conn:
    conn.execute("CREATE TABLE IF NOT EXISTS written (line int)")
    say(server.pid)
    for line in range(1_000_000):
        conn.execute("INSERT INTO written VALUES (%s)", [line])
        say(line)
        time.sleep(0.001)
