"""Entries of the audit as staff and companies see them: filters, lines, and one entry with what it changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import ActorKind
from alquimista.audit.models import COMMAND_LINE, Entry, Wanted
from alquimista.audit.models.showing import CURSOR, AuditEntry, cursor, place, shown
from alquimista.i18n import N_, Text
from alquimista.web import acts, formats, nav, views

SIZE: Final = 100  # Requirements 4.4.
_ANY: Final = N_("All")
CATEGORIES: Final[Mapping[str, Text]] = {
    "auth": N_("Sign-in"),
    "user": N_("People"),
    "tenant": N_("Account"),
    "agent": N_("Agents"),
    "integration": N_("Integrations"),
    "usage": N_("Usage"),
    "command": N_("Commands"),
    "system": N_("System"),
}
RESULTS: Final[Mapping[str, views.Badge]] = {
    "success": views.Badge(N_("Success"), "good", icon="circle-check"),
    "failure": views.Badge(N_("Failure"), "bad", icon="circle-alert"),
}
KINDS: Final[Mapping[str, Text]] = {
    ActorKind.SESSION: N_("In the browser"),
    ActorKind.TOKEN: N_("With an access token"),
    ActorKind.API_KEY: N_("With an API key"),
    ActorKind.SYSTEM: N_("By the platform itself"),
    "anonymous": N_("Not signed in"),
}
_TYPED: Final = N_("On the server's command line")
CATEGORY_OPTIONS: Final = (("", _ANY), *CATEGORIES.items())
RESULT_OPTIONS: Final = (("", _ANY), *((name, badge.label) for name, badge in RESULTS.items()))
Word = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class TrailQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries, as the form of filters sends them: what is empty leaves none out. `after`: a page's end."""

    action: Annotated[str, Meta(max_length=100)] = ""
    category: Annotated[str, Meta(max_length=20)] = ""
    result: Annotated[str, Meta(max_length=20)] = ""
    trace: Annotated[str, Meta(max_length=64)] = ""
    resource: Word = ""
    resource_id: Word = ""
    since: Annotated[str, Meta(max_length=10)] = ""
    until: Annotated[str, Meta(max_length=10)] = ""
    after: Annotated[str, Meta(max_length=80, pattern=f"^$|{CURSOR}")] = ""

    @property
    def kept(self) -> dict[str, str]:
        """Every filter that says something, for links."""
        return {name: value for name in self.__struct_fields__ if name != "after" and (value := getattr(self, name))}

    def wanted(self, zone: str, **more: Any) -> Wanted:  # noqa: ANN401 - Fields of Wanted.
        """The same, as the service takes it. A date counts in the zone, with its whole last day; no date is none."""
        since, until = _date(self.since), _date(self.until)
        given: dict[str, Any] = {
            "action": self.action.strip(),
            "category": self.category if self.category in CATEGORIES else "",
            "result": self.result if self.result in RESULTS else "",
            "trace_id": self.trace.strip(),
            "resource_type": self.resource.strip(),
            "resource_id": self.resource_id.strip(),
            "since": since and _midnight(since, zone),
            "until": until and _midnight(until + timedelta(days=1), zone),
            "before": place(self.after) if self.after else None,
        }
        return Wanted(**{name: value for name, value in given.items() if value}, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An entry of a list, where it leads, and whose it is; `tenant` is empty on a company's own pages."""

    entry: AuditEntry
    href: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A page of entries, newest first. `next_href` leads to the older ones, empty at the end."""

    lines: Sequence[Line]
    next_href: str
    first_href: str  # To the newest ones; empty on their page.
    zone: str


class Change(NamedTuple):
    """A field before and after, as it is written; None where there was none."""

    name: str
    before: str | None
    after: str | None

    @property
    def changed(self) -> bool:
        """Whether it is not what it was."""
        return self.before != self.after


def arranged(
    found: Sequence[Entry],
    query: TrailQuery,
    path: str,
    *,
    whole: bool,
    zone: str,
    carried: Mapping[str, str] | None = None,
    names: Mapping[UUID, str] | None = None,
) -> Trail:
    """A page of what was found: one entry more than a page has says that there are older ones.

    Args:
        found: the entries.
        query: what was asked.
        path: of the list; entries are below it.
        whole: shown to staff, not to the company.
        zone: that of the reader.
        carried: what each link keeps besides the filters.
        names: of the tenants, for staff; their links name the tenant too.
    """
    kept, page = {**(carried or {}), **query.kept}, found[:SIZE]
    lines = []
    for one in page:
        below = f"{path}/{one.tenant_id}/{one.id}" if names is not None else f"{path}/{one.id}"
        href = views.query_of(below, carried) if carried and names is None else below
        lines.append(Line(entry=shown(one, whole=whole), href=href, tenant=(names or {}).get(one.tenant_id, "")))
    more = {**kept, "after": cursor(page[-1])} if len(found) > SIZE else None
    return Trail(
        lines=lines,
        next_href=views.query_of(path, more) if more else "",
        first_href=(views.query_of(path, kept) if kept else path) if query.after else "",
        zone=zone,
    )


def changes(entry: AuditEntry) -> list[Change]:
    """Each field of before and after beside each other, in their order."""
    before, after = entry.before or {}, entry.after or {}
    return [Change(name, _written(before, name), _written(after, name)) for name in dict.fromkeys([*before, *after])]


def details(entry: AuditEntry | Entry) -> list[tuple[str, str]]:
    """What the entry tells besides; who typed it on the server stands with who did it."""
    return [(name, _written(entry.details, name) or "") for name in entry.details if name != COMMAND_LINE]


def how(kind: str, told: Mapping[str, Any]) -> Text:
    """In which way somebody acted, of the kind of actor and the details."""
    if COMMAND_LINE in told:
        return _TYPED
    return KINDS.get(kind) or Text("{name}", {"name": kind})


def typed_by(told: Mapping[str, Any]) -> Text | None:
    """Who typed it on the server, of the details; None where nobody did, or the reader may not know."""
    shell = told.get(COMMAND_LINE)
    if not isinstance(shell, Mapping):
        return None
    return N_("{user} on {host}", user=str(shell.get("user", "")), host=str(shell.get("host", "")))


def labels() -> dict[str, Any]:
    """What the templates of entries call things."""
    return {
        "action_options": acts.OPTIONS,
        "categories": CATEGORIES,
        "results": RESULTS,
        "how": how,
        "typed_by": typed_by,
        "roles": {role.value: label for role, label in nav.ROLE_LABELS.items()},
        "category_options": CATEGORY_OPTIONS,
        "result_options": RESULT_OPTIONS,
    }


def written(value: object) -> str:
    """A value of an entry in text: a string as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _written(values: Mapping[str, Any], name: str) -> str | None:
    if name not in values:
        return None
    return written(values[name])


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1970 <= found.year < 9000 else None


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), formats.tz(zone)).astimezone(UTC)
