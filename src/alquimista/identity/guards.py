"""From a request to its actor, and how often people act on accounts, by page and API together."""

from collections.abc import Callable
from typing import Final

from alquimista.access import Actor
from alquimista.config import Settings
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.http.security import SESSION_COOKIE, clear_cookie, cookie_name, set_cookie
from alquimista.identity.models.problems import InvalidToken, SessionEnded
from alquimista.identity.models.sessions import REFRESH_LIFE, Client, Opened
from alquimista.identity.service.authentication import by_bearer, by_cookie, remembered_bearer

# Each try shows whether a password or a code is right: counted one by one, by the person whose it is.
PROVING: Final = (Limit(count=10, seconds=60, per=("user",), exact=True, name="account.prove"),)
# Each is a mail to an address that somebody has typed.
INVITING: Final = (Limit(count=30, seconds=60, per=("user",), name="invitations.send"),)
GRANTING: Final = (Limit(count=60, seconds=60, per=("user",), name="grants.act"),)
REGISTERING: Final = (Limit(count=60, seconds=60, per=("user",), name="tenants.act"),)
TENANT_ACTS: Final = (Limit(count=60, seconds=60, per=("user", "tenant"), name="tenants.act"),)
VIEWING: Final = (Limit(count=30, seconds=60, per=("user", "tenant"), name="view_as.start"),)


async def authenticate(context: Context) -> Actor | None:
    """Who sends the request: by Authorization when there is one, otherwise by the session cookie; None for nobody.

    Raises:
        InvalidToken: the credential is not good.
        SessionEnded: it was, until its session ended; a browser's cookie is cleared.
        TenantSuspended: a good API key of a suspended company.
    """
    header = context.headers.get(b"authorization")
    if header is not None:
        scheme, _, token = header.decode("latin-1").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidToken
        return await by_bearer(context.services, token.strip())
    settings = context.services.settings
    cookie = context.request.cookies.get(cookie_name(settings, SESSION_COOKIE))
    if not cookie:
        return None
    actor = await by_cookie(context.services, cookie, passive=context.passive)
    if actor is None:
        context.cookies.append(clear_cookie(settings, SESSION_COOKIE))
        raise SessionEnded
    return actor


def remembered(context: Context) -> Callable[[], Actor | None]:
    """Asks, as often as one likes, whom `authenticate` would make of this Authorization without asking the database."""
    _, _, token = context.headers[b"authorization"].decode("latin-1").partition(" ")
    return remembered_bearer(context.services, token.strip())


def client_of(context: Context) -> Client:
    """Where a request comes from, for sessions and the audit."""
    agent = context.headers.get(b"user-agent", b"").decode("latin-1")[:512]
    return Client(ip=context.client_ip, user_agent=agent, locale=context.locale)


def session_cookie(settings: Settings, opened: Opened) -> str:
    """The Set-Cookie value of a browser's session just opened."""
    return set_cookie(settings, SESSION_COOKIE, opened.token, max_age=int(REFRESH_LIFE.total_seconds()))


def clear_session_cookie(settings: Settings) -> str:
    """The Set-Cookie value that makes the browser forget its session."""
    return clear_cookie(settings, SESSION_COOKIE)
