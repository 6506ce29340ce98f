"""A real server of chat completions on a real socket, as OpenAI's is one: what it answers can be changed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alquimista.config import Settings
from support.listening import listening

KEY = "sk-Zebra-Secreta-0123456789"
MODEL = "modelo-de-teste"


def completion(text: Any) -> dict[str, Any]:
    """A good answer."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": f"{MODEL}-2026",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 321, "completion_tokens": 12, "total_tokens": 333},
    }


@dataclass
class FakeModel:
    """`failing` is answered instead of a text while it is set; `hold` keeps every answer back until it is."""

    url: str = ""
    failing: Response | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def answer(self, request: Request) -> Response:
        self.keys.append(request.headers.get("authorization"))
        self.asked.append(await request.json())
        if self.hold is not None:
            await self.hold.wait()
        if self.failing is not None:
            return self.failing
        return JSONResponse(completion(f"Resposta {len(self.asked)}"))


def answered_by(model: FakeModel, settings: Settings) -> Settings:
    """The same settings, with trials answered by this model."""
    return replace(settings, model_base_url=model.url, model_api_key=KEY, model_name=MODEL)


@asynccontextmanager
async def running_model() -> AsyncIterator[FakeModel]:
    """The server, on a free port."""
    model = FakeModel()
    app = Starlette(routes=[Route("/v1/chat/completions", model.answer, methods=["POST"])])
    async with listening(app) as url:
        model.url = f"{url}/v1"
        yield model
