import io
import json
import logging

import pytest
import structlog

from alquimista.config import Settings
from alquimista.observability.logs import bound, setup


@pytest.fixture
def lines():
    """`lines(production=…)` sets logging up and answers what reads it back. All is as before afterwards."""
    root = logging.getLogger()
    handlers, level, config = root.handlers, root.level, structlog.get_config()
    stream = io.StringIO()

    def start(environment="production", **more):
        setup(Settings(environment=environment, secret_key="x" * 32, **more), "web", stream)
        return lambda: stream.getvalue().splitlines()

    yield start
    root.handlers = handlers
    root.setLevel(level)
    structlog.configure(**config)


def test_a_line_is_one_json_object_with_the_trace_and_without_personal_data(lines) -> None:
    read = lines()
    with bound(trace_id="abc", tenant_id="t1"):
        structlog.get_logger("test").info("mail.sent", to="ana@example.com", password="x")
    (line,) = map(json.loads, read())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "mail.sent",
        "level": "info",
        "logger": "test",
        "process": "web",
        "trace_id": "abc",
        "tenant_id": "t1",
        "to": "a***@example.com",
        "password": "***",
    }


def test_exceptions_are_masked_on_one_line(lines) -> None:
    read = lines()
    try:
        int("ana@example.com")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    (line,) = map(json.loads, read())
    assert "ValueError: invalid literal for int() with base 10: 'a***@example.com'" in line["exception"]
    assert "ana@" not in line["exception"]


def test_libraries_log_through_the_same_masks(lines) -> None:
    read = lines()
    logging.getLogger("some.library").warning("login of %s failed", "ana@example.com")
    (line,) = map(json.loads, read())
    assert (line["event"], line["level"], line["logger"]) == (
        "login of a***@example.com failed",
        "warning",
        "some.library",
    )


def test_the_level_is_the_setting_and_chatty_libraries_are_quiet(lines) -> None:
    read = lines(log_level="info")
    structlog.get_logger("test").debug("hidden")
    logging.getLogger("httpx").info("hidden")
    logging.getLogger("uvicorn.access").info("hidden")
    assert read() == []


def test_development_lines_are_for_people(lines) -> None:
    read = lines(environment="development")
    structlog.get_logger("test").info("started", port=8080)
    (line,) = read()
    assert "started" in line
    assert "port=8080" in line
