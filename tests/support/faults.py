"""Faults in front of a fake server: what networks and other people's servers do on bad days."""

import asyncio
from collections.abc import MutableMapping
from typing import Any, Literal

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

# The last two are the ones that duplicate money: the server did what was asked, and the client never learns.
Fault = Literal["500", "429", "dropped", "lost", "slow"]
FAULTS: tuple[Fault, ...] = ("500", "429", "dropped", "lost", "slow")


class Faulty:
    """The application, behind faults that tests queue with `next`. It counts requests by method and path."""

    def __init__(self, app: ASGIApp, slow_s: float = 1.5) -> None:
        self._app = app
        self._slow_s = slow_s
        self._queued: list[tuple[Fault, str]] = []
        self.seen: list[str] = []

    def next(self, fault: Fault, request: str = "", times: int = 1) -> None:
        """The next requests whose "METHOD /path" begins with `request` meet the fault."""
        self._queued += [(fault, request)] * times

    def calm(self) -> None:
        self._queued.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = f"{scope['method']} {scope['path']}"
        self.seen.append(request)
        queued = next((one for one in self._queued if request.startswith(one[1])), None)
        if queued is None:
            return await self._app(scope, receive, send)
        self._queued.remove(queued)
        fault = queued[0]
        if fault in {"500", "429"}:
            return await JSONResponse({"error": {"message": "no"}}, int(fault))(scope, receive, send)
        if fault in {"lost", "slow"}:
            await self._app(scope, receive, _swallow)
        if fault == "slow":
            await asyncio.sleep(self._slow_s)
        # A body that is shorter than its announced length: uvicorn closes the connection in the middle.
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{"})
        return None


async def _swallow(message: MutableMapping[str, Any]) -> None:
    return None
