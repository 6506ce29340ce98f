"""/app/palette: what the command palette finds for staff beside the pages: companies, and commands to give."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.responses import HTMLResponse

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit.guards import seen
from alquimista.dashboards import service
from alquimista.dashboards.models.staff import TenantFilter
from alquimista.http.context import Context
from alquimista.http.routes import TenantScope
from alquimista.i18n import N_, Text
from alquimista.operations.models.kinds import KINDS, Kind
from alquimista.web import formats, nav
from alquimista.web.pages.routing import OFTEN, get
from alquimista.web.rendering import fragment

PATH: Final = "/app/palette"
_SHORTEST: Final = 2  # Letters with which companies are looked for.
_MOST: Final = 7


class PaletteQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed."""

    q: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""


@dataclass(frozen=True, slots=True)
class Option:
    """A line of the palette, and where it leads."""

    label: Text | str
    hint: Text | str
    href: str


async def palette(context: Context) -> HTMLResponse:
    """The lines for what was typed."""
    typed = context.query.q.strip()
    groups = (
        ("tenants", N_("Customers"), await _tenants(context, typed)),
        ("commands", N_("Run a command"), _commands(context, typed)),
    )
    html = fragment(context.locale, "_palette_found.html", groups=groups)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


async def _tenants(context: Context, typed: str) -> list[Option]:
    if len(typed) < _SHORTEST:
        return []
    await seen(context, PLATFORM_TENANT, resource_type="page", resource_id=PATH)
    found = await service.tenant_list(context.db.staff(), TenantFilter(search=typed), _MOST, 0, context.now)
    return [Option(one.name, formats.cnpj(one.cnpj), f"{nav.TENANTS}/{one.id}") for one in found.tenants]


def _commands(context: Context, typed: str) -> list[Option]:
    if not context.who.may(Permission.COMMAND_RUN):
        return []
    words = _plain(typed).split()

    def fits(kind: Kind) -> bool:
        title = _plain(kind.title.render(context.locale))
        return context.who.may(kind.permission) and all(word in title for word in words)

    return [
        Option(kind.title, kind.command_type.value, f"{nav.COMMANDS}/new?command_type={kind.command_type.value}")
        for kind in KINDS.values()
        if fits(kind)
    ]


def _plain(text: str) -> str:
    """Without accents and in lower case, as people type it."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c)).casefold()


ROUTES: Final = (
    get(
        PATH,
        palette,
        "What the command palette finds",
        Permission.PLATFORM_READ,
        scope=TenantScope.PLATFORM,
        query=PaletteQuery,
        limits=OFTEN,
    ),
)
