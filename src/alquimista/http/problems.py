"""RFC 9457: how a Problem becomes an answer, for programs; pages render their own through `page_error`."""

from typing import Any

import msgspec

from alquimista.errors import FieldError, Problem, Unauthenticated
from alquimista.http.responses import Answer

MEDIA_TYPE = "application/problem+json"
_encode = msgspec.json.Encoder().encode


class ProblemField(msgspec.Struct, frozen=True):
    """One wrong field of a request."""

    field: str
    code: str
    reason: str


class ProblemDocument(msgspec.Struct, frozen=True):
    """Why a request failed and how to mend it; `error` and `message` serve the founding clients."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    message: str
    errors: list[ProblemField]
    trace_id: str


def document(problem: Problem, *, locale: str, instance: str, trace_id: str) -> ProblemDocument:
    """The problem in the reader's language. `instance` is the path, without its query."""
    detail = problem.detail.render(locale)
    return ProblemDocument(
        type=f"urn:alquimista:problem:{problem.code}",
        title=problem.title.render(locale),
        status=problem.status,
        detail=detail,
        instance=instance,
        error=problem.code,
        message=detail,
        errors=[_field(error, locale) for error in problem.errors],
        trace_id=trace_id,
    )


def _field(error: FieldError, locale: str) -> ProblemField:
    return ProblemField(field=error.field, code=error.code, reason=error.reason.render(locale))


def answer(problem: Problem, *, locale: str, instance: str, trace_id: str) -> Answer:
    """The problem as an answer: never stored by caches, with the headers that its class asks for."""
    headers: dict[str, Any] = {"cache-control": "no-store", "content-language": locale} | {
        name.lower(): value for name, value in problem.headers.items()
    }
    if isinstance(problem, Unauthenticated):
        headers.setdefault("www-authenticate", 'Bearer realm="alquimista"')
    body = _encode(document(problem, locale=locale, instance=instance, trace_id=trace_id))
    return Answer(problem.status, body, MEDIA_TYPE, headers)
