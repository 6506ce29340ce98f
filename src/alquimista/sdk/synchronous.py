"""The SDK for ordinary code: its event loop runs on a thread of its own."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from alquimista.sdk.engine import Engine, Stats
from alquimista.sdk.measuring import Request
from alquimista.sdk.options import Options
from alquimista.sdk.wire import Status, new_report

_GRACE_S: Final = 5.0


class Agent:
    """An agent's connection to the platform. Make it in the process that uses it, after any fork.

    Args:
        url: where the platform is.
        key: an API key of the company with the scope `agent` (and `read`, for `rules`).
        slug: which of the company's agents this is.
        options: see Options.
    """

    def __init__(self, url: str, key: str, slug: str, **options: Any) -> None:  # noqa: ANN401 - Options names them.
        self._may_work = threading.Event()
        self._may_work.set()
        self._engine = Engine(url, key, slug, Options(**options), self._changed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="alquimista-sdk", daemon=True)
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def paused(self) -> bool:
        """Whether the agent is to do nothing: somebody paused it, or it is suspended."""
        return self._engine.paused

    @property
    def boot_id(self) -> str:
        """This start of the process."""
        return str(self._engine.session.boot_id)

    @property
    def stats(self) -> Stats:
        """What became of reports so far."""
        return self._engine.stats

    def wait_until_resumed(self, timeout: float | None = None) -> bool:
        """Wait while the agent is to do nothing; False when it still is after `timeout` seconds."""
        return self._may_work.wait(timeout)

    def report(self, status: Status, response_time_ms: int, **used: Any) -> None:  # noqa: ANN401 - new_report names them.
        """Report a request that was served. `used`: input_tokens, output_tokens, model, cost, currency, trace_id."""
        self._engine.sender.keep(new_report(status, response_time_ms, **used))

    @contextmanager
    def request(self) -> Iterator[Request]:
        """Serve a request: it is measured and reported, and a restart waits for it. While one waits, this waits too."""
        self._engine.gate.enter()
        request = Request()
        try:
            yield request
        except BaseException:
            request.failed()
            raise
        finally:
            self._engine.sender.keep(request.report())
            self._engine.gate.leave()

    def rules(self) -> dict[str, Any]:
        """What the agent is and may do, as GET /v1/agents/{slug}/rules answers. Raises AgentError, httpx.HTTPError."""
        if not self._thread.is_alive():
            raise RuntimeError("Use the agent inside its with block")
        return asyncio.run_coroutine_threadsafe(self._engine.session.rules(), self._loop).result()

    def close(self) -> None:
        """Send what waits, for a few seconds, and end."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop)
            self._thread.join(self._engine.options.close_s + _GRACE_S)
        elif self._task is None:  # It never began, and holds its spool all the same.
            self._engine.sender.outbox.close()

    def _run(self) -> None:
        self._task = self._loop.create_task(self._engine.run())
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._task)
        finally:
            self._loop.run_until_complete(self._engine.close())
            self._loop.close()

    def _stop(self) -> None:
        assert self._task is not None
        self._task.cancel()

    def _changed(self) -> None:
        if self.paused:
            self._may_work.clear()
        else:
            self._may_work.set()
