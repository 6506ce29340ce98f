"""The application: one ASGI callable without middleware. It matches, lets the steps serve, and sends."""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alquimista.cache.bus import Bus
from alquimista.cache.store import Cache
from alquimista.errors import MethodNotAllowed, NotFound
from alquimista.http import locale, proxies, security
from alquimista.http.caching import Hit
from alquimista.http.compression import compress
from alquimista.http.context import Context, new_trace_id
from alquimista.http.crowd import Crowd
from alquimista.http.door import Door, PageError
from alquimista.http.failures import describe
from alquimista.http.limits import Limiter
from alquimista.http.maintenance import Maintenance
from alquimista.http.metrics import Metrics
from alquimista.http.repeats import Repeats
from alquimista.http.responses import Answer, RawHeaders, head, send_whole
from alquimista.http.routes import Authenticate, Foreign, Remembered, Route
from alquimista.http.steps import Steps
from alquimista.http.streams import EventStream, Streams
from alquimista.http.table import Table
from alquimista.wiring import Services

Lifespan = Callable[[], AbstractAsyncContextManager[None]]

_TRACEPARENT: Final = re.compile(rb"^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_log = structlog.get_logger("alquimista.http")


def build(
    routes: Iterable[Route],
    services: Services,
    authenticate: Authenticate,
    *,
    remembered: Remembered | None = None,
    lifespan: Lifespan | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
    page_error: PageError | None = None,
    foreign: Foreign | None = None,
) -> "App":
    """The ASGI application of a route table.

    Args:
        routes: the table. A mistake in it (two routes alike, an open body Struct) raises ValueError here.
        services: must hold a Cache when a route is cached; a Limiter is added when there is none.
        authenticate: the actor of a request, None when it carries no credential. Raises Unauthenticated for a bad one.
            It is only asked when the request has an Authorization or a Cookie header.
        remembered: of an authenticated request, a question that can be asked again and again: whom its Authorization
            stands for, None when that must be verified anew. Without it, no repeated request is answered at once.
        lifespan: opened before the first request and closed after the last.
        mounts: whole applications under a prefix, such as `{"/static": StaticFiles(...)}`; they get the path below it.
        page_error: renders a problem of a `page` route, or of an unknown address that a browser opened.
        foreign: awaited when somebody named a tenant that is not theirs, before they are told so.
    """
    table = Table(routes)
    if Cache not in services.extras and any(plan.route.cache for plan in table.plans):
        raise ValueError("A route is cached: wire a Cache into the services first")
    if Limiter not in services.extras:
        services.add(Limiter(services.db))
    if Bus in services.extras:
        services.add(Streams(services.get(Bus), authenticate))
    return App(table, services, authenticate, remembered, lifespan, dict(mounts or {}), page_error, foreign)


class App:
    """See `build`. `metrics` is a collector for the exposition; `crowd` and `repeats` are for http/server.py."""

    def __init__(
        self,
        table: Table,
        services: Services,
        authenticate: Authenticate,
        remembered: Remembered | None,
        lifespan: Lifespan | None,
        mounts: dict[str, ASGIApp],
        page_error: PageError | None,
        foreign: Foreign | None,
    ) -> None:
        self.table = table
        self.services = services
        self.metrics = Metrics()
        self._security = head(security.headers(services.settings))
        self.crowd = Crowd(self.metrics, self._security)
        self._maintenance = Maintenance(services.settings)
        self.repeats = Repeats(services, remembered, self.metrics, self._maintenance)
        self._steps = Steps(services, authenticate, self.metrics, self.crowd, self.repeats, foreign)
        self._door = Door(self.metrics, page_error)
        self._lifespan = lifespan
        self._mounts = mounts
        self._trusted = services.settings.trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        path: str = scope["path"]
        for prefix, mounted in self._mounts.items():
            if path.startswith(prefix + "/"):
                await self._mount(prefix, mounted, scope, receive, send)
                return
        plan, parameters, allowed = self.table.match(scope["method"], path)
        context = self._context(scope, receive, parameters)
        answer: Answer | Hit | Response
        self.crowd.count += 1
        try:
            self._maintenance.check(path)
            if plan is not None:
                answer = await self._steps.serve(plan, context, receive)
            else:
                answer = _without_route(scope["method"], allowed)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - This is the door: nothing passes beside it.
            answer = await self._door.answer(error, plan, context)
        finally:
            self.crowd.count -= 1
        if isinstance(answer, EventStream):  # It is served when it begins: how long it stays open is no latency.
            self.metrics.served(plan.name if plan else "unknown", answer.status_code, perf_counter() - started)
            await self._send(answer, context, scope, receive, send)
            return
        status = await self._send(answer, context, scope, receive, send)
        self.metrics.served(plan.name if plan else "unknown", status, perf_counter() - started)

    def _context(self, scope: Scope, receive: Receive, path: dict[str, str]) -> Context:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"] if self._trusted else ()
        given = _TRACEPARENT.match(headers[b"traceparent"]) if b"traceparent" in headers else None
        return Context(
            scope=scope,
            receive=receive,
            services=self.services,
            locale=locale.choose(headers, None),
            client_ip=proxies.client_address(client[0] if client else proxies.LOCAL, forwarded, self._trusted),
            headers=headers,
            trace_id=given[1].decode("ascii") if given else new_trace_id(),
            path=path,
        )

    async def _send(
        self, answer: Answer | Hit | Response, context: Context, scope: Scope, receive: Receive, send: Send
    ) -> int:
        """Send the answer with the headers of every answer; its status."""
        whole = scope["method"] != "HEAD"
        own = [(b"x-trace-id", context.trace_id.encode("ascii"))]
        if context.standing is not None:
            own += context.standing.raw_headers
        own += [(b"set-cookie", cookie.encode("latin-1")) for cookie in context.cookies]
        if isinstance(answer, Hit):
            own += _raw(context.response_headers)
            await send_whole(scope, send, 200, answer.head, own, answer.body if whole else b"")
            return 200
        if isinstance(answer, Answer):
            own += answer.raw_headers(context.response_headers)
            await send_whole(scope, send, answer.status, self._security, own, answer.body if whole else b"")
            return answer.status
        for name, value in context.response_headers.items():
            answer.headers[name] = value
        answer.headers.setdefault("cache-control", "no-store")
        if type(answer).__call__ is Response.__call__ and answer.background is None:
            body = compress(answer, context.headers)
            own += answer.raw_headers
            await send_whole(scope, send, answer.status_code, self._security, own, body if whole else b"")
        else:  # A stream, a file, or something to do afterwards.
            answer.raw_headers.extend((*self._security.headers, *own))
            await answer(scope, receive, send if whole else _without_body(send))
        return answer.status_code

    async def _mount(self, prefix: str, mounted: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._security.headers]
            await send(message)

        await mounted(dict(scope, root_path=scope.get("root_path", "") + prefix), receive, send_secured)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol."""
        await receive()
        stage = "startup"
        try:
            if self._lifespan is None:
                await send({"type": "lifespan.startup.complete"})
                await receive()
            else:
                async with self._lifespan():
                    stage = "shutdown"
                    await send({"type": "lifespan.startup.complete"})
                    await receive()
        except Exception as error:
            _log.error("http.lifespan_failed", failure=describe(error))
            await send({"type": f"lifespan.{stage}.failed", "message": type(error).__name__})
            raise
        await send({"type": "lifespan.shutdown.complete"})


def _without_route(method: str, allowed: tuple[str, ...]) -> Answer:
    """OPTIONS of a known address. Everything here is same-origin, so no CORS headers are given.

    Raises:
        NotFound, MethodNotAllowed: there is no such address, or it does not take the method.
    """
    if not allowed:
        raise NotFound
    allow = ", ".join(allowed)
    if method == "OPTIONS":
        return Answer(204, headers={"allow": allow})
    raise MethodNotAllowed(headers={"Allow": allow})


def _raw(headers: dict[str, str]) -> RawHeaders:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
