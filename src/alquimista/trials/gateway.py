"""The model: any endpoint that speaks the chat completions of OpenAI, a provider's or a server of one's own."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from msgspec import Meta

from alquimista.breaker import CircuitOpen
from alquimista.config import Settings
from alquimista.observability.circuits import CIRCUITS
from alquimista.trials.models.chat import ModelBusy, ModelFailed, ModelNotConfigured, Reply, Turn

TIMEOUT_S: Final = 45
_CONNECT_S: Final = 5
_MAX_ANSWER: Final = 256 * 1024
_MAX_TOKENS: Final = 800
_RETRY_AFTER_S: Final = 10
# These say that the same question may be answered later.
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504, 529})

_Tokens = Annotated[int, Meta(ge=0, lt=2**31)]


class _Message(msgspec.Struct, frozen=True):
    content: str


class _Choice(msgspec.Struct, frozen=True):
    message: _Message


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: _Tokens
    completion_tokens: _Tokens


class _Completion(msgspec.Struct, frozen=True):
    """What we use of an answer. Some servers of one's own do not count tokens."""

    choices: Annotated[tuple[_Choice, ...], Meta(min_length=1)]
    usage: _Usage | None = None


class ChatModel:
    """The configured model, or none. Its key is in no error and no log line; nor is what its server says."""

    def __init__(self, settings: Settings) -> None:
        self._address = f"{settings.model_base_url}/chat/completions"
        self._name = settings.model_name
        self._breakers = CIRCUITS.watched("model")
        self._breaker = self._breakers.of(urlsplit(settings.model_base_url).netloc)
        self._http: httpx.AsyncClient | None = None
        if settings.model_base_url and settings.model_name:
            key = settings.model_api_key
            self._http = httpx.AsyncClient(
                headers={"Authorization": f"Bearer {key}"} if key else {},
                timeout=httpx.Timeout(TIMEOUT_S, connect=_CONNECT_S),
                follow_redirects=False,
                trust_env=False,
            )

    @property
    def name(self) -> str:
        """The model's name. Raises ModelNotConfigured when there is none."""
        if self._http is None:
            raise ModelNotConfigured
        return self._name

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()

    async def complete(self, instructions: str, turns: Sequence[Turn]) -> Reply:
        """What the model says after these turns.

        Raises:
            ModelNotConfigured: there is no model.
            ModelBusy: it does not answer in time, says that it may answer later, or has not answered several times.
            ModelFailed: it answers anything else than a text.
        """
        if self._http is None:
            raise ModelNotConfigured
        messages = [{"role": "system", "content": instructions}, *map(msgspec.to_builtins, turns)]
        asked = {"model": self._name, "messages": messages, "max_tokens": _MAX_TOKENS}
        try:
            with self._breaker.call(ModelBusy, httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(TIMEOUT_S):
                    answer = await self._post(self._http, asked)
        except CircuitOpen as circuit:
            raise ModelBusy(retry_after=circuit.seconds) from None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError):
            raise ModelBusy(retry_after=_RETRY_AFTER_S) from None
        return _read(answer)

    async def _post(self, http: httpx.AsyncClient, asked: dict[str, Any]) -> bytes:
        headers = {"Content-Type": "application/json"}
        async with http.stream("POST", self._address, content=msgspec.json.encode(asked), headers=headers) as answer:
            if answer.status_code in _BUSY:
                raise ModelBusy(retry_after=_RETRY_AFTER_S)
            if answer.status_code != 200:
                raise ModelFailed
            body = bytearray()
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MAX_ANSWER:
                    raise ModelFailed
            return bytes(body)


def _read(answer: bytes) -> Reply:
    try:
        completion = msgspec.json.decode(answer, type=_Completion)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ModelFailed from None
    text = completion.choices[0].message.content.strip()
    if not text:
        raise ModelFailed
    usage = completion.usage or _Usage(0, 0)
    return Reply(text, usage.prompt_tokens, usage.completion_tokens)
