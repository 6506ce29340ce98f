"""The least that can answer `GET /tenant/usage`: a bare ASGI callable over our own service. MODE: query or cached.

It verifies the token, checks the role, reads through the product's executor and encodes with msgspec. What ours takes
beyond it is the price of our HTTP layer: routing, limits, the trace id, security headers, metrics, error documents.
"""

import hashlib
import json
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from alquimista.access import ROLE_PERMISSIONS, Permission, Role
from alquimista.config import load
from alquimista.dashboards import service
from alquimista.dashboards.models.figures import Period
from alquimista.db.pool import Database
from alquimista.errors import Problem

Headers = list[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

REMEMBER_S: Final = 30
KEEP_S: Final = 600
CACHED: Final = os.environ["MODE"] == "cached"
NOTHING: Final[Headers] = [(b"content-length", b"0")]


class Reader(NamedTuple):
    """Whose token it is, and until when that is remembered."""

    tenant_id: UUID
    may_read: bool
    until: float


class Kept(NamedTuple):
    """An answer, its headers and until when it is kept."""

    headers: Headers
    body: bytes
    until: float


settings = load({name: value for name, value in os.environ.items() if name.startswith("ALQUIMISTA_")})
database = Database(settings, settings.database_pool)
encode = msgspec.json.Encoder().encode
keys = {key["kid"]: ECKey.import_key(key) for key in json.loads(Path(os.environ["JWKS_FILE"]).read_text())["keys"]}
readers: dict[bytes, Reader] = {}
kept: dict[tuple[bytes, bytes], Kept] = {}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        return await live(receive, send)
    if scope["path"] == "/tenant/usage":
        status, headers, body = await usage(scope["headers"], scope["query_string"])
    else:
        status, headers, body = 200 if scope["path"] == "/health" else 404, NOTHING, b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    return await send({"type": "http.response.body", "body": body})


async def live(receive: Receive, send: Send) -> None:
    await receive()
    await database.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await database.close()
    await send({"type": "lifespan.shutdown.complete"})


async def usage(headers: Iterable[tuple[bytes, bytes]], query: bytes) -> tuple[int, Headers, bytes]:
    token = next((value for name, value in headers if name == b"authorization"), b"").removeprefix(b"Bearer ")
    digest = hashlib.sha256(token).digest()
    reader = readers.get(digest)
    if reader is None or reader.until <= time.time():
        try:
            reader = readers[digest] = verified(token)
        except (JoseError, ValueError, KeyError, IndexError):
            return 401, NOTHING, b""
    if not reader.may_read:
        return 403, NOTHING, b""
    found = kept.get((digest, query)) if CACHED else None
    if found is not None and found.until > time.time():
        return 200, found.headers, found.body
    try:
        period = Period(query.decode().removeprefix("period="))
        tenant = database.tenant(reader.tenant_id)
        body = encode(await service.tenant_usage(tenant, reader.tenant_id, period, None, datetime.now(UTC)))
    except ValueError:
        return 400, NOTHING, b""
    except Problem as problem:
        return problem.status, NOTHING, b""
    sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if CACHED:
        sent.append((b"etag", b'"' + hashlib.blake2b(body, digest_size=16).hexdigest().encode() + b'"'))
        kept[digest, query] = Kept(sent, body, time.time() + KEEP_S)
    return 200, sent, body


def verified(token: bytes) -> Reader:
    """What the token says.

    Raises:
        JoseError, ValueError, KeyError, IndexError: it is not a good access token of a person.
    """
    header = jws.extract_compact(token).headers()
    if header["typ"] != "at+jwt":
        raise ValueError(header["typ"])
    claims = jwt.decode(token, keys[header["kid"]], algorithms=["ES256"]).claims
    rules = jwt.JWTClaimsRegistry(
        now=int(time.time()),
        leeway=5,
        iss={"essential": True, "value": settings.public_url},
        aud={"essential": True, "value": "alquimista"},
        exp={"essential": True},
    )
    rules.validate(claims)
    role = Role(claims["cognito:groups"][0])
    may_read = Permission.USAGE_READ in ROLE_PERMISSIONS[role] and not role.internal
    tenant_id = UUID(claims["custom:tenant_id"]) if may_read else UUID(int=0)
    return Reader(tenant_id, may_read, min(time.time() + REMEMBER_S, float(claims["exp"])))
