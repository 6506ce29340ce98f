"""Every page of the demo that administrators reach: how long each takes to be made, asked for one after the other."""

import asyncio
import html
import re
import time
from dataclasses import dataclass
from statistics import median
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from alquimista import clock
from alquimista.access import Role
from alquimista.app import routes
from alquimista.catalogue import files
from alquimista.catalogue.load import load
from alquimista.demo.catalogue import with_tiers
from alquimista.demo.seed import Credentials, User, seed
from alquimista.http.table import Table
from benchmarks.data.people import services_of
from benchmarks.harness.bench import Bench, Case, Outcome, Plot
from benchmarks.harness.cluster import Site
from benchmarks.harness.process import serve_ours
from benchmarks.harness.result import THE_BAR, Result

BAR_MS = 100.0
READERS = (Role.TENANT_ADMIN, Role.INTERNAL_ADMIN)
SLOWEST = 5
_WARM = 2
_HREF = re.compile(r'<a [^>]*href="([^"#]+)')
_TOKEN = re.compile(r'name="_csrf" value="(\w+)"')


@dataclass(frozen=True)
class Page:
    """A page and the milliseconds that each ask for it took, from its sending to the last byte of its answer."""

    reader: Role
    address: str
    times: list[float]

    @property
    def middle(self) -> float:
        """The median of the times."""
        return median(self.times)


def run(bench: Bench) -> Outcome:
    """The demonstration as `alquimista up --demo` makes it; one web process and the worker, one reader at a time."""
    site = bench.cluster.site("pages")
    asyncio.run(_catalogue(site))
    seed(site.settings, bench.scratch, "http://127.0.0.1")
    people = msgspec.json.decode((bench.scratch / "demo-credentials.json").read_bytes(), type=Credentials).users
    found: list[Page] = []
    with serve_ours(site, bench.scratch / "pages.log", worker=True) as ours:
        for role in READERS:
            with httpx.Client(base_url=ours.url, headers={"accept": "text/html"}, timeout=30) as browser:
                _sign_in(browser, next(one for one in people if one.role == role))
                addresses = _walk(browser, Table(routes(site.settings)))
                bench.say(f"{len(addresses)} pages of {role}")
                found += [Page(role, one, _asked(browser, one, 2 if bench.quick else 10)) for one in addresses]
    return _outcome(found)


async def _catalogue(site: Site) -> None:
    async with services_of(site) as services:
        await load(services.db, with_tiers(files.read()), clock.now())


def _sign_in(browser: httpx.Client, who: User) -> None:
    token = _TOKEN.search(browser.get("/login").text)
    assert token is not None
    entered = browser.post("/login", data={"_csrf": token[1], "email": who.email, "password": who.password})
    assert entered.status_code == 303, entered.status_code


def _walk(browser: httpx.Client, table: Table) -> list[str]:
    """An address of each page that links lead to, from the reader's start."""
    found: dict[str, str] = {}
    waiting, seen = ["/app"], {"/app"}
    for address in waiting:
        plan = table.match("GET", urlsplit(address).path).plan
        if plan is None or plan.name in found or not plan.route.page:
            continue
        answer = browser.get(address)
        if answer.is_redirect:
            links = [answer.headers["location"]]
        elif answer.headers["content-type"].startswith("text/html"):
            assert answer.status_code == 200, (address, answer.status_code)
            found[plan.name] = address
            links = [html.unescape(one) for one in _HREF.findall(answer.text)]
        else:
            continue  # A file.
        links = [urljoin(address, one) for one in links]
        new = [one for one in dict.fromkeys(links) if not urlsplit(one).netloc and one not in seen]
        seen.update(new)
        waiting += new
    return list(found.values())


def _asked(browser: httpx.Client, address: str, times: int) -> list[float]:
    found = []
    for _ in range(_WARM + times):
        began = time.perf_counter()
        answer = browser.get(address)
        found.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, (address, answer.status_code)
    return found[_WARM:]


def _outcome(found: list[Page]) -> Outcome:
    ranked = sorted(found, key=lambda page: page.middle, reverse=True)
    rows = [("page", "of", "median", "longest")] + [
        (page.address, page.reader, f"{page.middle:.1f}", f"{max(page.times):.1f}") for page in ranked[:SLOWEST]
    ]
    every = [one for page in found for one in page.times]
    return Outcome(
        [
            Result(
                "a page of the demo, the slowest's median", ranked[0].middle, "ms", THE_BAR, BAR_MS, 1, better="lower"
            )
        ],
        [Plot("pages", "Pages of the demo", "ms", {page.address: page.times for page in ranked[:SLOWEST]})],
        [
            f"{len(found)} pages that the links of the demo lead its administrators to, each asked for "
            f"{len(found[0].times)} times one after the other by a reader who is alone, after {_WARM} that do not "
            f"count; half of all answers came within {median(every):.1f} ms. Signed in, compressed and audited, with "
            "the time that the client takes.",
        ],
        {f"The {SLOWEST} slowest pages (ms)": rows},
    )


CASE = Case("pages", "Pages of the demo", run)
