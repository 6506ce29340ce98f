"""Careful clients under load: each keeps sending an event until it is acknowledged, and a ledger of those that were."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from support.installation import Demo, poll

SOURCE = "/load"
_BATCH = 20
_PATIENCE_S = 10  # A client's own time-out: what it gave up on may have been written, so it sends that again.
_AGAIN = {429, 503}  # What a client may send again.


class Traffic:
    """Two threads for each company: one sends single requests, one batches of CloudEvents.

    `address` tells where the platform is now. Every id that was ever sent is in `sent`, by company; `acknowledged`
    holds those whose sender was told that they are kept.
    """

    def __init__(self, demo: Demo, agents: dict[str, str], address: Callable[[], str]) -> None:
        self.sent: dict[str, set[str]] = {key["tenant_id"]: set() for key in demo.api_keys}
        self.acknowledged: dict[str, set[str]] = {tenant: set() for tenant in self.sent}
        self.name = uuid4().hex[:8]  # Every id begins with it.
        self._address = address
        self._agents = agents
        self._end = threading.Event()
        self._abandoned = False
        self._wrong: list[str] = []
        self._threads = [
            threading.Thread(target=self._work, args=(key["tenant_id"], key["key"], size), daemon=True)
            for key in demo.api_keys
            for size in (1, _BATCH)
        ]
        for thread in self._threads:
            thread.start()

    def flows(self, count: int, seconds: float = 60) -> bool:
        """Whether each company gets so many more events acknowledged in time."""
        before = {tenant: len(ids) for tenant, ids in self.acknowledged.items()}

        def enough() -> bool:
            assert not self._wrong, self._wrong
            return all(len(ids) >= before[tenant] + count for tenant, ids in self.acknowledged.items())

        return poll(enough, seconds)

    def finish(self) -> None:
        """Let every sender have its last events acknowledged, and stop."""
        self._end.set()
        for thread in self._threads:
            thread.join(60)
        assert not self._wrong, self._wrong
        assert not any(thread.is_alive() for thread in self._threads), "Some events were never acknowledged"

    def abandon(self) -> None:
        """Stop, whatever is not acknowledged."""
        self._abandoned = True
        self._end.set()

    def _work(self, tenant: str, key: str, size: int) -> None:
        with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=_PATIENCE_S) as client:
            while not self._end.is_set() and not self._wrong:
                ids = [f"{self.name}-{uuid4()}" for _ in range(size)]
                self.sent[tenant].update(ids)
                path, body, media = self._request(tenant, ids)
                if not self._until_acknowledged(client, path, body, media, len(ids)):
                    return
                self.acknowledged[tenant].update(ids)

    def _request(self, tenant: str, ids: list[str]) -> tuple[str, Any, str]:
        moment = datetime.now(UTC).isoformat()
        data = {"agent": self._agents[tenant], "status": "success", "response_time_ms": 250, "input_tokens": 30}
        if len(ids) == 1:
            return "/v1/agent-requests", {**data, "idempotency_key": ids[0], "occurred_at": moment}, "application/json"
        events = [
            {"specversion": "1.0", "type": "agent.request", "source": SOURCE, "id": one, "time": moment, "data": data}
            for one in ids
        ]
        return "/v1/events", events, "application/cloudevents-batch+json"

    def _until_acknowledged(self, client: httpx.Client, path: str, body: Any, media: str, count: int) -> bool:
        while not self._abandoned:
            try:
                answer = client.post(self._address() + path, json=body, headers={"content-type": media})
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code in _AGAIN:
                time.sleep(0.05)
                continue
            result = answer.json()
            if answer.status_code != 200 or result["accepted"] + result["duplicates"] != count:
                self._wrong.append(answer.text)
                return False
            return True
        return False
