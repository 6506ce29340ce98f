"""The SDK for asyncio."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from alquimista.sdk.engine import Engine, Stats
from alquimista.sdk.measuring import Request
from alquimista.sdk.options import Options
from alquimista.sdk.wire import Status, new_report

_LOOK_S: Final = 0.05


class AsyncAgent:
    """An agent's connection to the platform, on the running event loop. See Agent for the arguments."""

    def __init__(self, url: str, key: str, slug: str, **options: Any) -> None:  # noqa: ANN401 - Options names them.
        self._may_work = asyncio.Event()
        self._may_work.set()
        self._engine = Engine(url, key, slug, Options(**options), self._changed)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._engine.run(), name="alquimista-sdk")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

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

    async def wait_until_resumed(self) -> None:
        """Wait while the agent is to do nothing."""
        await self._may_work.wait()

    def report(self, status: Status, response_time_ms: int, **used: Any) -> None:  # noqa: ANN401 - new_report names them.
        """Report a request that was served. `used`: input_tokens, output_tokens, model, cost, currency, trace_id."""
        self._engine.sender.keep(new_report(status, response_time_ms, **used))

    @asynccontextmanager
    async def request(self) -> AsyncIterator[Request]:
        """Serve a request: it is measured and reported, and a restart waits for it. While one waits, this waits too."""
        while not self._engine.gate.try_enter():  # noqa: ASYNC110 - The gate is for threads.
            await asyncio.sleep(_LOOK_S)
        request = Request()
        try:
            yield request
        except BaseException:
            request.failed()
            raise
        finally:
            self._engine.sender.keep(request.report())
            self._engine.gate.leave()

    async def rules(self) -> dict[str, Any]:
        """What the agent is and may do, as GET /v1/agents/{slug}/rules answers. Raises AgentError, httpx.HTTPError."""
        return await self._engine.session.rules()

    async def close(self) -> None:
        """Send what waits, for a few seconds, and end."""
        if self._task is None:
            return
        self._task.cancel()
        try:
            with suppress(asyncio.CancelledError):
                await self._task
        finally:
            self._task = None
            await self._engine.close()

    def _changed(self) -> None:
        if self.paused:
            self._may_work.clear()
        else:
            self._may_work.set()
