"""The one door: every failure is a problem document, in two languages, without what is inside."""

import asyncio
import importlib
import pkgutil
import re

import psycopg
import structlog
from starlette.responses import HTMLResponse

import alquimista
from alquimista.errors import Conflict, FieldError, Invalid, Problem, TooManyRequests, Unavailable
from alquimista.http.failures import describe
from alquimista.i18n import N_, portuguese
from support.web import guarded, route


def failing(error: BaseException, **fields: object):
    async def handler(_context):
        raise error

    return route("GET", "/x", handler=handler, **fields)


async def test_a_problem_document_has_every_member(connect):
    problem = Conflict(errors=(FieldError("data.agent_id", N_("This field is required."), "required"),))
    answer = await connect(failing(problem)).get("/x")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    trace_id = answer.json().pop("trace_id")
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert trace_id == answer.headers["x-trace-id"]
    assert {name: value for name, value in answer.json().items() if name != "trace_id"} == {
        "type": "urn:alquimista:problem:conflict",
        "title": "Conflict",
        "status": 409,
        "detail": "The present state does not allow this.",
        "instance": "/x",
        "error": "conflict",
        "message": "The present state does not allow this.",
        "errors": [{"field": "data.agent_id", "code": "required", "reason": "This field is required."}],
    }


async def test_a_problem_speaks_the_readers_language(connect):
    client = connect(failing(Invalid.of("a", N_("Give {n} or more.", n=3))))
    answer = await client.get("/x", headers={"accept-language": "pt"})
    assert answer.headers["content-language"] == "pt-BR"
    assert answer.json()["errors"][0]["reason"] == "Informe 3 ou mais."


async def test_the_callers_trace_is_kept_and_nonsense_is_not(connect):
    client = connect(route("GET", "/x"))
    given = "0af7651916cd43dd8448eb211c80319c"
    kept = await client.get("/x", headers={"traceparent": f"00-{given}-b7ad6b7169203331-01"})
    assert kept.headers["x-trace-id"] == given
    for nonsense in (
        "x",
        f"00-{given.upper()}-b7ad6b7169203331-01",
        "00-00-00-00",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
    ):
        fresh = await client.get("/x", headers={"traceparent": nonsense})
        assert re.fullmatch("[0-9a-f]{32}", fresh.headers["x-trace-id"])
        assert fresh.headers["x-trace-id"] not in {given, "0" * 32}


async def test_an_unexpected_failure_is_500_with_nothing_from_inside(connect):
    async def handler(context):
        context.response_headers["Cache-Control"] = "public, max-age=99"
        raise RuntimeError("SELECT secret FROM vault")

    with structlog.testing.capture_logs() as logs:
        answer = await connect(route("GET", "/x", handler=handler)).get("/x")
    assert (answer.status_code, answer.json()["error"]) == (500, "internal_error")
    assert answer.headers["cache-control"] == "no-store"
    assert "vault" not in answer.text
    assert "Traceback" not in answer.text
    (line,) = logs
    assert line["trace_id"] == answer.json()["trace_id"]
    assert "RuntimeError: SELECT secret" in line["failure"]


async def test_a_database_that_is_gone_or_full_is_503(connect):
    for error in (psycopg.OperationalError("server closed the connection"), psycopg.errors.TooManyConnections("full")):
        answer = await connect(failing(error)).get("/x")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "server closed" not in answer.text


async def test_problems_that_ask_to_wait_say_how_long(connect):
    for error, status in ((TooManyRequests(retry_after=7), 429), (Unavailable(retry_after=7), 503)):
        answer = await connect(failing(error)).get("/x")
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
        assert "7 seconds" in answer.json()["detail"]


async def test_a_handler_that_takes_too_long_is_stopped(connect, monkeypatch):
    monkeypatch.setattr("alquimista.http.plan.CLIENT_TIMEOUT_S", 0.01)

    async def forever(_context):
        await asyncio.Event().wait()

    answer = await connect(route("GET", "/x", handler=forever)).get("/x")
    assert (answer.status_code, answer.json()["error"]) == (503, "timeout")

    async def slow(_context):
        await asyncio.sleep(0.05)

    assert (await connect(route("GET", "/x", handler=slow, timeout_s=10)).get("/x")).status_code == 204


async def test_a_handlers_own_timeout_is_not_taken_for_ours(connect):
    assert (await connect(failing(TimeoutError())).get("/x")).status_code == 500


async def test_a_page_shows_its_problems_as_a_page(connect):
    seen = []

    async def page_error(context, problem):
        seen.append((context.request.url.path, problem.code))
        return HTMLResponse(f"<h1>{problem.code}</h1>", problem.status)

    browser = {"accept": "text/html,*/*"}
    client = connect(
        guarded("GET", "/app", page=True), guarded("GET", "/api"), route("GET", "/p", page=True), page_error=page_error
    )
    answer = await client.get("/app", headers=browser)
    assert (answer.status_code, answer.text) == (401, "<h1>unauthenticated</h1>")
    assert answer.headers["x-frame-options"] == "DENY"
    assert (await client.get("/nowhere", headers=browser)).text == "<h1>not_found</h1>"
    assert (await client.get("/nowhere")).headers["content-type"] == "application/problem+json"
    assert (await client.get("/api", headers=browser)).headers["content-type"] == "application/problem+json"
    assert (await client.get("/p?x=1", headers=browser)).text == "<h1>validation_error</h1>"
    assert seen[0] == ("/app", "unauthenticated")


async def test_an_error_page_that_fails_gives_way_to_the_document(connect):
    async def page_error(_context, _problem):
        raise RuntimeError

    answer = await connect(failing(Conflict(), page=True), page_error=page_error).get("/x")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")


def test_a_log_line_about_a_database_error_holds_no_values():
    cause = psycopg.errors.UniqueViolation("Key (email)=(maria@example.com) already exists")
    outer = RuntimeError("outer")
    outer.__cause__ = cause
    text = describe(outer)
    assert text.startswith("RuntimeError: outer")
    assert "caused by UniqueViolation: SQLSTATE 23505" in text
    assert "maria" not in text


def every_problem() -> set[type[Problem]]:
    for module in pkgutil.walk_packages(alquimista.__path__, "alquimista."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, pending = {Problem}, [Problem]
    while pending:
        children = pending.pop().__subclasses__()
        found.update(children)
        pending.extend(children)
    return {kind for kind in found if kind.__module__.startswith("alquimista.")}


def test_every_problem_has_its_portuguese_and_a_family_status():
    kinds = every_problem()
    assert len(kinds) > 20
    known = portuguese()
    for kind in kinds:
        assert kind.status in {400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 429, 500, 502, 503}, kind
        assert re.fullmatch("[a-z0-9_]+", kind.code), kind
        for text in (kind.title, kind.message):
            assert text.template in known, f"{kind.__name__}: {text.template}"


def test_no_two_problems_share_a_code_with_different_statuses():
    statuses: dict[str, set[int]] = {}
    for kind in every_problem():
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert not {code for code, found in statuses.items() if len(found) > 1}
