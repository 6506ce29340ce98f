"""Walking a site as a reader does: following every link, noting what is dead, and what each page asks the database."""

import gzip
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import urljoin, urlsplit

import httpx

from alquimista.audit.queries import entries
from alquimista.db import executor, tenancy
from alquimista.http import context, queries
from alquimista.http.routes import Route
from alquimista.identity.queries import sessions
from support.links import Links

# What comes with every request whatever the page: who asks, whether they may ask so often, that staff have looked.
# Statements, and not tables: the pages of sessions and of the audit read the same ones.
_EVERY_TIME = frozenset(
    one.sql for one in (sessions.STANDING_OF_COOKIE, sessions.TOUCH, queries.RAISE_WINDOW, entries.INSERT)
)


@dataclass
class Walk:
    """What one reader found: an address for each page they can reach, and what was wrong on the way."""

    pages: dict[str, list[str]] = field(default_factory=dict)  # Route's path → addresses.
    dead: list[str] = field(default_factory=list)
    queries: dict[str, Counter[str]] = field(default_factory=dict)  # Address → statements of its own.
    sizes: dict[str, int] = field(default_factory=dict)
    links: dict[str, Links] = field(default_factory=dict)


def pattern_of(routes: Sequence[Route], method: str, path: str) -> str | None:
    """The route that answers, by its path; None: there is none."""
    for route in routes:
        if route.method == method and _regex(route.path).fullmatch(path):
            return route.path
    return None


def _regex(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path)
    shapes = {"{": "[^/]+", "uuid}": "[0-9a-f-]{36}"}
    return re.compile(
        "".join(
            shapes["uuid}" if part.endswith(":uuid}") else "{"] if part.startswith("{") else re.escape(part)
            for part in parts
        )
    )


async def walk(
    browser: httpx.AsyncClient, routes: Sequence[Route], start: str, *, each: int = 2, never: frozenset[str]
) -> Walk:
    """Follow every link from `start`, at most `each` addresses of one page; forms are looked up, not sent.

    Args:
        never: paths of routes that are not followed, such as those of assets.
    """
    found, waiting, seen = Walk(), deque([start]), {start}
    while waiting:
        address = waiting.popleft()
        pattern = pattern_of(routes, "GET", urlsplit(address).path)
        if pattern is None:
            found.dead.append(f"{address}: no such page")
        elif pattern not in never and len(found.pages.get(pattern, [])) < each:
            links = await _visit(browser, found, pattern, address)
            for link in links or ():
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
            found.dead += [f"{address}: {problem}" for problem in _problems(routes, found, address)]
    return found


async def _visit(browser: httpx.AsyncClient, found: Walk, pattern: str, address: str) -> list[str]:
    """Open one page and note it; the addresses of its links."""
    with counted() as statements:
        answer = await browser.get(address)
    if answer.is_redirect:
        return [urljoin(address, answer.headers["location"])]
    if answer.status_code not in {200, 204}:
        found.dead.append(f"{address}: {answer.status_code}")
        return []
    found.pages.setdefault(pattern, []).append(address)
    found.queries[address] = statements
    found.sizes[address] = len(gzip.compress(answer.content))
    links = found.links[address] = Links()
    if answer.headers.get("content-type", "").startswith("text/html"):
        links.feed(answer.text)
        links.close()
    return [urljoin(address, href).partition("#")[0] for href in links.hrefs if _ours(href)]


def _ours(href: str) -> bool:
    target = urlsplit(href)
    return not target.netloc and not target.scheme and bool(target.path or target.query)


def _problems(routes: Sequence[Route], found: Walk, address: str) -> Iterator[str]:
    """What on a page that was visited leads nowhere."""
    links = found.links.get(address, Links())
    yield from (f"a button that does nothing: {one}" for one in links.loose)
    for href in links.hrefs:
        target = urlsplit(href)
        if not any((target.scheme, target.netloc, target.path, target.query)) and target.fragment not in links.ids:
            yield f"a link to nothing: {href!r}"
    for method, action in links.forms:
        where = urlsplit(urljoin(address, action)).path
        if pattern_of(routes, method.upper(), where) is None:
            yield f"a form to nowhere: {method} {where}"


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """The statements that requests run meanwhile, but for those that come with every request."""
    statements: Counter[str] = Counter()
    real = executor.bind

    def noting(statement: Any, params: dict[str, Any]) -> Any:
        if context.current.get() is not None and statement.sql not in _EVERY_TIME:
            statements[" ".join(statement.sql.split())[:160]] += 1
        return real(statement, params)

    with patch.object(executor, "bind", noting), patch.object(tenancy, "bind", noting):
        yield statements
