"""Sending reports, in batches, until the platform has each of them once."""

import asyncio
import json
from contextlib import suppress
from http import HTTPStatus

from alquimista.sdk.backoff import Backoff
from alquimista.sdk.outbox import Outbox, Record
from alquimista.sdk.session import FAILURES, Session, asked_to_wait, log, said
from alquimista.sdk.wire import Refusal, Report, Verdict, problem, verdict

_TOLD = 10  # Refusals that are logged one by one.


class Sender:
    """Takes reports from any thread, and sends them on its event loop."""

    def __init__(self, session: Session, outbox: Outbox) -> None:
        self.outbox = outbox
        self.refused = self.sent = self.duplicates = self.lost = 0
        self._session = session
        self._options = session.options
        self._batch = session.options.batch
        self._full = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def keep(self, report: Report) -> None:
        """Keep a report until the platform has it. What the disk does not take is counted as lost."""
        try:
            self.outbox.append(report.record(self._session.slug))
        except (OSError, ValueError):  # A full disk, or an agent that was closed already.
            self.lost += 1
            log.exception("A report could not be kept")
        if self._loop is not None and self.outbox.waiting() >= self._options.batch:
            with suppress(RuntimeError):  # The loop has ended.
                self._loop.call_soon_threadsafe(self._full.set)

    async def run(self) -> None:
        """Send what comes, until cancelled."""
        self._loop = asyncio.get_running_loop()
        backoff = Backoff(self._options.first_retry_s, self._options.last_retry_s)
        while True:
            if self.outbox.waiting() < self._batch:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), self._options.flush_s)
            self._full.clear()
            pause = await self.send()
            if pause is None:
                backoff.succeeded()
            else:
                await asyncio.sleep(backoff.failed(pause))

    async def sync(self) -> None:
        """Have the disk keep what was written, every so often, until cancelled."""
        while self._options.fsync_s:
            await asyncio.sleep(self._options.fsync_s)
            with suppress(OSError):  # The next one may do better; nobody can be asked to wait for it.
                await asyncio.to_thread(self.outbox.sync)

    async def flush(self) -> None:
        """Send what waits, until a failure or the end of `close_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.close_s):
                while self.outbox.waiting() and await self.send() is None:
                    pass
        if left := self.outbox.waiting():
            log.warning("%s reports wait %s", left, "in the spool" if self._options.spool_dir else "and are lost")

    async def send(self) -> float | None:
        """Send the oldest batch; None when it has gone well, else the seconds that the platform asks to wait (or 0)."""
        try:
            return await self._send()
        except FAILURES as error:
            log.info("Reports wait: %s", type(error).__name__)
            return 0.0

    async def _send(self) -> float | None:
        batch = self.outbox.peek(self._batch)
        if not batch.records:
            return None
        body = json.dumps(batch.records)  # ASCII: half a surrogate is for the platform to refuse.
        headers = {"content-type": "application/json"}
        answer = await self._session.http.post("/v1/agent-requests", content=body, headers=headers)
        meaning = verdict(answer.status_code)
        if meaning is Verdict.AGAIN:
            if answer.is_client_error and answer.status_code != HTTPStatus.TOO_MANY_REQUESTS:
                log.warning("Reports wait: %s", problem(answer.status_code, said(answer)))
            return asked_to_wait(answer)
        if meaning is Verdict.SMALLER and len(batch.records) > 1:
            self._batch = len(batch.records) // 2
            return None
        if meaning is Verdict.TAKEN:
            accepted, duplicates, refused = _outcome(batch.records, answer.json())
        else:
            error = problem(answer.status_code, said(answer))
            accepted, duplicates = 0, 0
            refused = [Refusal(batch.records[0]["idempotency_key"], error.code, str(error))]
        await self._tell(refused)  # Before they are forgotten: whoever is ended in between hears of them again.
        self.outbox.commit(batch)
        self._batch = min(self._options.batch, self._batch * 2)
        self.sent += accepted
        self.duplicates += duplicates
        self.refused += len(refused)
        return None

    async def _tell(self, refused: list[Refusal]) -> None:
        for one in refused[:_TOLD]:
            log.warning("The platform refused a report: %s (%s)", one.detail, one.code)
        if refused and self._options.on_refused is not None:
            await self._session.call(self._options.on_refused, refused)


def _outcome(records: list[Record], answer: dict[str, object]) -> tuple[int, int, list[Refusal]]:
    """What became of a batch: how many were new, how many known, and those that were refused.

    Raises:
        TypeError, LookupError: this is not what the platform answers.
    """
    accepted, duplicates, refused = answer["accepted"], answer["duplicates"], answer["refused"]
    if not isinstance(accepted, int) or not isinstance(duplicates, int) or not isinstance(refused, list):
        raise TypeError("This is not what the platform answers")
    found = [Refusal(str(records[one["index"]]["idempotency_key"]), one["code"], one["detail"]) for one in refused]
    return accepted, duplicates, found
