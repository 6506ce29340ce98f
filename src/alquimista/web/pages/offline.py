"""The page for when there is no server to ask, and the service worker that keeps it (frontend/src/offline.js)."""

from typing import Final

from starlette.responses import HTMLResponse, Response

from alquimista.http.context import Context
from alquimista.http.routes import Route
from alquimista.web import assets
from alquimista.web.pages.routing import get
from alquimista.web.rendering import page

WORKER: Final = "/offline.js"  # At the root: a worker serves what lies below its own address.


async def offline(context: Context) -> HTMLResponse:
    """The page, with nothing of the reader but the language."""
    return page(context, "errors/offline.html")


async def worker(_context: Context) -> Response:
    """The worker. Browsers compare it now and then: its first line has them fetch the page anew after an upgrade."""
    asset = assets.catalogue()["offline.js"]
    return Response(
        f"// {assets.version()}\n".encode() + asset.bodies[""],
        media_type=asset.content_type,
        headers={"Cache-Control": "no-cache"},
    )


ROUTES: Final = (
    get("/offline", offline, "What is shown without a connection"),
    Route(
        method="GET",
        path=WORKER,
        handler=worker,
        summary="The service worker",
        tag="pages",
        permission=None,
        kinds=frozenset(),
        documented=False,
    ),
)
