"""Pages with a part that refreshes itself.

The browser names what it shows, and gets an answer only when that has changed. A part says the same to everybody of one
tenant, role and language, so it is made once for all of them and kept until something in it changes: when a thousand
readers hear of one change and ask, making it for each would take seconds of a core.
"""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import msgspec
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from alquimista.cache.store import Cache, Entry
from alquimista.config import Settings
from alquimista.db.crypto import derive
from alquimista.http.context import Context
from alquimista.web import views
from alquimista.web.rendering import fragment, page

_PROOF: Final = 24  # Characters.
_WINDOW: Final = 300  # Seconds; what proves it changes with each, and holds until the second next one ends.
_WINDOWS: Final = 3
_NOT_READ: Final = frozenset({"seen", "done", "error"})  # Of an address: what does not choose what is shown.
_SEEN: Final = "the-hash-of-this-part"  # Stands in the kept HTML where each session's own value goes.
_DASHBOARDS: Final = "dashboards"
_NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Part:
    """The HTML of a part, its hash, and the title above it."""

    title: str
    html: str
    digest: str

    def seen_as(self, seen: str) -> str:
        """The HTML for one session, whose browser will show `seen` when it asks again."""
        return self.html.replace(_SEEN, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How long a part is kept, and what changes it; `state` is the page's own, from its address."""

    seconds: int
    topics: tuple[str, ...]
    state: str


def made(context: Context, name: str, title: str, values: Mapping[str, Any], *, room: str = _DASHBOARDS) -> Part:
    """The part <room>/_<name>.html as it is now."""
    html = fragment(context.locale, f"{room}/_{name}.html", now=context.now, seen=_SEEN, **values)
    # The token of its forms is another text each time, and no change of what the part says.
    same = html.replace(values["shell"].csrf, "") if "shell" in values else html
    return Part(title, html, hashlib.blake2b(same.encode(), digest_size=12).hexdigest())


async def kept(context: Context, name: str, rule: Kept, make: Callable[[], Awaitable[tuple[Part, bool]]]) -> Part:
    """The tenant's part as it is kept, or made now, and then kept when `make` says that it is complete.

    For readers of the tenant alone: it says what one of their role may see, with what was granted besides.
    """
    cache, tenant = context.services.get(Cache), context.tenant
    version = cache.usage_version(tenant)
    key = f"part|{name}|{tenant.hex}|{context.who.role}{context.who.beyond}|{context.locale}|{version}|{rule.state}"
    if (entry := await cache.get(key)) is not None:
        title, _, html = entry.body.decode().partition("\0")
        return Part(title, html, entry.etag.decode())
    fill = cache.begin(tenant, rule.topics)
    part, complete = await make()
    if complete:
        entry = Entry(part.digest.encode(), f"{part.title}\0{part.html}".encode())
        await cache.put(key, entry, fill, ttl=rule.seconds)
    return part


def whole(
    context: Context,
    name: str,
    part: Part,
    notice: views.Notice | None,
    *,
    room: str = _DASHBOARDS,
    **more: Any,  # noqa: ANN401 - What else the page's template shows.
) -> HTMLResponse:
    """The page <room>/<name>.html around the part."""
    html = Markup(part.seen_as(_seen(context, name, part)))  # noqa: S704 - Our own template's.
    return page(context, f"{room}/{name}.html", part=html, title=part.title, notice=notice, **more)


def answer(context: Context, name: str, part: Part, shown: str) -> Response:
    """The part alone, or 204 when `shown` is its hash, under a proof that does not end soon."""
    proofs = _proofs(context, name)
    if shown in [proof + part.digest for proof in proofs[:-1]]:
        return Response(status_code=204, headers=_NO_STORE)
    return HTMLResponse(part.seen_as(proofs[0] + part.digest), headers=_NO_STORE)


def was_opened(context: Context, name: str, shown: str) -> bool:
    """Whether this session has opened the whole page, about this tenant, what the path names and with these filters.

    Only the page says what proves it, for ten minutes at least; the part says it anew while the page stays open.

    Who asks for the part alone reads what the page shows; where opening the page is audited, that must be, too.
    """
    given = shown[:_PROOF].encode()
    return any(hmac.compare_digest(given, proof.encode()) for proof in _proofs(context, name))


def _seen(context: Context, name: str, part: Part) -> str:
    """The proof that the page was opened, and the hash of the part."""
    return _proofs(context, name)[0] + part.digest


def _proofs(context: Context, name: str) -> list[str]:
    """What proves it now, and in the windows before, the newest first."""
    subject = "|".join(
        (str(context.who.session_id), str(context.tenant), name, *context.path.values(), _chosen(context.query))
    )
    key, window = _key(context.services.settings), int(context.now.timestamp()) // _WINDOW
    return [
        hmac.new(key, f"{window - age}|{subject}".encode(), hashlib.sha256).hexdigest()[:_PROOF]
        for age in range(_WINDOWS)
    ]


def _chosen(query: msgspec.Struct | None) -> str:
    """The filters of an address, as text: a page that names none of them is the same as one that names their defaults.

    A form that was refused has no address of its own; its page is the one without filters.
    """
    if query is None:
        return "{}"
    values = [(field, getattr(query, field.name)) for field in msgspec.structs.fields(query)]
    told = {field.name: value for field, value in values if field.name not in _NOT_READ and value != field.default}
    return msgspec.json.encode(told, order="sorted").decode()


@lru_cache(maxsize=8)
def _key(settings: Settings) -> bytes:
    return derive(settings, "pages that were opened")
