"""Cross-site request forgery: who may send an unsafe request with a browser's cookie.

A signed-in session's token is an HMAC of its id, so it can be neither planted nor kept beyond the session. A public
form (the login) has no session yet: a random cookie takes its place, and the form must show that cookie's HMAC.

Pages travel compressed, and a length that tells what a page repeats must not tell the token: each time that it is
written it is mixed with other random bytes, which stand before it (decision 60).
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
_HEX: Final = frozenset("0123456789abcdef")
_SIZE: Final = hashlib.sha256().digest_size


def token(context: Context) -> str:
    """The token that a page's forms and scripts must send back, another text each time.

    Sets the cookie that a public form needs.
    """
    settings = context.services.settings
    if context.actor is not None and context.actor.kind is ActorKind.SESSION:
        return _masked(_sign(settings, f"session:{context.actor.session_id}"))
    seed = context.request.cookies.get(cookie_name(settings, COOKIE), "")
    if not seed:
        seed = secrets.token_urlsafe(24)
        context.cookies.append(set_cookie(settings, COOKIE, seed))
    return _masked(_sign(settings, f"anonymous:{seed}"))


def check_site(settings: Settings, headers: dict[bytes, bytes]) -> None:
    """Refuse what a browser itself says another site sent.

    Raises:
        CrossSite: Sec-Fetch-Site or Origin names another site.
    """
    if asked_by_another_site(headers):
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


def asked_by_another_site(headers: dict[bytes, bytes]) -> bool:
    """Whether the browser says that a page of another site made it ask."""
    return headers.get(b"sec-fetch-site", b"none") not in {b"same-origin", b"none"}


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
    if not hmac.compare_digest(_unmasked(sent), expected):
        raise CrossSite


def _masked(signature: bytes) -> str:
    mask = secrets.token_bytes(_SIZE)
    return (mask + _mixed(mask, signature)).hex()


def _unmasked(sent: str) -> bytes:
    """The signature that a token holds; nothing for what is none."""
    if len(sent) != 4 * _SIZE or not _HEX.issuperset(sent):
        return b""
    raw = bytes.fromhex(sent)
    return _mixed(raw[:_SIZE], raw[_SIZE:])


def _mixed(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(_SIZE)


def _sign(settings: Settings, binding: str) -> bytes:
    return hmac.digest(_key(settings), binding.encode(), hashlib.sha256)


@lru_cache(maxsize=8)
def _key(settings: Settings) -> bytes:
    return derive(settings, "csrf tokens")
