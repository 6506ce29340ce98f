"""The staff's list of companies, arranged from the answers of the dashboards room."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup
from msgspec import Meta

from alquimista.billing.models.revenue import cell
from alquimista.dashboards.models.staff import SortBy, TenantFilter, TenantRow
from alquimista.dashboards.models.tenant import SavedView, TenantChoices
from alquimista.i18n import N_, Text
from alquimista.web import views
from alquimista.web.forms import Form
from alquimista.web.tables import Paged, link

PATH: Final = "/app/company/tenants"
# Filters replace the list alone, so that who types keeps the cursor. Links replace the filters too, where the order is.
PAGE: Final = "tenants-page"
LIST: Final = "tenants"
SIZE: Final = 50
SORTS: Final = {"name": SortBy.NAME, "created": SortBy.CREATED_AT, "mrr": SortBy.MRR}
DONE: Final = {
    "saved": views.Notice(N_("The view is saved."), "good", "circle-check"),
    "deleted": views.Notice(
        N_("The view is deleted. Its filters still hold here: save them again to have it back."), "good", "circle-check"
    ),
}
_STATES: Final = [("all", N_("All")), *((name, badge.label) for name, badge in views.TENANT_STATES.items())]
_SEARCHED: Final = 100  # Characters; a longer search finds nothing that its beginning does not.
_Line = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class Filters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which companies, in which order. An unknown column sorts by name."""

    search: _Line = ""
    status: Literal["all", "active", "inactive", "suspended"] = "all"
    plan: _Line = ""
    segment: _Line = ""
    sort: str = "name"
    order: str = "asc"

    @property
    def by(self) -> str:
        """The column that they are sorted by."""
        return self.sort if self.sort in SORTS else "name"

    @property
    def descending(self) -> bool:
        """Whether they come the other way round."""
        return self.order == "desc"

    @property
    def wanted(self) -> TenantFilter:
        """The same, as the service takes it."""
        return TenantFilter(
            status=self.status,
            plan=self.plan or None,
            segment=self.segment or None,
            search=self.search[:_SEARCHED],
            sort_by=SORTS[self.by],
            sort_order="desc" if self.descending else "asc",
        )

    @property
    def kept(self) -> dict[str, str]:
        """The address's query, without what says nothing."""
        given = {
            "search": " ".join(self.search.split()),
            "status": "" if self.status == "all" else self.status,
            "plan": self.plan,
            "segment": self.segment,
            **self.sorted,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def sorted(self) -> dict[str, str]:
        """The part of it that is the order; none for the usual one."""
        if self.by == "name" and not self.descending:
            return {}
        return {"sort": self.by, "order": "desc" if self.descending else "asc"}


class TenantsQuery(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters, the page of what they find, and what was just done."""

    page: int = 1
    done: str = ""


class ViewForm(Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters to keep, and by which name."""

    name: str = ""


class NameForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which view."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorting:
    """What the heads of the columns need."""

    id: str
    sort: str
    descending: bool
    query: dict[str, str]

    def by(self, key: str) -> Markup:
        """A link to the same companies by another column; by the same column it turns around."""
        descending = not self.descending if key == self.sort else key != "name"
        order = {"sort": key, "order": "desc" if descending else "asc"}
        return link(f"{PATH}?{urlencode({**self.query, **order})}", PAGE, anchor=self.id)


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A saved view; `current` says that the page shows what it holds."""

    name: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """Everything on the page."""

    filters: TenantsQuery
    table: Paged[TenantRow]
    sorting: Sorting
    views: tuple[ViewLink, ...]
    states: Sequence[tuple[str, Text]]
    plans: Sequence[tuple[str, Text | str]]
    segments: Sequence[tuple[str, Text | str]]
    saving: Form

    @property
    def csv(self) -> str:
        """The same companies, all of them, for a spreadsheet."""
        return f"{PATH}.csv?{urlencode(self.filters.kept)}"

    @property
    def filtered(self) -> bool:
        """Whether anything is left out."""
        return bool(self.filters.kept.keys() - {"sort", "order"})


def arranged(
    query: TenantsQuery, table: Paged[TenantRow], choices: TenantChoices, saved: Sequence[SavedView], saving: Form
) -> Tenants:
    """The page from the answers."""
    here = urlencode(query.kept)
    return Tenants(
        filters=query,
        table=table,
        sorting=Sorting(id=LIST, sort=query.by, descending=query.descending, query=query.kept),
        views=tuple(ViewLink(one.name, f"{PATH}?{one.query}", one.query == here) for one in saved),
        states=_STATES,
        plans=[("", N_("All")), *((plan, views.PLANS.get(plan, plan)) for plan in choices.plans)],
        segments=[("", N_("All")), *((segment, segment) for segment in choices.segments)],
        saving=saving,
    )


def csv_of(rows: Sequence[TenantRow]) -> bytes:
    """The companies as RFC 4180 has it: commas, CRLF, a decimal point. Its mark tells Excel that it is UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    columns = TenantRow.__struct_fields__
    writer.writerow(columns)
    for row in rows:
        values = (getattr(row, name) for name in columns)
        writer.writerow(cell(one.isoformat() if isinstance(one, datetime) else one) for one in values)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
