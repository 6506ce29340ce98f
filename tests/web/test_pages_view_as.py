"""Staff look at a company as its administrator: its pages and answers, nothing changed, all of it told."""

from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest

from alquimista import clock
from alquimista.access import Permission, Role
from alquimista.app import API
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.clock import new_id
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity import jobs
from alquimista.identity.service import Identity
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from factories import make_tenant, make_user
from support.identity import eventually
from web.reading import sign_in, text_of, token_of

REASON = "Chamado 4711: o painel não mostra os agentes."
DASHBOARD = "/app/dashboard"


@asynccontextmanager
async def signed_in(site, person):
    """A browser of somebody's, and how it speaks to the API."""
    async with site.browser() as browser:
        assert (await sign_in(browser, person)).status_code == 303
        page = await browser.get((await browser.get("/app")).headers["location"])
        browser.headers["x-csrf-token"] = token_of(page.text)
        browser.headers["origin"] = site.url
        yield browser


@pytest.fixture
async def staff(site):
    async with signed_in(site, await make_user(site.db, name="Ana Souza")) as browser:
        yield browser


@pytest.fixture
def tenant(site):
    return site.people["admin"].tenant_id


async def start(browser: httpx.AsyncClient, tenant, reason: str = REASON) -> httpx.Response:
    return await browser.post(f"/internal/tenants/{tenant}/view-as", json={"reason": reason})


async def rows(site, tenant, **wanted):
    return await audit.entries(site.db.tenant(tenant), tenant, Wanted(**wanted), 100)


async def test_the_pages_are_the_companys_with_a_banner_on_each(site, staff, tenant):
    started = await start(staff, tenant)
    assert (started.status_code, started.json()["tenant_name"]) == (201, "Clínica Aurora"), started.text
    assert (await staff.get("/app")).headers["location"] == DASHBOARD
    for path in (DASHBOARD, "/app/billing", "/plans", "/agents", "/account/second-factor"):
        shown = await staff.get(path)
        assert "You are looking at Clínica Aurora as its administrator." in text_of(shown.text), path
        assert 'action="/app/view-as/end"' in shown.text
    overview = text_of((await staff.get(DASHBOARD)).text)
    assert "Company panel" in overview
    assert "Prospecção ativa" in overview
    assert "Ana Souza" in overview
    assert (await staff.get("/app/company")).headers["location"] == f"{DASHBOARD}?error=forbidden"
    assert (await staff.get("/tenant/me")).json()["name"] == "Clínica Aurora"
    ended = await staff.post("/app/view-as/end", data={"_csrf": staff.headers["x-csrf-token"]})
    assert (ended.status_code, ended.headers["location"]) == (303, "/app")
    assert (await staff.get("/app")).headers["location"] == "/app/company"
    assert "You are looking at" not in (await staff.get("/app/company")).text
    assert (await staff.get("/tenant/me")).status_code == 400  # Staff must name a company again.


async def test_it_begins_with_a_form_that_says_why(site, staff, tenant):
    page = await staff.get(f"{DASHBOARD}?tenant_id={tenant}")
    assert "Why do you look?" in page.text
    form = {"_csrf": token_of(page.text), "tenant_id": str(tenant), "reason": REASON}
    assert (await staff.post("/app/company/view-as", data=form)).headers["location"] == "/app"
    shown = await staff.get(DASHBOARD)
    assert "You are looking at Clínica Aurora" in shown.text
    assert "Why do you look?" not in shown.text


async def test_the_companys_own_audit_tells_of_it(site, tenant):
    viewer = await make_user(site.db)
    async with signed_in(site, viewer) as browser:
        assert (await start(browser, tenant)).status_code == 201
        assert (await browser.get("/tenant/agents")).status_code == 200
        assert (await browser.delete("/internal/view-as")).status_code == 204
        assert (await browser.delete("/internal/view-as")).status_code == 404
    told = await rows(site, tenant, actor_id=viewer.id)
    assert [row.action for row in told] == ["tenant.view_ended", "tenant.read", "tenant.view_started"]
    assert {row.actor_email for row in told} == {viewer.email}
    assert told[2].details["reason"] == REASON
    assert told[0].details["how"] == "ended by the viewer"


async def test_nothing_can_be_changed(site, staff, tenant):
    assert (await start(staff, tenant)).status_code == 201
    changing = [route for route in API if route.method != "GET" and route.permission is not None and route.kinds]
    refused = 0
    for route in changing:
        if route.while_viewing:
            continue
        path = route.path.replace(":uuid", "")
        for name in ("user_id", "key_id"):
            path = path.replace(f"{{{name}}}", str(new_id()))
        answer = await staff.request(route.method, path, json={})
        assert (answer.status_code, answer.json()["error"]) == (403, "view_is_read_only"), route.path
        refused += 1
    assert refused > 20
    page = await staff.post("/preferences/language", data={"_csrf": staff.headers["x-csrf-token"], "language": "en"})
    assert page.status_code == 403
    assert {route.path for route in API if route.while_viewing} == {
        "/internal/view-as",
        "/auth/logout",
        "/auth/logout-all",
    }


async def test_no_other_company_and_nothing_of_staffs_is_open(site, staff, tenant):
    other = await make_tenant(site.db)
    assert (await start(staff, tenant)).status_code == 201
    named = await staff.get("/tenant/me", params={"tenant_id": str(other.id)})
    assert (named.status_code, named.json()["error"]) == (403, "foreign_tenant")
    for path in ("/internal/users", "/internal/commercial/requests", "/internal/approvals"):
        assert (await staff.get(path)).status_code == 403, path


async def test_support_sees_no_more_than_support_may(site, tenant):
    viewer = await make_user(site.db, role=Role.INTERNAL_SUPPORT)
    async with signed_in(site, viewer) as browser:
        assert (await start(browser, tenant)).status_code == 201
        me = (await browser.get("/auth/me")).json()
        assert Permission.BILLING_READ not in me["permissions"]
        assert (await browser.get("/tenant/me")).status_code == 200


async def test_after_an_hour_it_is_over_and_the_job_writes_it_down(site, tenant):
    viewer = await make_user(site.db)
    async with signed_in(site, viewer) as browser:
        assert (await start(browser, tenant)).status_code == 201
        with clock.frozen(clock.now() + timedelta(minutes=60, seconds=1)):
            await jobs.end_views(site.services, None, None)
            await jobs.end_views(site.services, None, None)
        told = await rows(site, tenant, actor_id=viewer.id)
        assert [row.action for row in told] == ["tenant.view_ended", "tenant.view_started"]

        async def may_begin_again():
            return (await start(browser, tenant)).status_code == 201

        await eventually(may_begin_again)


@pytest.mark.parametrize("way", ["/auth/logout", "/auth/logout-all"])
async def test_leaving_ends_it(site, tenant, way):
    viewer = await make_user(site.db)
    async with signed_in(site, viewer) as browser:
        assert (await start(browser, tenant)).status_code == 201
        assert (await browser.post(way, json={} if way == "/auth/logout" else None)).status_code == 204
    told = await rows(site, tenant, actor_id=viewer.id)
    assert [row.action for row in told][:1] == ["tenant.view_ended"]


async def test_a_company_that_leaves_is_seen_no_more(site, staff):
    gone = await make_tenant(site.db)
    assert (await start(staff, gone.id)).status_code == 201
    assert (await staff.get("/tenant/me")).status_code == 200
    for status, seen in ((TenantStatus.SUSPENDED, 200), (TenantStatus.INACTIVE, 400)):
        async with tenant_transaction(site.db, gone.id) as conn:
            await tenants.set_standing(conn, None, gone.id, status, clock.now())
        site.services.get(Identity).actors.clear()
        assert (await staff.get("/tenant/me")).status_code == seen
    assert (await start(staff, gone.id)).status_code == 404


async def test_who_may_begin(site, tenant):
    for name in ("admin", "user"):
        async with signed_in(site, site.people[name]) as browser:
            assert (await start(browser, tenant)).status_code == 403
            assert (await browser.delete("/internal/view-as")).status_code == 403
            assert "Why do you look?" not in (await browser.get(DASHBOARD)).text


@pytest.mark.parametrize("reason", ["", "x", "x" * 301, "a\nb", None])
async def test_a_reason_is_needed(staff, tenant, reason):
    assert (await start(staff, tenant, reason)).status_code == 400
    assert (await start(staff, new_id())).status_code == 404
