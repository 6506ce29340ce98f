"""The steps of a request that has a route, always in this order.

Size and media type, authentication, permission and tenant, rate limits, query, cache, body, handler, encoding.
"""

import asyncio
from typing import Any

from starlette.responses import Response
from starlette.types import Receive
from structlog.contextvars import bind_contextvars

from alquimista.access import ActorKind
from alquimista.cache.store import Cache
from alquimista.errors import NotFound, Unauthenticated
from alquimista.http import body, caching, csrf, locale, security, tenant_scope
from alquimista.http.caching import Hit
from alquimista.http.context import Context, current, require_uuid
from alquimista.http.crowd import Crowd
from alquimista.http.limits import Limiter
from alquimista.http.metrics import Metrics
from alquimista.http.plan import FORM, BodyKind, Plan
from alquimista.http.refusals import ForeignTenant, HandlerTimeout
from alquimista.http.repeats import Repeats
from alquimista.http.responses import Answer, encode
from alquimista.http.routes import Authenticate, Foreign
from alquimista.wiring import Services


class Steps:
    """What the steps need besides the request."""

    def __init__(
        self,
        services: Services,
        authenticate: Authenticate,
        metrics: Metrics,
        crowd: Crowd,
        repeats: Repeats,
        foreign: Foreign | None,
    ) -> None:
        self._settings = services.settings
        self._authenticate = authenticate
        self._metrics = metrics
        self._crowd = crowd
        self._repeats = repeats
        self._foreign = foreign
        self._limiter = services.get(Limiter)
        self._cache: Cache | None = services.extras.get(Cache)
        self._security_headers = list(security.headers(services.settings))

    async def serve(self, plan: Plan, context: Context, receive: Receive) -> Answer | Hit | Response:
        """The route's answer.

        Raises:
            Problem: a step refused the request.
            ClientDisconnect: nobody waits for an answer.
        """
        route = plan.route
        body.check_declared(plan, context.headers)
        if plan.authenticates:
            await self._identify(plan, context)
        tenant_scope.check_view(route, context.actor, unsafe=plan.unsafe)
        tenant_scope.check_permission(route, context.actor, context.path)
        raw_query = context.scope["query_string"]
        query = plan.query.recall(raw_query)
        tenant, pairs = (query.tenant, []) if query is not None else plan.query.pairs(raw_query)
        await self._resolve(plan, context, tenant)
        if plan.limits:
            if "path" in plan.tenant_in:
                context.about = tenant_scope.named(context.path[plan.tenant_in["path"]])
            context.standing = await self._limiter.enforce(plan.limits, context)
        query = query or plan.query.read(raw_query, tenant, pairs)
        context.query = query.shape
        if context.path:
            _check_path(plan, context.path)
        if plan.named_limits and "query" in plan.tenant_in:
            await self._count_named(plan, context, getattr(query.shape, plan.tenant_in["query"]))
        if route.cache is not None:
            return await self._cached(plan, context, query.canonical)
        if plan.unsafe:
            await self._take_body(plan, context, receive)
            if plan.named_limits and "body" in plan.tenant_in:
                await self._count_named(plan, context, getattr(context.body, plan.tenant_in["body"]))
        return _answer(plan, await _handle(plan, context))

    async def _resolve(self, plan: Plan, context: Context, tenant: str | None) -> None:
        """Settle which company the request is about; who named one that is not theirs is told of before refused."""
        try:
            await tenant_scope.resolve(plan.route, context, tenant)
        except ForeignTenant:
            if self._foreign is not None:
                await self._foreign(context, plan.name)
            raise

    async def _count_named(self, plan: Plan, context: Context, value: object) -> None:
        """Take the request from the limits of the company that it turned out to name."""
        context.about = tenant_scope.named(value)
        standing, before = await self._limiter.enforce(plan.named_limits, context), context.standing
        if standing is not None and (before is None or standing.remaining < before.remaining):
            context.standing = standing

    async def _identify(self, plan: Plan, context: Context) -> None:
        if b"authorization" not in context.headers and b"cookie" not in context.headers:
            return
        try:
            context.passive = plan.route.passive
            context.actor = await self._authenticate(context)
        except Unauthenticated:
            # A public route serves a reader whose session has ended like any stranger.
            if plan.route.permission is not None:
                raise
        if context.actor is not None and context.actor.locale:
            context.locale = locale.choose(context.headers, context.actor.locale)

    async def _cached(self, plan: Plan, context: Context, canonical_query: str) -> Answer | Hit:
        assert self._cache is not None
        rule = plan.route.cache
        if rule is not None and rule.seen is not None:
            await rule.seen(context)
        lookup = await caching.look_up(self._cache, plan, context, canonical_query)
        if lookup.entry is not None:
            self._metrics.cached(plan.name, "HIT")
            self._repeats.note(plan, context, lookup.place)
            return caching.hit(plan, context, lookup, lookup.entry, self._security_headers)
        self._metrics.cached(plan.name, "MISS")
        result = await _handle(plan, context)
        return await caching.keep(self._cache, plan, context, lookup, encode(result))

    async def _take_body(self, plan: Plan, context: Context, receive: Receive) -> None:
        """Read and parse the body, and refuse what another site made a browser send."""
        media = body.media_type(context.headers)
        session = context.actor is not None and context.actor.kind is ActorKind.SESSION
        guarded = session or (plan.route.page and context.actor is None)
        if session or plan.route.permission is None:
            csrf.check_site(self._settings, context.headers)
        if plan.body_kind is not BodyKind.NONE or (guarded and media == FORM):
            with self._crowd.aside():
                context.raw = await body.read(receive, context.headers, plan.route.body_limit)
        if guarded:
            sent = context.headers.get(csrf.HEADER, b"").decode("latin-1")
            if not sent and media == FORM:
                sent = dict(body.form_pairs(context.raw, plan.route.form_fields)).get(body.CSRF_FIELD, "")
            csrf.check_token(context, sent)
        if plan.body_kind is BodyKind.PARSED:
            context.body = body.parse(plan, context.raw, media)


async def _handle(plan: Plan, context: Context) -> Any:  # noqa: ANN401 - What a handler answers.
    token = current.set(context)
    try:
        bind_contextvars(trace_id=context.trace_id)  # Of this task, which ends with the request.
        async with asyncio.timeout(plan.timeout_s) as timer:
            return await plan.route.handler(context)
    except TimeoutError:
        if timer.expired():
            raise HandlerTimeout(seconds=plan.timeout_s) from None
        raise
    finally:
        current.reset(token)


def _check_path(plan: Plan, path: dict[str, str]) -> None:
    for name in plan.uuid_parameters:
        require_uuid(name, path[name])
    if any("\0" in value for value in path.values()):
        raise NotFound  # No name holds a NUL character, and PostgreSQL takes none.


def _answer(plan: Plan, result: Any) -> Answer | Response:  # noqa: ANN401 - What a handler answers.
    if isinstance(result, Answer | Response):
        return result
    if result is None:
        return Answer(204 if plan.route.status == 200 else plan.route.status)
    return Answer(plan.route.status, encode(result))
