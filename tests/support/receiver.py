"""Somebody's receiver of webhooks, on a real socket: it verifies signatures by the written specification alone."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from alquimista import clock
from support.listening import listening

TOLERANCE_S = 300


@dataclass
class Message:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def signed_by(self, secret: str) -> bool:
        """Whether one of the signatures is the secret's, and the message is of now."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        moment = self.headers["webhook-timestamp"]
        if abs(int(moment) - clock.now().timestamp()) > TOLERANCE_S:
            return False
        signed = f"{self.id}.{moment}.".encode() + self.body
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = [one.partition(",") for one in self.headers["webhook-signature"].split(" ")]
        return any(version == "v1" and hmac.compare_digest(value, wanted) for version, _, value in given)


@dataclass
class Receiver:
    """What it got, and how it answers: each of `answers` once, then 204. A hook may do anything before."""

    base_url: str = ""
    got: list[Message] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    hold: asyncio.Event | None = None

    def url(self, path: str = "/hook") -> str:
        return self.base_url + path

    async def answer(self, request: Request) -> Response:
        headers = dict(request.headers)
        self.got.append(Message(request.url.path, headers, await request.body()))
        self.arrived.set()
        answer = self.answers.pop(0) if self.answers else 204
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(answer, int):
            return Response(status_code=answer)
        return answer if isinstance(answer, Response) else await answer()


def dripping(status: int = 200, pause_s: float = 0.2) -> StreamingResponse:
    """An answer whose body never ends, a byte at a time."""

    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(pause_s)

    return StreamingResponse(drops(), status)


def flooding(status: int = 200) -> StreamingResponse:
    """An answer with far more than anybody should read."""

    async def water() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"w" * 65_536

    return StreamingResponse(water(), status)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/{path:path}", receiver.answer, methods=["POST", "GET"])])
    async with listening(app) as base_url:
        receiver.base_url = base_url
        yield receiver
