"""Bodies on their way in: bounded, decompressed within the bound, and parsed strictly."""

import asyncio
import json
import re
import zlib
from collections import Counter
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from alquimista.errors import FieldError, Invalid, TooLarge, UnsupportedMedia
from alquimista.http.explain import INT64, MAX_ERRORS, explain
from alquimista.http.plan import BodyKind, Plan
from alquimista.http.querystring import MAX_PARAMETERS
from alquimista.http.refusals import BodyTimeout, MalformedBody, UnsupportedEncoding
from alquimista.http.responses import JSON
from alquimista.i18n import N_

BODY_TIMEOUT_S: Final = 30
CSRF_FIELD: Final = "_csrf"
_THREAD_ABOVE: Final = 64 * 1024  # Compressed bytes; smaller bodies decompress faster than a thread starts.
_LONG: Final = 1024 * 1024
_WINDOW: Final = 8 * 1024
_SUSPICIOUS: Final = re.compile(rb"\\u0000|[0-9]{19}")

Headers = dict[bytes, bytes]


def media_type(headers: Headers) -> str:
    """The Content-Type without its parameters, in lower case."""
    return headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower().decode("latin-1")


def check_declared(plan: Plan, headers: Headers) -> None:
    """Refuse by the headers alone what need not be read.

    Raises:
        TooLarge: Content-Length is above the route's limit.
        UnsupportedMedia, UnsupportedEncoding: the media type or the encoding is not one that the route takes.
    """
    length = headers.get(b"content-length", b"0")
    limit = plan.route.body_limit
    if not length.isdigit() or int(length[:20]) > limit:
        raise TooLarge(limit=limit)
    if plan.body_kind is BodyKind.NONE or (length == b"0" and b"transfer-encoding" not in headers):
        return
    if media_type(headers) not in plan.media:
        raise UnsupportedMedia(accepted=", ".join(sorted(plan.media)))
    if headers.get(b"content-encoding", b"identity").lower() not in {b"identity", b"gzip"}:
        raise UnsupportedEncoding(headers={"Accept-Encoding": "gzip"})


def is_long(headers: Headers) -> bool:
    """Whether the body may go on for long: of unknown length, or above a mebibyte."""
    length = headers.get(b"content-length", b"0")
    return b"transfer-encoding" in headers or not length.isdigit() or int(length[:20]) > _LONG


async def read(receive: Receive, headers: Headers, limit: int) -> bytes:
    """The whole body, decompressed; neither form of it is above `limit` bytes.

    Raises:
        TooLarge, MalformedBody, BodyTimeout: as they say.
        ClientDisconnect: the client left.
    """
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await _read_all(receive, limit)
    except TimeoutError:
        raise BodyTimeout(seconds=BODY_TIMEOUT_S) from None
    if len(body) > limit:
        raise TooLarge(limit=limit)
    if headers.get(b"content-encoding", b"").lower() != b"gzip":
        return body
    if len(body) > _THREAD_ABOVE:
        return await asyncio.to_thread(gunzip, body, limit)
    return gunzip(body, limit)


async def _read_all(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        chunks.append(chunk)
        size += len(chunk)
        if not message.get("more_body", False):
            break
    return b"".join(chunks)


def gunzip(body: bytes, limit: int) -> bytes:
    """Decompress gzip, several members included, stopping as soon as the output is above `limit`.

    Raises:
        TooLarge: a bomb, or simply too much.
        MalformedBody: not gzip, damaged or cut off.
    """
    parts: list[bytes] = []
    left = limit
    member = None
    # By windows: zlib copies all that follows a member, so that a body of tiny members would cost its size squared.
    for start in range(0, len(body), _WINDOW):
        window = body[start : start + _WINDOW]
        while window:
            member = member or zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            try:
                part = member.decompress(window, left + 1)
            except zlib.error:
                raise MalformedBody(reason=N_("it is not valid gzip.")) from None
            if len(part) > left:
                raise TooLarge(limit=limit)
            parts.append(part)
            left -= len(part)
            window = member.unused_data
            member = None if member.eof else member
    if member is not None:
        raise MalformedBody(reason=N_("the gzip data is cut off."))
    return b"".join(parts)


def parse(plan: Plan, raw: bytes, media: str) -> Any:  # noqa: ANN401 - The route's own Struct.
    """The body in the route's shape.

    Raises:
        MalformedBody: no JSON or form at all, too deep, or not UTF-8.
        Invalid: wrong fields, each named.
    """
    return parse_form(plan, raw) if plan.form is not None and media != JSON else parse_json(plan, raw)


def parse_json(plan: Plan, raw: bytes) -> Any:  # noqa: ANN401 - As above.
    """A JSON body in the route's shape.

    Integers beyond 64 bits, NUL characters and repeated names are refused everywhere.
    """
    if not raw and not plan.body_optional:
        raise MalformedBody(reason=N_("it is empty; send JSON."))
    raw = raw or b"{}"
    try:
        if _SUSPICIOUS.search(raw) is not None:
            _refuse_unstorable(msgspec.json.decode(raw))
        shaped = plan.decode_json(raw)
        json.loads(raw, object_pairs_hook=_refuse_repeated)
    except msgspec.ValidationError as error:
        try:
            errors = explain(msgspec.json.decode(raw), plan.route.body, str(error))
        except RecursionError:
            raise MalformedBody(reason=N_("the JSON is nested too deeply.")) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise MalformedBody(reason=N_("it is not valid JSON.")) from None
        raise Invalid(errors=errors) from None
    except msgspec.DecodeError as error:
        position = re.search(r"\(byte (\d+)\)", str(error))
        if position is None:
            raise MalformedBody(reason=N_("the JSON is cut off or ends in half a character.")) from None
        raise MalformedBody(reason=N_("it is not valid JSON at byte {byte}.", byte=position[1])) from None
    except UnicodeDecodeError:
        raise MalformedBody(reason=N_("it is not valid UTF-8.")) from None
    except RecursionError:
        raise MalformedBody(reason=N_("the JSON is nested too deeply.")) from None
    return shaped


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> None:
    """A name that stands twice is read differently by different programs (RFC 8259, section 4)."""
    repeated = sorted(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)[:MAX_ERRORS]
    if repeated:
        raise Invalid(errors=tuple(FieldError(name, N_("Give this field once."), "repeated") for name in repeated))


def _refuse_unstorable(value: object) -> None:
    errors: list[FieldError] = []
    pending: list[tuple[str, object]] = [("", value)]
    while pending and len(errors) < MAX_ERRORS:
        path, item = pending.pop()
        if isinstance(item, dict):
            pending.extend((f"{path}.{name}" if path else name, inner) for name, inner in reversed(item.items()))
            if any("\0" in name for name in item):
                errors.append(FieldError(path, N_("Remove the NUL character."), "nul"))
        elif isinstance(item, list):
            pending.extend((f"{path}[{index}]", inner) for index, inner in reversed(list(enumerate(item))))
        elif isinstance(item, str) and "\0" in item:
            errors.append(FieldError(path, N_("Remove the NUL character."), "nul"))
        elif type(item) is int and item not in INT64:
            errors.append(FieldError(path, N_("The number is too large or too small."), "range"))
    if errors:
        raise Invalid(errors=tuple(errors))


def form_pairs(raw: bytes, most: int = MAX_PARAMETERS) -> list[tuple[str, str]]:
    """The fields of a URL-encoded form, `most` of them or fewer.

    Raises:
        MalformedBody: it is not one.
    """
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        raise MalformedBody(reason=N_("it is not a URL-encoded form in UTF-8.")) from None


def parse_form(plan: Plan, raw: bytes) -> Any:  # noqa: ANN401 - As above.
    """A form in the route's shape. An empty field counts as left out, since browsers send every input."""
    assert plan.form is not None
    return plan.form.shaped(
        [pair for pair in form_pairs(raw, plan.route.form_fields) if pair[0] != CSRF_FIELD and pair[1]]
    )
