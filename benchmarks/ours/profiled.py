"""What the web process itself does for a read, by room and by function: the application without a server, profiled."""

import asyncio
import cProfile
import pstats
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import uvloop
from starlette.types import Message

from alquimista.app import create_app
from alquimista.cache.store import Cache, Entry
from alquimista.http.app import App
from alquimista.http.responses import WORDS
from benchmarks.harness.cluster import Site

AT_ONCE: Final = 32  # Reads on their way together, as many as connections elsewhere.
_PACKAGES: Final = ("psycopg", "msgspec", "starlette", "asyncio", "uvloop", "structlog", "prometheus_client")
_ASKED: Final = {"type": "http.request", "body": b"", "more_body": False}

_Function = tuple[str, int, str]


@dataclass(frozen=True)
class Profile:
    """Shares of the own time (0 to 1) by part and by function, most first, and of the reads answered without a task."""

    parts: dict[str, float]
    functions: dict[str, float]
    without_task: float


def profile(site: Site, path: str, tokens: Sequence[str], reads: int, *, cached: bool) -> Profile:
    """Serve `reads` reads of the address by these people in turn under cProfile, after as many without it.

    Not cached means that the cache never finds anything, as in `benchmarks.ours.uncached`.

    Raises:
        AssertionError: an answer was not a 200.
    """

    async def never(_self: Cache, _key: str) -> Entry | None:
        return None

    with patch.object(Cache, "get", Cache.get if cached else never):
        return uvloop.run(_profile(site, path, tokens, reads))


async def _profile(site: Site, path: str, tokens: Sequence[str], reads: int) -> Profile:
    profiler = cProfile.Profile()
    async with _running(create_app(replace(site.settings, log_level="warning"))) as app:
        scopes = _scopes(path, tokens)
        await _read(app, scopes, reads)
        profiler.enable()
        without_task = await _read(app, scopes, reads)
        profiler.disable()
    functions = _own_times(pstats.Stats(profiler))
    parts: Counter[str] = Counter()
    for function, seconds in functions.items():
        parts[_part(function)] += seconds
    whole = sum(parts.values())
    return Profile(
        {part: seconds / whole for part, seconds in parts.most_common()},
        {_label(function): seconds / whole for function, seconds in functions.most_common(12)},
        without_task / reads,
    )


@asynccontextmanager
async def _running(app: App) -> AsyncIterator[App]:
    """The application between its start and its end, as a server brings it there."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    heard: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan"}, told.get, heard.put))
    await told.put({"type": "lifespan.startup"})
    assert (await heard.get())["type"] == "lifespan.startup.complete"
    yield app
    await told.put({"type": "lifespan.shutdown"})
    await life


async def _read(app: App, scopes: Iterator[dict[str, Any]], reads: int) -> int:
    """Serve that many reads; how many of them needed no task (see `http/server.py`)."""
    without_task = 0
    for _ in range(0, reads, AT_ONCE):
        waiting = []
        for scope in islice(scopes, AT_ONCE):
            if answer := app.repeats.answer(scope["client"][0], scope["extensions"][WORDS]):
                assert answer[0] == 200, answer
                without_task += 1
            else:
                waiting.append(_serve(app, scope))
        await asyncio.gather(*waiting)
    return without_task


async def _serve(app: App, scope: dict[str, Any]) -> None:
    async def receive() -> Message:
        return dict(_ASKED)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent


def _scopes(path: str, tokens: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Requests as our server hands them on, one for each person in turn."""
    address, _, query = path.partition("?")
    for token in cycle(tokens):
        yield {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": address,
            "raw_path": address.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(b"host", b"127.0.0.1:8080"), (b"authorization", f"Bearer {token}".encode())],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8080),
            "state": {},
            "extensions": {WORDS: token.encode()},
        }


def _own_times(stats: pstats.Stats) -> Counter[_Function]:
    """Seconds in each function itself. What is written in C counts to its caller, unless its name tells its package."""
    own: Counter[_Function] = Counter()
    for function, (_, _, seconds, _, callers) in stats.stats.items():  # type: ignore[attr-defined]
        if function[0] != "~" or _part(function) != "other" or not callers:
            own[function] += seconds
            continue
        for caller, (_, _, part, _) in callers.items():
            own[caller] += part
    return Counter({function: seconds for function, seconds in own.items() if __file__ != function[0]})


def _part(function: _Function) -> str:
    """The room of ours, or the package."""
    file, _, name = function
    places = Path(file).parts
    if "alquimista" in places:
        room = places[len(places) - places[::-1].index("alquimista") :]
        return f"alquimista.{Path(room[0]).stem}"
    searched = name if file == "~" else file
    return next((package for package in _PACKAGES if package in searched), "other")


def _label(function: _Function) -> str:
    file, line, name = function
    return name if file == "~" else f"{_part(function)}: {Path(file).name}:{line} {name}"
