"""What surrounds every page: who reads it, where they are, and what the header and navigation show."""

from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from alquimista.access import Permission, Viewing
from alquimista.http import csrf
from alquimista.http.context import Context, require_uuid
from alquimista.i18n import N_, Text
from alquimista.web import nav
from alquimista.web.nav import Group

_SAID_ONCE: Final = ("done=", "saved=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """`csrf` goes into every form; `here` is the address of this page, for links that come back to it."""

    name: str
    email: str
    role: Text
    internal: bool
    nav: tuple[Group, ...]
    settings: tuple[Group, ...]
    carried: str  # What links to a company's pages end with: staff name it in each address.
    home: str
    path: str
    here: str
    csrf: str
    idle_seconds: int
    outbox: bool
    made_at: int  # Seconds since 1970.
    bell: str  # Names the reader's notifications in their browser; empty where there is no bell.
    viewing: Viewing | None  # What staff look at as its administrator would.
    viewable: UUID | None  # What staff look at as staff, and could look at so.

    @classmethod
    def of(cls, context: Context) -> Self:
        """The shell of a request; for anonymous readers it is empty but for the forms' token."""
        actor, settings, url = context.actor, context.services.settings, context.request.url
        return cls(
            name=(actor.name or actor.email) if actor else "",
            email=actor.email if actor else "",
            role=nav.ROLE_LABELS[actor.role] if actor and actor.role else Text(""),
            internal=actor is not None and actor.internal and actor.viewing is None,
            nav=nav.groups(actor) if actor else (),
            settings=nav.settings(actor, of_company=context.tenant_id is not None) if actor else (),
            carried=_carried(context),
            home=(nav.home(actor) if actor else None) or "/",
            path=url.path,
            here=_here(url.path, url.query),
            csrf=csrf.token(context),
            idle_seconds=settings.session_idle_minutes * 60,
            outbox=has_outbox(context),
            made_at=int(context.now.timestamp()),
            bell=_bell(context),
            viewing=actor.viewing if actor else None,
            viewable=_viewable(context),
        )

    @property
    def initials(self) -> str:
        """One or two letters that stand for the reader."""
        words = [w for w in self.name.partition("@")[0].replace(".", " ").split() if w[0].isalnum()]
        picked = (words[0], words[-1]) if len(words) > 1 else words[:1]
        return "".join(w[0].upper() for w in picked) or "?"

    @property
    def place(self) -> Text:
        """Which half of the product this is."""
        return N_("Operations panel") if self.internal else N_("Company panel")


def _carried(context: Context) -> str:
    actor = context.actor
    if actor is None or not actor.internal or actor.viewing is not None or context.tenant_id is None:
        return ""
    return f"?tenant_id={context.tenant_id}"


def _here(path: str, query: str) -> str:
    """The address, without what was just done: that is said once, however the reader comes back."""
    kept = "&".join(part for part in query.split("&") if not part.startswith(_SAID_ONCE))
    return f"{path}?{kept}" if kept else path


def _viewable(context: Context) -> UUID | None:
    actor = context.actor
    if actor is None or actor.viewing is not None or not actor.may(Permission.TENANT_VIEW_AS):
        return None
    named = context.path.get("tenant_id")  # The staff's own pages about a company name it in their address.
    return require_uuid("tenant_id", named) if named else context.tenant_id


def _bell(context: Context) -> str:
    """Not for staff who look at a company: what they are told is no part of what its administrator sees."""
    actor = context.actor
    if actor is None or actor.viewing is not None or not actor.may(Permission.ACCOUNT_MANAGE):
        return ""
    return f"{actor.user_id}:{actor.tenant_id or ''}"


def has_outbox(context: Context) -> bool:
    """Whether the local outbox exists: on a development start without a mail server, never in production."""
    settings = context.services.settings
    return not settings.production and not settings.smtp_url
