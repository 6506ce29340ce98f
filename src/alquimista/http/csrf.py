"""Cross-site request forgery: who may send an unsafe request with a browser's cookie.

A signed-in session's token is an HMAC of its id, so it can be neither planted nor kept beyond the session. A public
form (the login) has no session yet: a random cookie takes its place, and the form must show that cookie's HMAC.
"""

import hashlib
import hmac
import secrets
from functools import lru_cache
from typing import Final

from alquimista.access import ActorKind
from alquimista.config import Settings
from alquimista.db.crypto import derive
from alquimista.http.context import Context
from alquimista.http.refusals import CrossSite
from alquimista.http.security import cookie_name, origin, set_cookie

COOKIE: Final = "csrf"
HEADER: Final = b"x-csrf-token"


def token(context: Context) -> str:
    """The token that a page's forms and scripts must send back; sets the cookie that a public form needs."""
    settings = context.services.settings
    if context.actor is not None and context.actor.kind is ActorKind.SESSION:
        return _sign(settings, f"session:{context.actor.session_id}")
    seed = context.request.cookies.get(cookie_name(settings, COOKIE), "")
    if not seed:
        seed = secrets.token_urlsafe(24)
        context.cookies.append(set_cookie(settings, COOKIE, seed))
    return _sign(settings, f"anonymous:{seed}")


def check_site(settings: Settings, headers: dict[bytes, bytes]) -> None:
    """Refuse what a browser itself says another site sent.

    Raises:
        CrossSite: Sec-Fetch-Site or Origin names another site.
    """
    if headers.get(b"sec-fetch-site", b"none") not in {b"same-origin", b"none"}:
        raise CrossSite
    sent = headers.get(b"origin")
    if sent is None:
        return
    # A development server is reached by many names (localhost, 127.0.0.1): there the request's own Host will do.
    own = {origin(settings.public_url)}
    if not settings.production:
        own |= {f"{scheme}://{headers.get(b'host', b'').decode('latin-1').lower()}" for scheme in ("http", "https")}
    if sent.decode("latin-1").lower() not in own:
        raise CrossSite


def check_token(context: Context, sent: str) -> None:
    """Compare what the request sent (header or form field) with what it must be.

    Raises:
        CrossSite: missing, of another session, or forged.
    """
    settings = context.services.settings
    if context.actor is not None:
        expected = _sign(settings, f"session:{context.actor.session_id}")
    else:
        seed = context.request.cookies.get(cookie_name(settings, COOKIE), "")
        if not seed:
            raise CrossSite
        expected = _sign(settings, f"anonymous:{seed}")
    if not hmac.compare_digest(sent.encode(), expected.encode()):
        raise CrossSite


def _sign(settings: Settings, binding: str) -> str:
    return hmac.new(_key(settings), binding.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _key(settings: Settings) -> bytes:
    return derive(settings, "csrf tokens")
