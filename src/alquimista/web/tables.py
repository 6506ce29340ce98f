"""Tables that sort and page: the state lives in the address, so that it works without scripts and can be shared."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from markupsafe import Markup, escape

T = TypeVar("T")
PAGE_SIZE = 10
_LAST_PAGE: Final = 10_000  # A deeper one makes the database read and throw away more than it answers.


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """One page of sorted rows, with the links to the other pages and orders.

    `query` is the rest of the page's address, kept in every link. `target` is the id of the element that is swapped.
    `size` is how many rows a page has.
    """

    id: str
    rows: tuple[T, ...]
    total: int
    page: int
    pages: int
    sort: str
    descending: bool
    path: str
    query: Mapping[str, str]
    target: str
    size: int = PAGE_SIZE

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1."""
        return (self.page - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1

    def by(self, key: str) -> Markup:
        """A link to the same table by another column; by the same column it turns around."""
        descending = not self.descending if key == self.sort else key != "name"
        return self._link(sort=key, order="desc" if descending else "asc", page="1")

    def at(self, page: int) -> Markup:
        """A link to another page of the same table."""
        return self._link(sort=self.sort, order="desc" if self.descending else "asc", page=str(page))

    def _link(self, **changes: str) -> Markup:
        return link(f"{self.path}?{urlencode({**self.query, **changes})}", self.target, anchor=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paged(Generic[T]):
    """One page of rows in the order of the service; `parameter` is what its number is called in the address.

    `size` is how many rows a page has.
    """

    id: str
    rows: Sequence[T]
    total: int
    page: int
    parameter: str
    path: str
    query: Mapping[str, str]
    target: str
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1."""
        return (self.page - 1) * self.size + 1

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1

    def at(self, page: int) -> Markup:
        """A link to another page of the same table."""
        return link(f"{self.path}?{urlencode({**self.query, self.parameter: str(page)})}", self.target, anchor=self.id)


async def paged(
    read: Callable[[int], Awaitable[tuple[Sequence[T], int]]],
    page: int,
    size: int = PAGE_SIZE,
    **place: Any,  # noqa: ANN401 - id, parameter, path, query and target go to Paged as they are.
) -> Paged[T]:
    """A page of what `read` answers from an offset on, with how many there are; beyond the end it is the last one."""
    page = min(max(1, page), _LAST_PAGE)
    rows, total = await read((page - 1) * size)
    last = max(1, -(-total // size))
    if page > last:
        page = last
        rows, total = await read((page - 1) * size)
    return Paged(rows=rows, total=total, page=page, size=size, **place)


async def live_list(
    read: Callable[[int], Awaitable[tuple[Sequence[T], int]]],
    page: int,
    size: int,
    *,
    part: str,
    path: str,
    query: Mapping[str, str],
) -> tuple[Paged[T], str]:
    """A page of a list that is the part of a page which refreshes itself, and the address where it does.

    What is empty in the `query` is left out of its links.
    """
    kept = {name: value for name, value in query.items() if value}
    table = await paged(read, page, size, id="list", parameter="page", path=path, query=kept, target=part)
    return table, f"{path}/live?{urlencode({**kept, 'page': str(table.page)})}"


def link(href: str, target: str, *, anchor: str = "") -> Markup:
    """The attributes of an <a> to `href`.

    With scripts only the element `target` is replaced and nothing scrolls; without, the page loads and shows `anchor`.
    """
    href, target, at = escape(href), escape(target), escape(f"#{anchor}" if anchor else "")
    return Markup(  # noqa: S704 - All of it is escaped just above; Markup.format takes ten times as long.
        f'href="{href}{at}" hx-get="{href}" hx-target="#{target}" hx-select="#{target}" hx-swap="outerHTML" '
        'hx-push-url="true"'
    )


def arrange(
    rows: Sequence[T],
    *,
    keys: Mapping[str, Callable[[T], Any]],
    sort: str,
    descending: bool,
    page: int,
    size: int = PAGE_SIZE,
    **place: Any,  # noqa: ANN401 - id, path, query and target go to Table as they are.
) -> Table[T]:
    """Sort and cut the rows. Rows without a value come last in either order; a page beyond the end is the last one."""
    key = keys[sort]
    known = sorted((r for r in rows if key(r) is not None), key=key, reverse=descending)
    ordered = known + [r for r in rows if key(r) is None]
    pages = max(1, -(-len(ordered) // size))
    page = min(max(1, page), pages)
    shown = tuple(ordered[(page - 1) * size : page * size])
    return Table(
        rows=shown, total=len(ordered), page=page, pages=pages, sort=sort, descending=descending, size=size, **place
    )
