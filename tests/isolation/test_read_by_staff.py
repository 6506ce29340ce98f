"""What staff read of a company leaves a row in that company's own audit: generated from the route table.

A new address fails here until something of the company stands for what it names, or a reason says why it needs no row.
"""

import pytest

import factories
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Role
from alquimista.app import API
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.http.routes import PEOPLE, Route, TenantScope
from alquimista.http.streams import MEDIA
from support.read_by_staff import company as made
from support.read_by_staff import narrowing
from web.reading import sign_in, token_of

STAFFS = ROLE_PERMISSIONS[Role.INTERNAL_ADMIN] | ROLE_PERMISSIONS[Role.INTERNAL_SUPPORT]
READS = [
    route
    for route in API
    if route.method == "GET" and route.scope is not TenantScope.NONE
    if route.permission in STAFFS and route.kinds & PEOPLE
]
# What is no company's, so that nobody's audit tells of it; and why.
NOBODYS = {
    "/tenant/integrations/kinds": "the same for every company",
    "/integrations/oauth/callback": "ends a consent, which only the company's own people can have begun",
    "/internal/catalogue/agents": "the price list",
    "/internal/catalogue/prices": "the price list",
    "/internal/operations/command-types": "the kinds of commands that there are",
    "/internal/users": "the staff themselves",
    "/internal/invitations": "the staff themselves",
}
# What belongs to the platform although its path names one thing.
PLATFORMS = {"/internal/commercial/requests/{request_id:uuid}": "a stranger's request, of no company yet"}
# Whose parameters name things of another sort than elsewhere.
NAMES = {"/internal/approvals/{approval_id:uuid}": {"approval_id": "staffs_approval_id"}}


def about_one(route: Route) -> bool:
    """Whether a request of the route concerns one company: its actor's, one of the path, or one that narrows a list."""
    own = route.scope is TenantScope.OWN or "{" in route.path or bool(narrowing(route))
    return own and route.path not in NOBODYS and route.path not in PLATFORMS


def name_of(route: Route) -> str:
    return route.path


@pytest.fixture(scope="module")
async def company(settings, db, tmp_path_factory):
    async with made(settings, db, tmp_path_factory.mktemp("exports")) as one:
        yield one


@pytest.fixture(scope="module")
async def viewer(company, db):
    """A browser of staff who look at the company as its administrator."""
    async with company.process.client() as browser:
        assert (await sign_in(browser, await factories.make_user(db))).status_code == 303
        page = await browser.get((await browser.get("/app")).headers["location"])
        browser.headers["x-csrf-token"] = token_of(page.text)
        browser.headers["origin"] = "http://localhost:8080"
        started = await browser.post(
            f"/internal/tenants/{company.tenant_id}/view-as", json={"reason": "Chamado 4711: nada no painel."}
        )
        assert started.status_code == 201, started.text
        yield browser


async def rows(db, tenant_id):
    """Every entry of a company's audit, by its id."""
    return {row.id: row for row in await audit.entries(db.tenant(tenant_id), tenant_id, Wanted(), 1_000)}


async def read(db, company, client, route, tenant_id, *, named=True):
    """Read one thing of the company's; the entries that this left in somebody's audit."""
    before = await rows(db, tenant_id)
    names = {name: company.paths[other] for name, other in NAMES.get(route.path, {}).items()}
    address = route.path.replace(":uuid", "").format(**(company.paths | names))
    method = "HEAD" if MEDIA in route.answers else "GET"  # A stream has no end.
    answer = await client.request(method, address, params=company.query(route) if named else {})
    assert answer.status_code == 200, (answer.status_code, answer.text)
    assert "no-store" in answer.headers["cache-control"] or tenant_id == PLATFORM_TENANT
    return [row for key, row in (await rows(db, tenant_id)).items() if key not in before]


@pytest.mark.parametrize("route", [one for one in READS if about_one(one)], ids=name_of)
async def test_what_staff_read_of_a_company_stands_in_its_audit(company, db, route):
    new = await read(db, company, company.clients["staff"], route, company.tenant_id)
    assert [(row.actor_id, row.actor_kind) for row in new] == [(company.staff.id, "token")]


@pytest.mark.parametrize(
    "route",
    [one for one in READS if one.scope is TenantScope.OWN and one.path not in NOBODYS],
    ids=name_of,
)
async def test_and_so_it_does_when_they_look_as_its_administrator(company, viewer, db, route):
    new = await read(db, company, viewer, route, company.tenant_id)
    assert [row.actor_kind for row in new] == ["session"]


@pytest.mark.parametrize(
    "route",
    [one for one in READS if one.scope is TenantScope.PLATFORM and one.path not in NOBODYS and "{" not in one.path],
    ids=name_of,
)
async def test_what_they_read_across_companies_stands_in_the_platforms(company, db, route):
    new = await read(db, company, company.clients["staff"], route, PLATFORM_TENANT, named=False)
    assert [row.actor_id for row in new] == [company.staff.id]


def test_every_exception_is_still_an_address():
    assert {*NOBODYS, *PLATFORMS, *NAMES} <= {route.path for route in READS}
    assert len([one for one in READS if about_one(one)]) > 45
