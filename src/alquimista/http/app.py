"""The application: one ASGI callable that takes each request through the same steps, in the same order.

match, size and media type, client address, authentication, permission and tenant, rate limits, query, cache, body,
handler, encoding. Whatever fails on the way leaves through one door as a problem.
"""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Any, Final

import psycopg
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alquimista.access import ActorKind
from alquimista.cache.store import Cache
from alquimista.errors import MethodNotAllowed, NotFound, Problem, Unauthenticated, Unavailable
from alquimista.http import body, caching, csrf, problems, proxies, security, tenant_scope
from alquimista.http.context import Context, require_uuid
from alquimista.http.failures import describe
from alquimista.http.limits import Limiter
from alquimista.http.locale import choose
from alquimista.http.metrics import Metrics
from alquimista.http.plan import FORM, BodyKind, Plan
from alquimista.http.refusals import HandlerTimeout
from alquimista.http.responses import Answer, encode, send_whole
from alquimista.http.routes import Authenticate, Route
from alquimista.http.table import Table
from alquimista.observability.logs import bound
from alquimista.wiring import Services

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
PageError = Callable[[Context, Problem], Awaitable[Response]]

_TRACEPARENT: Final = re.compile(rb"^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_log = structlog.get_logger("alquimista.http")


def build(
    routes: Iterable[Route],
    services: Services,
    authenticate: Authenticate,
    *,
    lifespan: Lifespan | None = None,
    mounts: Mapping[str, ASGIApp] | None = None,
    page_error: PageError | None = None,
) -> "App":
    """The ASGI application of a route table.

    Args:
        routes: the table. A mistake in it (two routes alike, an open body Struct) raises ValueError here.
        services: must hold a Cache when a route is cached.
        authenticate: the actor of a request, None when it carries no credential. Raises Unauthenticated for a bad one.
        lifespan: opened before the first request and closed after the last.
        mounts: whole applications under a prefix, such as `{"/static": StaticFiles(...)}`; they get the path below it.
        page_error: renders a problem of a `page` route, or of an unknown address that a browser opened.
    """
    return App(Table(routes), services, authenticate, lifespan, dict(mounts or {}), page_error)


class App:
    """See `build`."""

    def __init__(
        self,
        table: Table,
        services: Services,
        authenticate: Authenticate,
        lifespan: Lifespan | None,
        mounts: dict[str, ASGIApp],
        page_error: PageError | None,
    ) -> None:
        self.table = table
        self.services = services
        self.metrics = Metrics()
        self._authenticate = authenticate
        self._lifespan = lifespan
        self._mounts = mounts
        self._page_error = page_error
        self._limiter = services.extras.get(Limiter) or Limiter(services.db)
        self._cache: Cache | None = services.extras.get(Cache)
        self._trusted = services.settings.trusted_proxies
        self._security_headers = security.headers(services.settings)
        services.add(self._limiter)
        if self._cache is None and any(plan.route.cache for plan in table.plans):
            raise ValueError("A route is cached: wire a Cache into the services first")

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
        match = self.table.match(scope["method"], path)
        plan = match.plan
        headers: dict[bytes, bytes] = dict(scope["headers"])
        context = self._context(scope, receive, headers, match.path)
        answer: Answer | Response
        try:
            if plan is not None:
                answer = await self._serve(plan, context, headers, receive)
            else:
                answer = _without_route(scope["method"], match.allowed)
        except ClientDisconnect:
            return
        except Exception as error:  # noqa: BLE001 - This is the door: nothing passes beside it.
            answer = await self._failed(error, plan, context, headers)
        status = await self._send(answer, context, scope, receive, send)
        self.metrics.served(plan.name if plan else "unknown", status, perf_counter() - started)

    def _context(self, scope: Scope, receive: Receive, headers: dict[bytes, bytes], path: dict[str, str]) -> Context:
        client = scope.get("client")
        forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"] if self._trusted else ()
        given = _TRACEPARENT.match(headers.get(b"traceparent", b""))
        return Context(
            request=Request(scope, receive),
            services=self.services,
            locale=choose(headers, None),
            client_ip=proxies.client_address(client[0] if client else proxies.LOCAL, forwarded, self._trusted),
            trace_id=given[1].decode("ascii") if given else secrets.token_hex(16),
            path=path,
        )

    async def _serve(
        self, plan: Plan, context: Context, headers: dict[bytes, bytes], receive: Receive
    ) -> Answer | Response:
        """The steps of every request, in order."""
        route = plan.route
        body.check_declared(plan, headers)
        if plan.authenticates:
            await self._identify(plan, context, headers)
        tenant_scope.check_permission(route, context.actor)
        raw_query = context.request.scope["query_string"]
        query = plan.query.recall(raw_query)
        tenant, pairs = (query.tenant, []) if query is not None else plan.query.pairs(raw_query)
        await tenant_scope.resolve(route, context, tenant)
        if route.limits and (standing := await self._limiter.enforce(plan, context)) is not None:
            context.response_headers |= standing.headers
        query = query or plan.query.read(raw_query, tenant, pairs)
        context.query = query.shape
        _check_path(plan, context.path)
        if route.cache is not None:
            return await self._cached(plan, context, query.canonical)
        if plan.unsafe:
            await self._take_body(plan, context, headers, receive)
        return _answer(plan, await self._handle(plan, context))

    async def _identify(self, plan: Plan, context: Context, headers: dict[bytes, bytes]) -> None:
        if b"authorization" not in headers and b"cookie" not in headers:
            return
        try:
            context.actor = await self._authenticate(context)
        except Unauthenticated:
            # A public route serves a reader whose session has ended like any stranger.
            if plan.route.permission is not None:
                raise
        if context.actor is not None and context.actor.locale:
            context.locale = choose(headers, context.actor.locale)

    async def _cached(self, plan: Plan, context: Context, canonical_query: str) -> Answer:
        assert self._cache is not None
        lookup = await caching.look_up(self._cache, plan, context, canonical_query)
        if lookup.entry is not None:
            self.metrics.cached(plan.name, "HIT")
            return caching.answer(plan, context, lookup, lookup.entry, "HIT")
        self.metrics.cached(plan.name, "MISS")
        result = await self._handle(plan, context)
        return await caching.keep(self._cache, plan, context, lookup, encode(result))

    async def _take_body(self, plan: Plan, context: Context, headers: dict[bytes, bytes], receive: Receive) -> None:
        """Read and parse the body, and refuse what another site made a browser send."""
        session = context.actor is not None and context.actor.kind is ActorKind.SESSION
        form = body.media_type(headers) == FORM
        guarded = session or (plan.route.page and context.actor is None)
        if session or plan.route.permission is None:
            csrf.check_site(self.services.settings, headers)
        if plan.body_kind is not BodyKind.NONE or (guarded and form):
            context.raw = await body.read(receive, headers, plan.route.body_limit)
        if guarded:
            sent = headers.get(csrf.HEADER, b"").decode("latin-1")
            if not sent and form:
                sent = dict(body.form_pairs(context.raw)).get(body.CSRF_FIELD, "")
            csrf.check_token(context, sent)
        if plan.body_kind is BodyKind.PARSED:
            context.body = body.parse(plan, context.raw, body.media_type(headers))

    async def _handle(self, plan: Plan, context: Context) -> Any:  # noqa: ANN401 - What a handler answers.
        try:
            with bound(trace_id=context.trace_id):
                async with asyncio.timeout(plan.timeout_s) as timer:
                    return await plan.route.handler(context)
        except TimeoutError:
            if timer.expired():
                raise HandlerTimeout(seconds=plan.timeout_s) from None
            raise

    async def _failed(
        self, error: Exception, plan: Plan | None, context: Context, headers: dict[bytes, bytes]
    ) -> Answer | Response:
        """The one door through which failures leave."""
        problem = self._problem(error, plan, context)
        self.metrics.refused(problem.code)
        # What the handler meant to say about its answer does not hold for a failure, except for the limit's standing.
        context.response_headers = {
            name: value for name, value in context.response_headers.items() if name.startswith("x-ratelimit-")
        }
        by_browser = context.request.method in {"GET", "HEAD"} and b"text/html" in headers.get(b"accept", b"")
        if self._page_error is not None and (plan.route.page if plan is not None else by_browser):
            try:
                return await self._page_error(context, problem)
            except Exception as failure:  # noqa: BLE001 - Then the reader gets the plain document.
                _log.error("http.error_page_failed", trace_id=context.trace_id, failure=describe(failure))
        answer = problems.answer(
            problem, locale=context.locale, instance=context.request.scope["path"], trace_id=context.trace_id
        )
        if not context.raw and body.is_long(headers):
            answer.headers["connection"] = "close"  # Else the server reads, and drops, the rest of what is sent.
        return answer

    @staticmethod
    def _problem(error: Exception, plan: Plan | None, context: Context) -> Problem:
        if isinstance(error, Problem):
            return error
        route = plan.name if plan else "unknown"
        if isinstance(error, psycopg.OperationalError):
            _log.warning("http.database_failed", route=route, error=type(error).__name__, trace_id=context.trace_id)
            return Unavailable(retry_after=1)
        _log.error("http.failed", route=route, trace_id=context.trace_id, failure=describe(error))
        return Problem()

    async def _send(
        self, answer: Answer | Response, context: Context, scope: Scope, receive: Receive, send: Send
    ) -> int:
        common = [*self._security_headers, (b"x-trace-id", context.trace_id.encode("ascii"))]
        if isinstance(answer, Answer):
            raw = answer.raw_headers(common, context.response_headers, context.cookies)
            await send_whole(send, answer.status, raw, b"" if scope["method"] == "HEAD" else answer.body)
            return answer.status
        for name, value in context.response_headers.items():
            answer.headers[name] = value
        answer.headers.setdefault("cache-control", "no-store")
        answer.raw_headers.extend(common)
        answer.raw_headers.extend((b"set-cookie", cookie.encode("latin-1")) for cookie in context.cookies)
        await answer(scope, receive, _without_body(send) if scope["method"] == "HEAD" else send)
        return answer.status_code

    async def _mount(self, prefix: str, mounted: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._security_headers]
            await send(message)

        await mounted(dict(scope, root_path=scope.get("root_path", "") + prefix), receive, send_secured)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol."""
        await receive()
        if self._lifespan is None:
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        started = False
        try:
            async with self._lifespan():
                started = True
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            _log.error("http.lifespan_failed", failure=describe(error))
            stage = "shutdown" if started else "startup"
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


def _answer(plan: Plan, result: Any) -> Answer | Response:  # noqa: ANN401 - What a handler answers.
    if isinstance(result, Answer | Response):
        return result
    if result is None:
        return Answer(204 if plan.route.status == 200 else plan.route.status)
    return Answer(plan.route.status, encode(result))


def _check_path(plan: Plan, path: dict[str, str]) -> None:
    for name in plan.uuid_parameters:
        require_uuid(name, path[name])
    if any("\0" in value for value in path.values()):
        raise NotFound  # No name holds a NUL character, and PostgreSQL takes none.


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
