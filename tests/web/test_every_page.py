"""Every page of the demo, walked link by link as each role: nothing is dead, heavy, or asks the database too often."""

from itertools import product

import pytest

from alquimista.access import Role
from alquimista.app import API
from alquimista.demo.story import TENANTS
from alquimista.http.routes import Route
from alquimista.web.pages import account, client, outbox, public, staff, static
from support.pages import Walk, walk
from support.prose import faults
from web.conftest import Site
from web.reading import sign_in

ROUTES: tuple[Route, ...] = (
    *static.ROUTES,
    *account.ROUTES,
    *public.ROUTES,
    *client.ROUTES,
    *staff.ROUTES,
    *outbox.ROUTES,
)
MOST_QUERIES = 5
MOST_BYTES = 40_000  # Compressed: what a browser loads besides is weighed in test_weight.py.
STARTS = {
    "": "/plans",
    Role.TENANT_USER: "/app",
    Role.TENANT_ADMIN: "/app",
    Role.INTERNAL_SUPPORT: "/app",
    Role.INTERNAL_ADMIN: "/app",
}
NEVER = frozenset({"/static/{version}/{name}", "/static/{version}/{file}"})
# Pages that nobody reaches by a link of another page, and why.
APART = {
    "/": "leads on to the right page",
    "/app": "leads on to the right page",
    "/accept-invitation": "opened from a mail",
    "/reset-password": "opened from a mail",
    "/confirm-signup": "opened from a mail",
    "/app/dashboard/welcome": "led to while the first steps are not done",
    "/signup": "only where the setting opens it",
    "/billing/pay/{charge_id:uuid}": "opened from a mail",
    "/app/dashboard/settings": "leads on to the first page that the reader may open",
    "/app/stay": "asked for by a script",
    "/app/palette": "asked for by a script",
    "/app/trials/{target_type}/{target_id:uuid}": "a trial that somebody has started",
    "/app/company/approvals/{approval_id:uuid}": "those of commands are decided on the command's own page",
}


@pytest.fixture(scope="module")
async def walks(demo_site: Site) -> dict[str, Walk]:
    """What each reader finds; "" is a stranger."""
    found = {}
    for role, start in STARTS.items():
        async with demo_site.browser() as browser:
            if role:
                entered = await sign_in(browser, demo_site.people[role])
                assert entered.status_code == 303, entered.status_code
            # One company has paid, one has not, one is on trial: who acts on their invoices opens all three.
            each = len(TENANTS) if role is Role.INTERNAL_ADMIN else 2
            found[role] = await walk(browser, (*ROUTES, *API), start, each=each, never=NEVER)
    return found


@pytest.mark.parametrize("role", STARTS, ids=lambda role: str(role) or "stranger")
async def test_no_link_form_or_button_is_dead(walks, role):
    assert not walks[role].dead, "\n".join(walks[role].dead)


async def test_every_page_can_be_reached_by_links(walks):
    reached = {path for found in walks.values() for path in found.pages}
    pages = {route.path for route in ROUTES if route.method == "GET" and not route.passive} - NEVER
    unreached = sorted(pages - reached - set(APART))
    assert not unreached, "\n".join(unreached)
    assert sorted(set(APART) - pages) == [], "this is no page any more"


@pytest.mark.parametrize("role", STARTS, ids=lambda role: str(role) or "stranger")
async def test_a_page_asks_the_database_five_times_at_most(walks, role):
    many = [
        f"{address}: {statements.total()}\n  " + "\n  ".join(f"{count} {sql}" for sql, count in statements.items())
        for address, statements in walks[role].queries.items()
        if statements.total() > MOST_QUERIES
    ]
    assert not many, "\n".join(many)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/account/sessions", "SELECT id, kind, host(ip) AS ip"),
        ("/app/dashboard/settings/audit", "SELECT a.tenant_id, a.id, a.occurred_at"),
    ],
)
async def test_what_a_page_is_about_counts(walks, path, asked):
    """Who asks is looked up among the sessions at each request, and the page of sessions reads them besides."""
    walked = walks[Role.TENANT_ADMIN]
    statements = walked.queries[walked.pages[path][0]]
    assert any(sql.startswith(asked) for sql in statements), statements


@pytest.mark.parametrize("role", STARTS, ids=lambda role: str(role) or "stranger")
async def test_people_read_words_and_not_the_names_of_machines(demo_site, walks, role):
    """One address of each page, in both languages."""
    async with demo_site.browser() as browser:
        if role:
            await sign_in(browser, demo_site.people[role])
        wrong = set()
        for language, addresses in product(("en", "pt-BR"), walks[role].pages.values()):
            answer = await browser.get(addresses[0], headers={"accept-language": language})
            if answer.headers["content-type"].startswith("text/html"):
                found = faults(answer.text, portuguese=language == "pt-BR")
                wrong |= {f"{addresses[0]} ({language}): {fault}" for fault in found}
    assert not wrong, "\n".join(sorted(wrong))


async def test_pages_are_light(walks):
    heavy = {address: size for found in walks.values() for address, size in found.sizes.items() if size > MOST_BYTES}
    assert heavy == {}
