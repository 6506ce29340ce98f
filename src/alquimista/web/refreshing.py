"""Pages with a part that refreshes itself.

The browser names what it shows, and gets an answer only when that has changed.
"""

import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from starlette.responses import HTMLResponse, Response

from alquimista.config import Settings
from alquimista.db.crypto import derive
from alquimista.http.context import Context
from alquimista.web import views
from alquimista.web.rendering import fragment, page

_PROOF: Final = 24  # Characters.


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


def was_opened(context: Context, name: str, shown: str) -> bool:
    """Whether this session has opened the whole page, about this tenant: only the page says what proves it.

    Who asks for the part alone reads what the page shows; where opening the page is audited, that must be, too.
    """
    return hmac.compare_digest(shown[:_PROOF].encode(), _proof(context, name).encode())


def _seen(context: Context, name: str, values: Mapping[str, Any]) -> str:
    """The proof that the page was opened, and the hash of the part without these in it."""
    body = fragment(context.locale, f"dashboards/_{name}.html", now=context.now, seen="", **values)
    return _proof(context, name) + hashlib.blake2b(body.encode(), digest_size=12).hexdigest()


def _proof(context: Context, name: str) -> str:
    subject = f"{context.who.session_id}|{context.tenant}|{name}"
    return hmac.new(_key(context.services.settings), subject.encode(), hashlib.sha256).hexdigest()[:_PROOF]


@lru_cache(maxsize=8)
def _key(settings: Settings) -> bytes:
    return derive(settings, "pages that were opened")
