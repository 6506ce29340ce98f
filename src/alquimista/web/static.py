"""The assets over HTTP: compressed at build time, immutable under their versioned address, found by name alone."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from alquimista.web import assets

_FOREVER = "public, max-age=31536000, immutable"
_BRIEF = "public, max-age=60"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI, mounted at /static. A page of the version before, still open during an upgrade, gets today's file."""
    request = Request(scope, receive)
    await _answer(request)(scope, receive, send)


def _answer(request: Request) -> Response:
    if request.method not in {"GET", "HEAD"}:
        return PlainTextResponse("", 405, {"Allow": "GET, HEAD"})
    version, _, name = request.scope["path"].strip("/").removeprefix("static/").partition("/")
    asset = assets.catalogue().get(name)
    if asset is None:
        return PlainTextResponse("", 404)
    encoding, body = asset.best(request.headers.get("accept-encoding", ""))
    etag = f'"{assets.version()}-{encoding or "plain"}"'
    headers = {
        "Cache-Control": _FOREVER if version == assets.version() else _BRIEF,
        "ETag": etag,
        "Vary": "Accept-Encoding",
    }
    if encoding:
        headers["Content-Encoding"] = encoding
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=asset.content_type, headers=headers)
