"""An installation with demo companies: its processes, what it says about them, and its raw data."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.rows import TupleRow

from alquimista.runtime import leftovers
from alquimista.runtime.embedded import EmbeddedServer
from support.platform import COMMAND, Up, environment
from web.reading import text_of, token_of

# What a company's own days hold, counted from the raw rows: requests, failures, tokens, milliseconds.
RECOUNT = """
SELECT coalesce(sum(r.requests), 0), coalesce(sum(r.requests) FILTER (WHERE r.status = 'error'), 0),
       coalesce(sum(r.input_tokens + r.output_tokens), 0), coalesce(sum(r.requests * r.response_time_ms), 0)
  FROM alquimista_platform.agent_requests r JOIN alquimista_platform.tenants t ON t.id = r.tenant_id
 WHERE t.id = %s AND (r.occurred_at AT TIME ZONE t.time_zone)::date BETWEEN %s AND %s
"""

TWICE = """
SELECT event_id FROM alquimista_platform.agent_requests GROUP BY tenant_id, source, event_id HAVING count(*) > 1
"""


class Installation:
    """A data directory, and the platform in it: `up` starts it unless it runs."""

    def __init__(self, data_dir: Path, *options: str, **settings: str) -> None:
        self.data_dir = data_dir
        self._options = options
        self._settings = settings
        self._up: Up | None = None
        self.address = ""  # Where it is, or was last.

    @property
    def up(self) -> Up:
        """The running platform."""
        if self._up is None:
            self._up = Up(self.data_dir, self._settings, ("--demo", *self._options))
            self.address = self._up.base_url
        return self._up

    def begin(self) -> subprocess.Popen[bytes]:
        """Start it without waiting for anything; the process is the caller's."""
        command = [*COMMAND, "up", "--port", "0", "--data-dir", str(self.data_dir), "--demo", *self._options]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, env=environment(**self._settings), stdout=quiet, stderr=quiet)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; its exit status."""
        status = self.up.stop(how)
        self._up = None
        return status

    def end(self) -> None:
        """Leave nothing running, whatever state it is in."""
        if self._up is not None and self._up.process.poll() is None:
            self.stop()

    def kill_everything(self) -> None:
        """SIGKILL for the supervisor, its children, and every process of PostgreSQL."""
        family = {self.up.process.pid, *self.up.children().values(), *self.postgres()}
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.up.process.communicate()
        self._up = None

    def postgres(self) -> set[int]:
        """The PIDs of the embedded server: the postmaster and all it started."""
        return leftovers.find(self.data_dir / "postgres")

    def sql(self, query: str, *values: Any) -> list[TupleRow]:
        """The rows of a query that passes by every policy."""
        with psycopg.connect(EmbeddedServer(self.data_dir).url) as conn:
            return conn.execute(query, values or None).fetchall()

    def twice(self) -> list[TupleRow]:
        """Events that are there more than once."""
        return self.sql(TWICE)

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the product, on this installation's database."""
        return subprocess.run(
            [*COMMAND, *words],
            env=environment(**self.way_in),
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def way_in(self) -> dict[str, str]:
        """The settings with which another process reaches this installation's database."""
        secrets = json.loads((self.data_dir / "secrets.json").read_text())
        return {"database_url": EmbeddedServer(self.data_dir).plain_url, "secret_key": secrets["secret_key"]}

    def recount(self, tenant_id: str, first: date, last: date) -> tuple[int, int, int, int]:
        """Requests, failures, tokens and milliseconds of the company's days, from the raw rows."""
        row = self.sql(RECOUNT, tenant_id, first, last)[0]
        return row[0], row[1], row[2], row[3]

    @property
    def demo(self) -> "Demo":
        """What demo-credentials.json says."""
        return Demo(**json.loads((self.data_dir / "demo-credentials.json").read_text()))


@dataclass(frozen=True)
class Demo:
    """demo-credentials.json."""

    base_url: str
    users: list[dict[str, str | None]]
    api_keys: list[dict[str, str]]

    def user(self, role: str, tenant_id: str | None = None) -> dict[str, str | None]:
        """The first login with the role, of the company when one is given."""
        return next(u for u in self.users if u["role"] == role and tenant_id in {None, u["tenant_id"]})

    def api(self, number: int = 0) -> httpx.Client:
        """A client with the API key of a company."""
        headers = {"authorization": f"Bearer {self.api_keys[number]['key']}", "accept-language": "en"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=10)


@dataclass(frozen=True)
class Shown:
    """The figures of the overview, as its reader sees them: of the period, and each agent's requests."""

    requests: int
    failed: int
    text: str

    def agent(self, name: str) -> int:
        """How many requests the table shows for the agent."""
        found = re.search(rf"\b{re.escape(name)} [^\d]*([\d.]+) ", self.text.partition("Números dos últimos")[2])
        assert found, self.text
        return int(found[1].replace(".", ""))


class Browser:
    """A person's browser without scripts: keeps cookies, sends forms, goes where it is sent."""

    def __init__(self, base_url: str) -> None:
        headers = {"accept": "text/html", "accept-language": "pt-BR"}
        self.http = httpx.Client(base_url=base_url, headers=headers, timeout=10, follow_redirects=True)

    def sign_in(self, user: dict[str, str | None]) -> httpx.Response:
        """Fill in the sign-in form and send it; the page where that leads."""
        form = {"_csrf": token_of(self.http.get("/login").text), "email": user["email"], "password": user["password"]}
        landed = self.http.post("/login", data=form)
        assert landed.status_code == 200, text_of(landed.text)
        return landed

    def overview(self, period: str = "7d") -> Shown:
        """The company's overview. The demo's people read Portuguese."""
        answer = self.http.get(f"/app/dashboard?period={period}")
        text = text_of(answer.text)
        assert answer.status_code == 200, text
        found = re.search(r"Requisições \D*(\d[\d.]*) (?:[+−]?[\d,.]+% )?([\d.]+) com falha", text)
        assert found, text
        requests, failed = (int(figure.replace(".", "")) for figure in found.groups())
        return Shown(requests, failed, text)


def poll(condition: Callable[[], bool], seconds: float, every: float = 0.1) -> bool:
    """Whether the condition came to hold in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def span_of(usage: dict[str, Any]) -> tuple[date, date]:
    """The first and the last day of an answer of GET /tenant/usage."""
    days: Sequence[dict[str, str]] = usage["daily_data"]
    return date.fromisoformat(days[0]["date"]), date.fromisoformat(days[-1]["date"])
