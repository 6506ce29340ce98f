"""Security headers of every answer, and cookies."""

from typing import Final
from urllib.parse import urlsplit

from alquimista.config import Settings

ONE_YEAR: Final = 31_536_000
SESSION_COOKIE: Final = "session"
_FIXED: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # The filter that this header steered is gone from browsers and was itself an attack surface: switched off.
    (b"x-xss-protection", b"0"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


def headers(settings: Settings) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of requirements 1.5, ready to send. HSTS only when people reach the platform over https."""
    # Chromium applies form-action to redirects too: forms that sign out of an external issuer, or go on to a payment
    # provider's page or to a service's consent, must be let through to it.
    abroad = settings.oidc_issuer or settings.payment_provider != "manual" or settings.google_client_id
    form_action = "'self' https:" if abroad else "'self'"
    policy = (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; "
        f"base-uri 'none'; object-src 'none'; form-action {form_action}"
    )
    fixed = (*_FIXED, (b"content-security-policy", policy.encode()))
    if not is_https(settings):
        return fixed
    return (*fixed, (b"strict-transport-security", b"max-age=%d; includeSubDomains" % ONE_YEAR))


def is_https(settings: Settings) -> bool:
    """Whether people reach the platform over https."""
    return settings.public_url.startswith("https://")


def cookie_name(settings: Settings, name: str) -> str:
    """The cookie's full name: `__Host-` pins it to this host and to https, which plain localhost lacks."""
    return f"__Host-{name}" if is_https(settings) else name


def set_cookie(settings: Settings, name: str, value: str, *, max_age: int | None = None, readable: bool = False) -> str:
    """A whole Set-Cookie value. `max_age` in seconds, None until the browser closes; `readable` by scripts.

    SameSite=Lax, not Strict, so that links in mails lead to a signed-in page.
    """
    parts = [f"{cookie_name(settings, name)}={value}", "Path=/", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if not readable:
        parts.append("HttpOnly")
    if is_https(settings):
        parts.append("Secure")
    return "; ".join(parts)


def clear_cookie(settings: Settings, name: str) -> str:
    """A Set-Cookie value that makes the browser forget the cookie."""
    return set_cookie(settings, name, "", max_age=0)


def origin(url: str) -> str:
    """The scheme, host and port of an address, as browsers write them in Origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
