"""/docs: the user guide, for everybody, in the reader's language."""

from typing import Final

from starlette.responses import HTMLResponse

from alquimista.errors import NotFound
from alquimista.http.context import Context
from alquimista.http.routes import Limit
from alquimista.i18n import N_
from alquimista.web.pages.routing import get
from alquimista.web.public import guide
from alquimista.web.rendering import page


class NoSuchChapter(NotFound):
    message = N_("The guide has no such chapter.")


async def contents(context: Context) -> HTMLResponse:
    """Every chapter with its first sentences."""
    return page(context, "guide/contents.html", parts=guide.parts(context.locale))


async def chapter(context: Context) -> HTMLResponse:
    """One chapter, its headings, and those before and after."""
    found = guide.chapters(context.locale).get(context.path["slug"])
    if found is None:
        raise NoSuchChapter
    before, after = guide.beside(context.locale, found)
    return page(
        context, "guide/chapter.html", chapter=found, parts=guide.parts(context.locale), before=before, after=after
    )


_LIMITS: Final = (Limit(count=240, seconds=60, per=("ip",)),)
ROUTES: Final = (
    get(guide.PATH, contents, "The guide's contents", limits=_LIMITS),
    get(guide.PATH + "/{slug}", chapter, "A chapter of the guide", limits=_LIMITS),
)
