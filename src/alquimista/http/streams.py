"""Server-sent events: answers that stay open and tell what happens, as it happens.

A stream belongs to channels. Whoever changes something wakes its channel in the transaction of the change; each process
hears of it over the bus and asks the stream's own handler what is new. What is told therefore comes from the database
after the commit, and a message that was missed costs nothing: after a gap each stream looks for itself.

A stream may also follow a tenant: then it says by name what has changed (http/changes.py), as events of their own.

Who may look is asked again at every beat, however much is told meanwhile, and at once when sessions end: a stream
never outlives its session by more than a beat.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from alquimista.access import PLATFORM_TENANT, ActorKind, Permission
from alquimista.cache import bus
from alquimista.cache.bus import Bus
from alquimista.db.statement import Conn
from alquimista.errors import Problem, TooManyRequests, Unavailable
from alquimista.http.changes import ANYTHING, Changes
from alquimista.http.context import Context
from alquimista.http.responses import encode
from alquimista.http.routes import Authenticate
from alquimista.i18n import N_

TOPIC: Final = "stream"
MEDIA: Final = "text/event-stream"
CHANGES: Final = "changes"  # The events of a stream that follows a tenant.
STREAM: Final = "alquimista.stream"  # An extension of ASGI of ours: the server ends such an answer when it stops.
_SESSIONS: Final = ("session", "tenant")  # What identity and tenants tell when sessions or companies change.
_BEAT_S: Final = 15.0
_GATHER_S: Final = 0.05  # Wakes that come together are answered together.
_RETRY_MS: Final = 3_000
_MOST: Final = 5_000  # In a process.
_MOST_OF_A_TENANT: Final = 1_000  # So that nobody takes everybody's places.
_MOST_OF_ONE: Final = {ActorKind.API_KEY: 1_000}
_MOST_OF_A_PERSON: Final = 20
_KEPT: Final = 200  # Wakes that wait; beyond them a stream looks for itself.

Wakes = list[dict[str, Any]] | None


class StreamEvent(msgspec.Struct, frozen=True):
    """One event: its name, what it says (any JSON shape), and the id that a client names when it comes back."""

    name: str
    data: Any
    id: str = ""

    @property
    def text(self) -> bytes:
        """As the HTML standard writes it: JSON has no line breaks of its own."""
        mark = f"id: {self.id}\n".encode() if self.id else b""
        return mark + b"event: " + self.name.encode() + b"\ndata: " + encode(self.data) + b"\n\n"


class Changed(msgspec.Struct, frozen=True):
    """What an event `changes` says: the names of what has changed; `*` when that is not known."""

    topics: list[str]


News = Callable[[Wakes], Awaitable[Sequence[StreamEvent]]]


class TooManyStreams(TooManyRequests):
    code = "too_many_streams"
    message = N_("Too many streams are open. Close some, or try again in {retry_after} seconds.")


async def wake(conn: Conn, channel: str, **payload: Any) -> None:  # noqa: ANN401 - Any JSON.
    """Tell the streams of a channel, in every process, once the caller's transaction commits.

    Messages serialise commits (NOTIFY takes one lock): wake where people wait, never on a path that is taken
    thousands of times a second. The payload holds ids, no contents.
    """
    await bus.publish(conn, TOPIC, channel=channel, payload=payload)


class Streams:
    """The open streams of a process."""

    def __init__(self, ear: Bus, authenticate: Authenticate) -> None:
        self.authenticate = authenticate
        self._open: set[EventStream] = set()
        self._count: Counter[object] = Counter()
        self._changes = Changes(ear)
        ear.subscribe(TOPIC, self._hear)
        for topic in _SESSIONS:
            ear.subscribe(topic, self._doubt)
        ear.on_reset(self._look_all)

    def open(
        self,
        context: Context,
        permission: Permission,
        channels: Iterable[str],
        news: News,
        *,
        beat_s: float = _BEAT_S,
        follows: UUID | None = None,
        since: float | None = None,
    ) -> "EventStream":
        """An answer that tells news of some channels for as long as its reader holds `permission`.

        `news` is asked at the beginning, and after gaps, with None: then it answers what is to be known now, and else
        with the payloads of the wakes since. It opens and ends its own transactions. What it raises as
        Unavailable ends the stream, and the client comes back. What has changed at the tenant that it `follows` is
        told by name, without asking anybody; the platform's own tenant stands for all of them. Beginning with what has
        changed `since` then (seconds since 1970), if that is given.

        Raises:
            TooManyStreams: the reader, or this process, has no room for one more.
        """
        limit = _MOST_OF_ONE.get(context.who.kind, _MOST_OF_A_PERSON)
        full = self._count[_whose(context)] >= limit or self._count[context.who.tenant_id] >= _MOST_OF_A_TENANT
        if full or len(self._open) >= _MOST:
            raise TooManyStreams(retry_after=30)
        return EventStream(self, context, permission, frozenset(channels), news, beat_s, follows, since)

    def enter(self, stream: "EventStream") -> None:
        """A stream begins."""
        self._open.add(stream)
        self._count.update((_whose(stream.context), stream.context.who.tenant_id))
        if stream.follows is not None:
            self._changes.follow(stream.follows, stream.changed)
            if stream.since is not None:
                stream.changed(self._changes.since(stream.follows, stream.since))

    def leave(self, stream: "EventStream") -> None:
        """A stream has ended."""
        self._open.discard(stream)
        self._count.subtract((_whose(stream.context), stream.context.who.tenant_id))
        self._count += Counter()  # Forgets those that have none.
        if stream.follows is not None:
            self._changes.leave(stream.follows, stream.changed)

    def _hear(self, message: dict[str, Any]) -> None:
        channel = message["channel"]
        for stream in self._open:
            if channel in stream.channels:
                stream.wake(message["payload"])
        if ":" not in channel:  # Nobody's own: what staff look at together, such as commands.
            self._changes.note(PLATFORM_TENANT, (channel,))

    def _doubt(self, message: dict[str, Any]) -> None:
        for stream in self._open:
            if _concerns(message, stream.context):
                stream.doubt()

    def _look_all(self) -> None:
        for stream in self._open:
            stream.doubt()  # A session may have ended in the gap, and nobody would tell again.
            stream.wake(None)
            if stream.follows is not None:
                stream.changed(frozenset((ANYTHING,)))


class EventStream(Response):
    """See Streams.open."""

    media_type = MEDIA

    def __init__(
        self,
        streams: Streams,
        context: Context,
        permission: Permission,
        channels: frozenset[str],
        news: News,
        beat_s: float,
        follows: UUID | None,
        since: float | None,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self.context = context
        self.channels = channels
        self.follows = follows
        self.since = since
        self._streams = streams
        self._permission = permission
        self._news = news
        self._beat_s = beat_s
        self._waked = asyncio.Event()
        self._wakes: list[dict[str, Any]] = []
        self._changed: set[str] = set()
        self._missed = True
        self._doubted = False

    def wake(self, payload: dict[str, Any] | None) -> None:
        """Something happened in a channel; None: nobody knows what."""
        if payload is None or len(self._wakes) >= _KEPT:
            self._missed = True
        else:
            self._wakes.append(payload)
        self._waked.set()

    def changed(self, names: frozenset[str]) -> None:
        """Something that it follows has changed."""
        self._changed |= names
        self._waked.set()

    def doubt(self) -> None:
        """Sessions have changed: ask who is there before anything else is told."""
        self._doubted = True
        self._waked.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        scope.setdefault("extensions", {})[STREAM] = True
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if scope["method"] != "HEAD":
            self._streams.enter(self)
            gone = asyncio.create_task(_until_gone(receive))
            try:
                await self._tell(send, gone)
            finally:
                self._streams.leave(self)
                gone.cancel()
        with suppress(OSError):
            await send({"type": "http.response.body", "body": b""})

    async def _tell(self, send: Send, gone: "asyncio.Task[None]") -> None:
        await _write(send, f"retry: {_RETRY_MS}\n\n".encode())
        clock = asyncio.get_running_loop().time
        asked_at = clock()
        while not gone.done():
            if self._doubted or clock() - asked_at >= self._beat_s:
                if not await self._still_welcome():
                    return
                asked_at = clock()
            wakes, self._wakes = None if self._missed else self._wakes, []
            self._missed = False
            found: list[StreamEvent] = []
            if wakes is None or wakes:
                try:
                    found += await self._news(wakes)
                except (Unavailable, psycopg.Error):
                    return
            if self._changed:
                names, self._changed = sorted(self._changed), set()
                found.append(StreamEvent(CHANGES, Changed(names)))
            if found:
                await _write(send, b"".join(one.text for one in found))
            if await self._wait(gone):
                await _write(send, b": beat\n\n")

    async def _wait(self, gone: "asyncio.Task[None]") -> bool:
        """Wait for a wake, and for those that come with it; True when none came for a beat."""
        waked = asyncio.create_task(self._waked.wait())
        try:
            await asyncio.wait({waked, gone}, timeout=self._beat_s, return_when=asyncio.FIRST_COMPLETED)
            if waked.done():
                await asyncio.sleep(_GATHER_S)
            return not waked.done()
        finally:
            waked.cancel()
            self._waked.clear()

    async def _still_welcome(self) -> bool:
        """Whether the reader is still who it was, and may still look."""
        self._doubted = False
        before = self.context.who
        self.context.passive = True  # An open stream does not keep an unused session open.
        try:
            actor = await self._streams.authenticate(self.context)
        except Problem:
            return False
        return actor is not None and actor.tenant_id == before.tenant_id and actor.may(self._permission)


def _concerns(message: dict[str, Any], context: Context) -> bool:
    """Whether what was told of sessions is about this reader."""
    who = context.who
    names = {"session_id": who.session_id, "user_id": who.user_id, "tenant_id": who.tenant_id, "key_id": who.api_key_id}
    return any(name in names and str(names[name]) == value for name, value in message.items())


def _whose(context: Context) -> object:
    return context.who.user_id or context.who.api_key_id


async def _write(send: Send, text: bytes) -> None:
    await send({"type": "http.response.body", "body": text, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
