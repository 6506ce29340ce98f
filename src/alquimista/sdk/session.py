"""What all parts of the SDK share: the way to the platform, the agent's own callbacks, and what is wished of it."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import httpx

from alquimista import __version__
from alquimista.sdk.options import Options
from alquimista.sdk.wire import Control, problem, retry_after

SDK: Final = f"python {__version__}"
# No answer, an answer that is not the platform's (a proxy's page instead of JSON), or a disk that takes nothing.
FAILURES: Final = (httpx.HTTPError, LookupError, OSError, TypeError, ValueError)
log: Final = logging.getLogger("alquimista.sdk")


class Session:
    """See the module. `changed` is called, on the event loop, when the agent is to pause or may go on."""

    def __init__(self, url: str, key: str, slug: str, options: Options, changed: Callable[[], None]) -> None:
        self.options = options
        self.slug = slug
        self.boot_id = uuid4()
        self.instance = options.instance_id
        self.paused = False
        self.suspended = False
        self.wishes = 0  # Messages about pausing so far: an older answer to a heartbeat does not undo a newer message.
        self._changed = changed
        self._switching = asyncio.Lock()
        headers = {"authorization": f"Bearer {key}", "user-agent": f"alquimista-sdk ({SDK})"}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=options.timeout_s)

    def path(self, rest: str) -> str:
        """A path under the agent."""
        return f"/v1/agents/{self.slug}/{rest}"

    def wish(self, *, paused: bool | None = None, suspended: bool | None = None) -> None:
        """Take note of what is wished."""
        before = (self.paused, self.suspended)
        self.paused = self.paused if paused is None else paused
        self.suspended = self.suspended if suspended is None else suspended
        if (self.paused, self.suspended) != before:
            self._changed()

    async def switch(self, control: Control) -> bool:
        """Pause or go on, as a message or a heartbeat says; False when the agent's own callback failed.

        The agent stops before `on_pause` is called, and goes on after `on_resume` was.
        """
        pausing = control.kind == "pause"
        async with self._switching:
            if pausing == self.paused:
                return True
            if pausing:
                self.wish(paused=True)
            wanted = self.options.on_pause if pausing else self.options.on_resume
            done = wanted is None or await self.call(wanted, control)
            self.wish(paused=pausing)
            return done

    async def call(self, callback: Callable[..., object], *arguments: object) -> bool:
        """Call the agent's own code beside the loop; False when it failed, which ends nothing."""
        try:
            await asyncio.to_thread(callback, *arguments)
        except Exception:  # Whatever the agent's own code raises must not end its signs of life.
            log.exception("A callback of the agent failed")
            return False
        return True

    async def rules(self) -> dict[str, Any]:
        """What the agent is and may do. Raises AgentError, httpx.HTTPError."""
        answer = await self.http.get(self.path("rules"))
        if answer.status_code != HTTPStatus.OK:
            raise problem(answer.status_code, said(answer))
        found: dict[str, Any] = answer.json()
        return found


def said(answer: httpx.Response) -> Any:  # noqa: ANN401 - Any JSON.
    """What an answer holds; nothing when it is no JSON."""
    try:
        return answer.json()
    except ValueError:
        return {}


def asked_to_wait(answer: httpx.Response) -> float:
    """The seconds that an answer asks for."""
    return retry_after(answer.headers, datetime.now(UTC))
