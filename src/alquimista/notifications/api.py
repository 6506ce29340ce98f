"""One's own notifications: the list, what is read, preferences, and the stream of what is new."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import Response

from alquimista.access import Permission
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import Context
from alquimista.http.pagination import Page
from alquimista.http.routes import Route
from alquimista.http.streams import MEDIA, StreamEvent, Streams, TooManyStreams, Wakes
from alquimista.notifications import service
from alquimista.notifications.guards import READING, STREAMING, WRITING, owner_of
from alquimista.notifications.models import Category, Choice, MailWhen, Notification, UnknownNotification

_EVENT: Final = "notifications"


class NotificationsQuery(Page, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of your notifications."""

    unread: Annotated[bool, Meta(description="Only those that are not read.")] = False


class StreamQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else the stream tells."""

    changes: Annotated[
        bool,
        Meta(
            description="Also tell, as events named `changes`, which parts of your company's data have changed:"
            ' `{"topics": ["incidents"]}`. `*` stands for any.'
        ),
    ] = False
    since: Annotated[
        Annotated[int, Meta(ge=0)] | None,
        Meta(
            description="With `changes`: when what you have was made, in seconds since 1970. What has changed since"
            " is told at once; without it, only what changes from now on.",
        ),
    ] = None


class NotificationView(msgspec.Struct, frozen=True):
    """A notification. `link` is where it leads, or empty."""

    id: UUID
    type: str
    category: Category
    title: str
    message: str
    link: str
    created_at: datetime
    read_at: datetime | None


class Notifications(msgspec.Struct, frozen=True):
    """A page of your notifications, the newest first; how many there are of them, and how many are unread."""

    notifications: list[NotificationView]
    total: int
    unread: int


class NotificationNews(msgspec.Struct, frozen=True):
    """What an event of the stream says: how many are unread now, and the new one, if one came."""

    unread: int
    notification: NotificationView | None


class NotificationsRead(msgspec.Struct, frozen=True):
    """How many were not read before."""

    read: int


class NotificationPreference(msgspec.Struct, frozen=True):
    """Where you hear of a category. A fixed one cannot be changed."""

    category: Category
    in_app: bool
    mail: MailWhen
    fixed: bool


class NotificationPreferences(msgspec.Struct, frozen=True):
    """Where you hear of what."""

    preferences: list[NotificationPreference]


class PreferenceChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where you want to hear of a category."""

    category: Literal["incident", "ticket", "approval", "billing", "agent", "integration", "account"]
    in_app: bool
    mail: MailWhen


class PreferenceChoices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What you choose; of a category that is named twice the last holds, and others stay as they are."""

    preferences: Annotated[list[PreferenceChoice], Meta(min_length=1, max_length=20)]


async def list_notifications(context: Context) -> Notifications:
    """One's own."""
    query: NotificationsQuery = context.query
    owner = owner_of(context)
    found, total, unread = await service.page(
        context.db.tenant(owner.tenant_id), owner, query.limit, query.offset, unread=query.unread
    )
    return Notifications([_view(one) for one in found], total, unread)


async def mark_read(context: Context) -> None:
    """Mark one as read."""
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        await service.read(conn, owner, context.uuid("notification_id"), context.now)


async def mark_all_read(context: Context) -> NotificationsRead:
    """Mark all as read."""
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        return NotificationsRead(await service.read_all(conn, owner, context.now))


async def get_preferences(context: Context) -> NotificationPreferences:
    """What holds for each category."""
    owner = owner_of(context)
    return _preferences(await service.choices(context.db.tenant(owner.tenant_id), owner))


async def put_preferences(context: Context) -> NotificationPreferences:
    """Choose."""
    body: PreferenceChoices = context.body
    wanted = {Category(one.category): Choice(in_app=one.in_app, mail=one.mail) for one in body.preferences}
    owner = owner_of(context)
    async with tenant_transaction(context.db, owner.tenant_id) as conn:
        await service.choose(conn, owner, wanted, context.now)
        return _preferences(await service.choices(conn, owner))


async def stream(context: Context) -> Response:
    """What is new, as it comes."""
    owner = owner_of(context)
    conn = context.db.tenant(owner.tenant_id)
    last = _last_seen(context)

    async def news(wakes: Wakes) -> Sequence[StreamEvent]:
        nonlocal last
        if wakes is None:
            unread, found = await service.missed(conn, owner, last)
        else:
            ids = [UUID(one["id"]) for one in wakes if "id" in one]
            unread, found = await service.news(conn, owner, ids)
        if found:
            last = found[-1].id
            return [StreamEvent(_EVENT, NotificationNews(unread, _view(one)), str(one.id)) for one in found]
        return [StreamEvent(_EVENT, NotificationNews(unread, None))]

    channels = [service.channel(owner.user_id)]
    query: StreamQuery = context.query
    return context.services.get(Streams).open(
        context,
        Permission.ACCOUNT_MANAGE,
        channels,
        news,
        follows=owner.tenant_id if query.changes else None,
        since=query.since,
    )


def _last_seen(context: Context) -> UUID | None:
    """The notification that a reader who comes back saw last, if it says one of ours."""
    try:
        return UUID(context.headers.get(b"last-event-id", b"").decode("latin-1"))
    except ValueError:
        return None


def _view(one: Notification) -> NotificationView:
    return NotificationView(
        one.id, one.type, one.category, one.title, one.message, one.link, one.created_at, one.read_at
    )


def _preferences(choices: dict[Category, Choice]) -> NotificationPreferences:
    return NotificationPreferences(
        [
            NotificationPreference(category, choice.in_app, choice.mail, category is Category.SECURITY)
            for category, choice in choices.items()
        ]
    )


_EXAMPLE: Final = NotificationView(
    UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    "incident_opened",
    Category.INCIDENT,
    "Clínica Aurora: um agente não responde",
    "O agente de vendas não dá sinal de vida.",
    "https://painel.example.com/app/dashboard/support",
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    None,
)
_CHOICE: Final = PreferenceChoice("incident", in_app=True, mail=MailWhen.DIGEST)
_OWN: Final[dict[str, Any]] = {"tag": "account", "permission": Permission.ACCOUNT_MANAGE}

ROUTES: Final = (
    Route(
        method="GET",
        path="/notifications",
        handler=list_notifications,
        summary="Your notifications, the newest first",
        query=NotificationsQuery,
        response=Notifications,
        passive=True,
        limits=READING,
        example=Notifications([_EXAMPLE], 1, 1),
        **_OWN,
    ),
    Route(
        method="GET",
        path="/notifications/stream",
        handler=stream,
        summary="What is new, as server-sent events named `notifications`, each of the shape NotificationNews",
        query=StreamQuery,
        response=str,
        answers=(MEDIA,),
        request_headers={"Last-Event-ID": "The notification that was seen last: those after it are told first."},
        passive=True,
        limits=STREAMING,
        problems=(TooManyStreams,),
        example=StreamEvent(_EVENT, NotificationNews(1, _EXAMPLE), str(_EXAMPLE.id)).text.decode(),
        **_OWN,
    ),
    Route(
        method="POST",
        path="/notifications/{notification_id:uuid}/read",
        handler=mark_read,
        summary="Mark one of your notifications as read",
        limits=WRITING,
        problems=(UnknownNotification,),
        **_OWN,
    ),
    Route(
        method="POST",
        path="/notifications/read-all",
        handler=mark_all_read,
        summary="Mark all your notifications as read",
        response=NotificationsRead,
        limits=WRITING,
        example=NotificationsRead(3),
        **_OWN,
    ),
    Route(
        method="GET",
        path="/notifications/preferences",
        handler=get_preferences,
        summary="Where you hear of what",
        response=NotificationPreferences,
        limits=READING,
        example=NotificationPreferences(
            [NotificationPreference(Category.INCIDENT, in_app=True, mail=MailWhen.DIGEST, fixed=False)]
        ),
        **_OWN,
    ),
    Route(
        method="PUT",
        path="/notifications/preferences",
        handler=put_preferences,
        summary="Choose where you hear of what",
        body=PreferenceChoices,
        response=NotificationPreferences,
        limits=WRITING,
        example=PreferenceChoices([_CHOICE]),
        **_OWN,
    ),
)
