"""How many requests are at work at once, and the answer to one too many.

Beyond a thousand, a request is turned away before anything is asked about it, and without a task of its own: a tenth of
the work of refusing it at the end of the way, where a process at twice its capacity spent half of its time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from starlette.types import Scope

from alquimista.errors import Unavailable
from alquimista.http import body, health, locale, problems
from alquimista.http.context import new_trace_id
from alquimista.http.metrics import Metrics
from alquimista.http.responses import Head, Whole, written

MOST_AT_ONCE: Final = 1_000  # As many as wait for the database in db/executor.py.
_ALWAYS: Final = frozenset(route.path for route in health.ROUTES)


class Crowd:
    """The requests at work in this process.

    Those whose body is still coming do not count, since they cost nothing yet; nor do those whose answer is made, since
    whoever does not read it would hold their places.
    """

    def __init__(self, metrics: Metrics, common: Head) -> None:
        self._metrics = metrics
        self._common = common
        self.count = 0

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Not at work meanwhile."""
        self.count -= 1
        try:
            yield
        finally:
            self.count += 1

    def refusal(self, scope: Scope) -> Whole | None:
        """The answer that turns a request away; None when it is welcome, as questions about health always are."""
        if self.count < MOST_AT_ONCE or scope["path"] in _ALWAYS:
            return None
        problem, trace_id, headers = Unavailable(retry_after=1), new_trace_id(), dict(scope["headers"])
        self._metrics.refused(problem.code)
        answer = problems.answer(
            problem, locale=locale.choose(headers, None), instance=scope["path"], trace_id=trace_id
        )
        own = [(b"x-trace-id", trace_id.encode("ascii")), *answer.raw_headers({})]
        if body.is_long(headers):
            own.append((b"connection", b"close"))  # Else the server reads, and drops, the rest of what is sent.
        return answer.status, self._common.text, written(own), b"" if scope["method"] == "HEAD" else answer.body
