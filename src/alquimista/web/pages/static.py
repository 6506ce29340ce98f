"""The assets: compressed when they were built, immutable under their versioned address, found by name alone."""

from typing import Final

from starlette.responses import Response

from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import Route
from alquimista.web import assets

_FOREVER: Final = "public, max-age=31536000, immutable"
_BRIEF: Final = "public, max-age=60"


async def static(context: Context) -> Response:
    """One asset. A page of the version before, still open during an upgrade, gets today's file."""
    asset = assets.catalogue().get(context.path["name"])
    if asset is None:
        raise NotFound
    asked = context.request.headers
    encoding, body = asset.best(asked.get("accept-encoding", ""))
    current = context.path["version"] == assets.version()
    etag = f'"{assets.version()}-{encoding or "plain"}"'
    headers = {"Cache-Control": _FOREVER if current else _BRIEF, "ETag": etag, "Vary": "Accept-Encoding"}
    if asked.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(body, media_type=asset.content_type, headers=headers)


ROUTES: Final = (
    Route(
        method="GET",
        path="/static/{version}/{name}",
        handler=static,
        summary="The browser's assets",
        tag="pages",
        permission=None,
        kinds=frozenset(),
        documented=False,
    ),
)
