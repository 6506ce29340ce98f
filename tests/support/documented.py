"""Whether an answer is one that the OpenAPI document promises: its status, its media type and its body's shape."""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import msgspec

from alquimista.app import API
from alquimista.config import Settings
from alquimista.http import openapi

PROBLEM = "application/problem+json"
_PLAIN = Settings(secret_key="documents " * 5, database_url="postgresql://nobody@localhost:1/nothing")


@cache
def document() -> dict[str, Any]:
    """The document of the whole table, as a client reads it."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(openapi.build(API, _PLAIN)))
    return found


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Every path of the document as a pattern; those without parameters first."""
    paths = sorted(document()["paths"], key=lambda path: "{" in path)
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in paths]


@cache
def _validator(path: str, method: str, status: str, media: str) -> jsonschema_rs.Validator:
    answer = document()["paths"][path][method]["responses"][status]
    schema = answer["content"][media].get("schema", True)
    whole = {"allOf": [schema], "components": document()["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def complaint(method: str, path: str, status: int, media: str, body: bytes) -> str:
    """What is undocumented about an answer to a documented operation; empty when nothing is."""
    found = next((documented for pattern, documented in _patterns() if pattern.fullmatch(path)), None)
    operation = document()["paths"].get(found, {}).get(method.lower())
    if found is None or operation is None:
        return ""  # No operation of the document: a page, /metrics, a wrong address or method.
    answer = operation["responses"].get(str(status))
    if answer is None:
        return f"{method} {found} answers {status}, but documents {', '.join(operation['responses'])}"
    content = answer.get("content", {})
    if not content:
        return f"{method} {found} answers {status} with a body, but documents none" if body else ""
    if media not in content:
        return f"{method} {found} answers {status} as {media!r}, but documents {', '.join(content)}"
    if not media.endswith("json"):
        return ""
    errors = _validator(found, method.lower(), str(status), media).iter_errors(msgspec.json.decode(body))
    return "; ".join(f"{method} {found} {status} at {error.instance_path}: {error.message}" for error in errors)


def require_documented(answer: httpx.Response) -> None:
    """Fail when the document does not promise this answer. The body must have been read."""
    media = answer.headers.get("content-type", "").partition(";")[0]
    request = answer.request
    wrong = complaint(request.method, request.url.path, answer.status_code, media, answer.content)
    assert not wrong, wrong


async def hook(answer: httpx.Response) -> None:
    """`require_documented` for the event hooks of an asynchronous client."""
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        return
    await answer.aread()
    require_documented(answer)
