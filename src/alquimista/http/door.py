"""The one door through which every failure leaves: as a problem document, or as a page where a person reads."""

from collections.abc import Awaitable, Callable
from typing import Final

import psycopg
import structlog
from starlette.responses import Response

from alquimista.errors import Problem, TooManyRequests, Unavailable
from alquimista.http import body, problems
from alquimista.http.context import Context
from alquimista.http.failures import describe
from alquimista.http.metrics import Metrics
from alquimista.http.plan import Plan
from alquimista.http.responses import Answer

PageError = Callable[[Context, Problem], Awaitable[Response]]
_READING: Final = frozenset({"GET", "HEAD"})
_log = structlog.get_logger("alquimista.http")


class Door:
    """See the module. `page_error` renders problems for people."""

    def __init__(self, metrics: Metrics, page_error: PageError | None) -> None:
        self._metrics = metrics
        self._page_error = page_error

    async def answer(self, error: Exception, plan: Plan | None, context: Context) -> Answer | Response:
        """What the reader gets instead of the answer. Nothing from inside is shown; the log has it by its trace id."""
        problem = _problem(error, plan, context)
        self._metrics.refused(problem.code)
        context.response_headers = {}  # What the handler meant to say about its answer does not hold for a failure.
        if isinstance(problem, TooManyRequests):
            context.standing = None  # The limit that is used up tells its own.
        if self._page_error is not None and _is_read_by_a_person(plan, context):
            try:
                return await self._page_error(context, problem)
            except Exception as failure:  # noqa: BLE001 - Then the reader gets the plain document.
                _log.error("http.error_page_failed", trace_id=context.trace_id, failure=describe(failure))
        instance = context.scope["path"]
        answer = problems.answer(problem, locale=context.locale, instance=instance, trace_id=context.trace_id)
        if not context.raw and body.is_long(context.headers):
            answer.headers["connection"] = "close"  # Else the server reads, and drops, the rest of what is sent.
        return answer


def _is_read_by_a_person(plan: Plan | None, context: Context) -> bool:
    if plan is not None:
        return plan.route.page
    return context.scope["method"] in _READING and b"text/html" in context.headers.get(b"accept", b"")


def _problem(error: Exception, plan: Plan | None, context: Context) -> Problem:
    if isinstance(error, Problem):
        return error
    route = plan.name if plan else "unknown"
    if isinstance(error, psycopg.OperationalError):
        _log.warning("http.database_failed", route=route, error=type(error).__name__, trace_id=context.trace_id)
        return Unavailable(retry_after=1)
    _log.error("http.failed", route=route, trace_id=context.trace_id, failure=describe(error))
    return Problem()
