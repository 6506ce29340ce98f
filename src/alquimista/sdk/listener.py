"""Hearing control messages over a long-lived stream, and obeying them."""

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus

import httpx

from alquimista.sdk.backoff import Backoff
from alquimista.sdk.measuring import Gate
from alquimista.sdk.outbox import Outbox
from alquimista.sdk.session import FAILURES, Session, asked_to_wait
from alquimista.sdk.sse import Parser
from alquimista.sdk.wire import Control


class Listener:
    """Keeps a stream open. Each message is acted on once and acknowledged, however often it is told."""

    def __init__(self, session: Session, gate: Gate, outbox: Outbox) -> None:
        self._session = session
        self._options = session.options
        self._gate = gate
        self._outbox = outbox
        self._handled: set[str] = set()  # Messages that are being acted on: another stream tells them again.

    async def run(self) -> None:
        """Listen until cancelled."""
        backoff = Backoff(self._options.first_retry_s, self._options.last_retry_s)
        async with asyncio.TaskGroup() as tasks:
            while True:
                asked = 0.0
                with suppress(*FAILURES):
                    asked = await self._listen(tasks, backoff)
                await asyncio.sleep(backoff.failed(asked))

    async def _listen(self, tasks: asyncio.TaskGroup, backoff: Backoff) -> float:
        """Listen to one stream; the seconds that the platform asks to wait before the next."""
        parser, session = Parser(), self._session
        timeout = httpx.Timeout(self._options.timeout_s, read=self._options.silence_s)
        params = {"instance_id": session.instance}
        async with session.http.stream("GET", session.path("control"), params=params, timeout=timeout) as answer:
            if answer.status_code != HTTPStatus.OK:
                return asked_to_wait(answer)
            backoff.succeeded()
            async for line in answer.aiter_lines():
                event = parser.feed(line)
                if event is None or event.name != "control" or event.id in self._handled:
                    continue
                told = json.loads(event.data)
                self._handled.add(event.id)
                tasks.create_task(self._obey(Control(event.id, told["kind"], told["reason"])))
        return 0.0

    async def _obey(self, control: Control) -> None:
        try:
            if control.kind == "restart":
                await self._restart(control)
            elif control.kind in {"pause", "resume"}:
                self._session.wishes += 1
                await self._answer(control, await self._session.switch(control))
            elif control.kind == "configuration_changed":
                wanted = self._options.on_configuration
                await self._answer(control, wanted is None or await self._session.call(wanted, control))
            else:
                await self._acknowledge(control, "refused", f"This SDK does not know {control.kind}")
        finally:
            self._handled.discard(control.id)

    async def _answer(self, control: Control, obeyed: bool) -> None:  # noqa: FBT001 - What it is about.
        if obeyed:
            await self._acknowledge(control, "done", "")
        else:
            await self._acknowledge(control, "refused", "The agent's own callback failed")

    async def _restart(self, control: Control) -> None:
        """Finish what runs, acknowledge, and go. Whoever comes too late to acknowledge does not go."""
        restart = self._options.on_restart
        if restart is None:
            await self._acknowledge(control, "refused", "This agent does not restart itself")
            return
        try:
            finished = await asyncio.to_thread(self._gate.shut, self._options.drain_s)
            with suppress(OSError):
                await asyncio.to_thread(self._outbox.sync)
            detail = "" if finished else "Requests that took too long were cut off"
            if await self._acknowledge(control, "done", detail):
                await self._session.call(restart)
        finally:
            self._gate.reopen()

    async def _acknowledge(self, control: Control, outcome: str, detail: str) -> bool:
        """Answer until the platform has it; False when it is too late, and nothing may be done."""
        backoff = Backoff(self._options.first_retry_s, self._options.last_retry_s)
        path = self._session.path(f"control/{control.id}/ack")
        while True:
            asked = 0.0
            with suppress(httpx.HTTPError):
                answer = await self._session.http.post(path, json={"outcome": outcome, "detail": detail})
                if answer.is_success:
                    return True
                if answer.is_client_error and answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                    return False
                asked = asked_to_wait(answer)
            await asyncio.sleep(backoff.failed(asked))
