"""/app/notifications: what one was told, and where one wants to be told."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse, RedirectResponse, Response

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.i18n import N_
from alquimista.identity.models.oidc import local_path
from alquimista.notifications import service
from alquimista.notifications.guards import READING, WRITING, owner_of
from alquimista.notifications.models import DEFAULTS, Category, Choice, MailWhen
from alquimista.web import refreshing
from alquimista.web.notifications import BADGES, Line, page_of
from alquimista.web.pages.routing import get, post
from alquimista.web.rendering import fragment, page
from alquimista.web.shell import Shell
from alquimista.web.tables import PAGE_SIZE, Table
from alquimista.web.views import Notice, query_of

PATH: Final = "/app/notifications"
_ROOM: Final = "notifications"
_LIST: Final = "list"
_PANEL_LINES: Final = 6
_MAILS: Final = {
    MailWhen.AT_ONCE: N_("As it happens"),
    MailWhen.DIGEST: N_("Daily digest"),
    MailWhen.OFF: N_("Never by mail"),
}
_SAVED: Final = Notice(N_("Saved. It holds for what comes from now on."), "good", "circle-check")
_MAIL_CHOICE: Final = "^({categories}):({whens})$(?!\n)".format(categories="|".join(DEFAULTS), whens="|".join(MailWhen))


class NotificationPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page, of all or of the unread ones. The pager's links name an order, though there is one only."""

    unread: bool = False
    page: Annotated[int, Meta(ge=1, le=1000)] = 1
    sort: str = ""
    order: str = ""
    seen: str = ""  # The hash of the part that the browser shows.


class ReadForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The page to return to."""

    redirect: str = PATH


class OpenForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: sending it is enough."""


class SavedQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the form was just saved."""

    saved: bool = False


class PreferencesForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The categories that the pages show, and for each the mails: `incident:digest`."""

    shown: Annotated[list[Category], Meta(max_length=20)] = []
    mail: Annotated[list[Annotated[str, Meta(pattern=_MAIL_CHOICE)]], Meta(max_length=20)] = []


async def listed(context: Context) -> Response:
    """A page of them."""
    return refreshing.whole(context, _LIST, await _part(context), None, room=_ROOM)


async def live(context: Context) -> Response:
    """The page of them as it is now, or 204 when the browser shows it already."""
    return refreshing.answer(context, _LIST, await _part(context), context.query.seen)


async def _part(context: Context) -> refreshing.Part:
    query: NotificationPage = context.query
    owner = owner_of(context)
    conn = context.db.tenant(owner.tenant_id)
    number = query.page
    found, total, unread = await service.page(conn, owner, PAGE_SIZE, (number - 1) * PAGE_SIZE, unread=query.unread)
    pages = max(1, -(-total // PAGE_SIZE))
    if number > pages:
        number = pages
        found, *_ = await service.page(conn, owner, PAGE_SIZE, (number - 1) * PAGE_SIZE, unread=query.unread)
    table = Table(
        id="notifications",
        rows=tuple(Line.of(one, context.services.settings.public_url) for one in found),
        total=total,
        page=number,
        pages=pages,
        sort="time",
        descending=True,
        path=PATH,
        query={"unread": "true"} if query.unread else {},
        target="notifications",
    )
    shown = {**table.query, **({"page": str(number)} if number > 1 else {})}
    values = {
        "shell": Shell.of(context),
        "table": table,
        "unread": unread,
        "only_unread": query.unread,
        "here": query_of(PATH, shown) if shown else PATH,
        "live_url": query_of(f"{PATH}/live", {**table.query, "page": str(number)}),
    }
    return refreshing.made(context, _LIST, "", values, room=_ROOM)


async def panel(context: Context) -> Response:
    """What the bell shows: the newest."""
    owner = owner_of(context)
    found, total, unread = await service.page(context.db.tenant(owner.tenant_id), owner, _PANEL_LINES, 0, unread=False)
    lines = [Line.of(one, context.services.settings.public_url) for one in found]
    html = fragment(
        context.locale,
        "notifications/_panel.html",
        shell=Shell.of(context),
        now=context.now,
        lines=lines,
        total=total,
        unread=unread,
    )
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def follow(context: Context) -> Response:
    """Go where a notification leads, and mark it as read."""
    link = await _read(context)
    return RedirectResponse(local_path(page_of(link, context.services.settings.public_url), PATH), 303)


async def read(context: Context) -> Response:
    """Mark one as read."""
    await _read(context)
    return RedirectResponse(local_path(context.body.redirect, PATH), 303)


async def _read(context: Context) -> str:
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        return await service.read(conn, owner, context.uuid("notification_id"), context.now)


async def read_all(context: Context) -> Response:
    """Mark all as read."""
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        await service.read_all(conn, owner, context.now)
    return RedirectResponse(local_path(context.body.redirect, PATH), 303)


async def preferences(context: Context) -> Response:
    """Where one is told of what."""
    owner = owner_of(context)
    choices = await service.choices(context.db.tenant(owner.tenant_id), owner)
    return page(
        context,
        "notifications/preferences.html",
        choices=choices,
        badges=BADGES,
        mails=_MAILS,
        fixed=Category.SECURITY,
        notice=_SAVED if context.query.saved else None,
    )


async def choose(context: Context) -> Response:
    """Keep the choice."""
    form: PreferencesForm = context.body
    mails = dict(one.split(":") for one in form.mail)
    wanted = {
        Category(name): Choice(in_app=Category(name) in form.shown, mail=MailWhen(when)) for name, when in mails.items()
    }
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        await service.choose(conn, owner, wanted, context.now)
    return RedirectResponse(f"{PATH}/preferences?saved=true", 303)


_MINE: Final[dict[str, Any]] = {"permission": Permission.ACCOUNT_MANAGE, "limits": READING}
_CHANGE: Final[dict[str, Any]] = {"permission": Permission.ACCOUNT_MANAGE, "limits": WRITING}
_ONE: Final = PATH + "/{notification_id:uuid}"
ROUTES: Final = (
    get(PATH, listed, "Your notifications", query=NotificationPage, **_MINE),
    get(f"{PATH}/live", live, "Your notifications as they are now", query=NotificationPage, passive=True, **_MINE),
    get(f"{PATH}/panel", panel, "The newest of your notifications", passive=True, **_MINE),
    get(f"{PATH}/preferences", preferences, "Where you hear of what", query=SavedQuery, **_MINE),
    post(f"{PATH}/preferences", choose, "Choose where you hear of what", body=PreferencesForm, **_CHANGE),
    post(f"{PATH}/read-all", read_all, "Mark all notifications as read", body=ReadForm, **_CHANGE),
    post(f"{_ONE}/open", follow, "Go where a notification leads", body=OpenForm, **_CHANGE),
    post(f"{_ONE}/read", read, "Mark a notification as read", body=ReadForm, **_CHANGE),
)
