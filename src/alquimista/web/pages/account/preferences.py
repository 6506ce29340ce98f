"""The reader's language, kept in a cookie. The theme is the browser's own affair (frontend/src/theme.js)."""

from typing import Final, Literal

import msgspec
from starlette.responses import RedirectResponse, Response

from alquimista.http.context import Context
from alquimista.http.locale import COOKIE
from alquimista.http.security import is_https
from alquimista.identity.models.oidc import local_path
from alquimista.web.pages.routing import post

_ONE_YEAR: Final = 365 * 24 * 3600


class LanguageForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chosen language, and the page to return to."""

    language: Literal["pt-BR", "en"]
    redirect: str = "/"


async def language(context: Context) -> Response:
    """Remember the language and return to the page, when it is one of ours."""
    remember(context, context.body.language)
    return RedirectResponse(local_path(context.body.redirect, "/"), 303)


def remember(context: Context, chosen: str | None) -> None:
    """Keep the language of this device; None gives it up, so that the account's and the browser's hold again."""
    secure = "; Secure" if is_https(context.services.settings) else ""
    age = _ONE_YEAR if chosen else 0
    context.cookies.append(f"{COOKIE}={chosen or ''}; Path=/; SameSite=Lax; HttpOnly; Max-Age={age}{secure}")


ROUTES: Final = (post("/preferences/language", language, "Choose the language", body=LanguageForm),)
