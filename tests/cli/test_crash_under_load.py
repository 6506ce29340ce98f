"""Every process is killed while clients send traffic: what was acknowledged is there, once."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from alquimista.demo.story import TENANTS
from alquimista.runtime.embedded import EmbeddedServer
from support.platform import Up

pytestmark = pytest.mark.crash
CLIENTS = 6
COUNT = """
SELECT count(*), count(DISTINCT event_id) FROM alquimista_platform.agent_requests WHERE event_id = ANY(%s)
"""


class Traffic:
    """Clients that send one request after another, each until it is acknowledged, as a careful client does."""

    def __init__(self, base_url: str, key: str, agent: str) -> None:
        self.base_url = base_url
        self.acknowledged: list[str] = []
        self.unexpected: list[str] = []
        self._headers = {"Authorization": f"Bearer {key}"}
        self._agent = agent
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]
        for thread in self._threads:
            thread.start()

    def more(self, count: int) -> None:
        """Wait until this many more are acknowledged."""
        wanted, deadline = len(self.acknowledged) + count, time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {wanted} acknowledged"
            time.sleep(0.05)

    def end(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        with httpx.Client(headers=self._headers, timeout=10) as client:
            while not self._end.is_set():
                self._until_acknowledged(client, str(uuid4()))

    def _until_acknowledged(self, client: httpx.Client, key: str) -> None:
        body = {
            "idempotency_key": key,
            "agent": self._agent,
            "status": "success",
            "response_time_ms": 120,
            "occurred_at": datetime.now(UTC).isoformat(),
        }
        while not self._end.is_set():
            try:
                answer = client.post(f"{self.base_url}/v1/agent-requests", json=body)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.is_success:
                self.acknowledged.append(key)
                return
            if answer.status_code not in {429, 503}:
                self.unexpected.append(answer.text)
            time.sleep(0.05)


def test_what_was_acknowledged_is_there_once_after_everything_was_killed(up: Callable[..., Up], data_dir: Path) -> None:
    one = up("--demo", "--workers", "2")
    key = json.loads((data_dir / "demo-credentials.json").read_text())["api_keys"][0]["key"]
    traffic = Traffic(one.base_url, key, TENANTS[0].agents[0])
    try:
        for victim in ("serve", "worker", "postgres"):
            traffic.more(50)
            os.kill(one.children()[victim], signal.SIGKILL)
        traffic.more(50)
        one.process.kill()
        one.process.communicate()
        again = up("--demo", "--workers", "2")
        traffic.base_url = again.base_url
        traffic.more(50)
    finally:
        traffic.end()
    assert traffic.unexpected == []
    with psycopg.connect(EmbeddedServer(data_dir).url) as conn:
        counted = conn.execute(COUNT, [traffic.acknowledged]).fetchone()
    assert counted == (len(traffic.acknowledged),) * 2
