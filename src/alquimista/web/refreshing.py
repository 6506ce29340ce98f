"""Pages with a part that refreshes itself.

The browser names what it shows, and gets an answer only when that has changed.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.responses import HTMLResponse, Response

from alquimista.http.context import Context
from alquimista.web import views
from alquimista.web.rendering import fragment, page


def whole(context: Context, name: str, values: Mapping[str, Any], notice: views.Notice | None) -> HTMLResponse:
    """The page dashboards/<name>.html, whose part dashboards/_<name>.html refreshes itself."""
    seen = _seen(context, name, values)
    return page(context, f"dashboards/{name}.html", seen=seen, notice=notice, **values)


def part(context: Context, name: str, values: Mapping[str, Any], shown: str) -> Response:
    """The part alone, or 204 when `shown` is its hash."""
    seen, headers = _seen(context, name, values), {"Cache-Control": "no-store"}
    if shown == seen:
        return Response(status_code=204, headers=headers)
    body = fragment(context.locale, f"dashboards/_{name}.html", now=context.now, seen=seen, **values)
    return HTMLResponse(body, headers=headers)


def _seen(context: Context, name: str, values: Mapping[str, Any]) -> str:
    """The hash of the part without its own hash in it."""
    body = fragment(context.locale, f"dashboards/_{name}.html", now=context.now, seen="", **values)
    return hashlib.blake2b(body.encode(), digest_size=12).hexdigest()
