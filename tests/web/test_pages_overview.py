"""The overviews over real usage: what was sent is what is shown."""

import re
from uuid import uuid4

import psycopg
import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Unavailable
from alquimista.integrations import service as integrations
from alquimista.integrations.models.connections import DEMO
from alquimista.integrations.models.integrations import Integration
from alquimista.usage.service import rollups
from factories import make_api_key, make_tenant, make_user
from web.reading import sign_in, text_of


@pytest.fixture(scope="module")
async def sent(site):
    """Twenty requests of one agent, two of them failed; answers the sender of more."""
    tenant_id = site.people["admin"].tenant_id
    key = await make_api_key(site.db, tenant_id, scopes=("ingest", "read"))
    async with site.browser() as api:
        headers = {"authorization": f"Bearer {key}"}
        agents = (await api.get("/tenant/agents", headers=headers)).json()["agents"]

    async def send(count: int, *, failed: int = 0) -> None:
        async with site.browser() as api:
            for i in range(count):
                status = "error" if i < failed else "success"
                body = {"agent_id": agents[0]["id"], "status": status, "response_time_ms": 500}
                body["idempotency_key"] = uuid4().hex
                answer = await api.post("/v1/agent-requests", json=body, headers={"authorization": f"Bearer {key}"})
                assert answer.status_code < 300, answer.text
        while await rollups.fold(site.db, tenant_id):
            pass

    await send(20, failed=2)
    return send


async def test_the_overview_shows_what_was_sent(site, sent):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        shown = text_of((await browser.get("/app/dashboard?period=7d")).text)
    assert "Clínica Aurora" in shown
    assert "or not. 20 2 failed" in shown
    assert "percentage points. 90.0%" in shown
    assert "were answered. 500 ms" in shown.replace("\u00a0", " ")
    assert re.search(r"Requests 20 of 150,000", shown)


async def test_the_live_fragment_answers_only_when_something_changed(site, sent):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        page = (await browser.get("/app/dashboard?period=7d")).text
        seen = re.search(r'id="seen" name="seen" value="([0-9a-f]+)"', page)[1]
        live = re.search(r'hx-get="(/app/dashboard/live[^"]+)"', page)[1].replace("&amp;", "&")
        assert (await browser.get(f"{live}&seen={seen}")).status_code == 204
        await sent(5)
        changed = await browser.get(f"{live}&seen={seen}")
        while changed.status_code == 204:  # The process hears of new sums some milliseconds after they are there.
            changed = await browser.get(f"{live}&seen={seen}")
    assert changed.status_code == 200
    assert changed.text.lstrip().startswith('<div id="overview"')
    assert re.search(r"or not\. 2\d ", text_of(changed.text))


async def test_what_is_kept_of_a_page_is_for_readers_of_one_tenant_and_role(site):
    tenant = await make_tenant(site.db, name="Empresa Alfa")
    stranger = await make_user(site.db, (await make_tenant(site.db, name="Empresa Beta")).id)
    readers = [
        await make_user(site.db, tenant.id, role=role) for role in ("TENANT_ADMIN", "TENANT_ADMIN", "TENANT_USER")
    ]
    failing = Integration(clock.new_id(), "crm", "CRM", "error", None, "the provider's own words", DEMO)
    async with tenant_transaction(site.db, tenant.id) as conn:
        await integrations.store(conn, None, tenant.id, failing, None, Sealer(site.services.settings), clock.now())
    pages = []
    for reader in (*readers, stranger):
        async with site.browser() as browser:
            await sign_in(browser, reader)
            pages.append((await browser.get("/app/dashboard")).text)
    assert ["provider&#39;s own words" in page for page in pages] == [True, True, False, False]
    assert ["Empresa Alfa" in page for page in pages] == [True, True, True, False]
    assert len({re.search(r'name="seen" value="([0-9a-f]+)"', page)[1] for page in pages}) == 4


async def test_a_page_that_lacks_a_part_is_not_kept(site, monkeypatch):
    user = await make_user(site.db, (await make_tenant(site.db)).id)

    async def fail(*_):
        raise Unavailable(retry_after=1)

    async with site.browser() as browser:
        await sign_in(browser, user)
        with monkeypatch.context() as broken:
            broken.setattr("alquimista.dashboards.service.tenant_incidents", fail)
            assert "could not be loaded" in (await browser.get("/app/dashboard")).text
        assert "could not be loaded" not in (await browser.get("/app/dashboard")).text


async def test_agents_sort_by_a_plain_link(site, sent):
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        by_name = (await browser.get("/app/dashboard?sort=name&order=asc")).text
        assert 'aria-sort="ascending"' in by_name
        assert by_name.index("Agendamento por WhatsApp") < by_name.index("Prospecção ativa")
        turned = (await browser.get("/app/dashboard?sort=name&order=desc")).text
        assert turned.index("Prospecção ativa") < turned.index("Agendamento por WhatsApp")
        assert (await browser.get("/app/dashboard?sort=nonsense&page=-3")).status_code == 200


async def test_a_wrong_period_is_a_page_that_says_so(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        answer = await browser.get("/app/dashboard?period=13d")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_a_new_tenant_sees_empty_states_and_no_figure_that_nobody_sent(site):
    tenant = await make_tenant(site.db, name="Empresa Nova")
    user = await make_user(site.db, tenant.id)
    async with site.browser() as browser:
        await sign_in(browser, user)
        shown = text_of((await browser.get("/app/dashboard")).text)
    for text in ("No requests in this period", "No agents yet", "No integrations yet", "All quiet"):
        assert text in shown
    assert "or not. 0 0 failed" in shown
    assert "percentage points. –" in shown


async def test_staff_see_all_tenants_and_open_one(site, sent):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        page = (await browser.get("/app/company?period=7d")).text
        assert "Clínica Aurora" in text_of(page)
        opened = await browser.get(re.search(r'href="(/app/company/tenants/[0-9a-f-]{36})"', page)[1])
        assert "Clínica Aurora" in text_of(opened.text)
        live = re.search(r'hx-get="(/app/company/live[^"]+)"', page)[1].replace("&amp;", "&")
        assert (await browser.get(live)).status_code == 200


async def reads(migrated, tenant_id):
    """How many rows about reads of the tenant its audit holds."""
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        cursor = await conn.execute(
            "SELECT count(*) FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action LIKE '%%.read'",
            [tenant_id],
        )
        return (await cursor.fetchone())[0]


@pytest.mark.parametrize("page", ["dashboard", "company"])
async def test_staff_who_read_leave_a_trace_in_the_audit_also_by_the_part_that_refreshes_itself(site, migrated, page):
    tenant_id = site.people["admin"].tenant_id if page == "dashboard" else PLATFORM_TENANT
    query = f"?tenant_id={tenant_id}" if page == "dashboard" else "?period=7d"
    before = await reads(migrated, tenant_id)
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        part = await browser.get(f"/app/{page}/live{query}&seen={'0' * 48}")
        assert await reads(migrated, tenant_id) == before + 1
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', part.text)[1]
        await browser.get(f"/app/{page}/live{query}&seen={seen}")
        assert await reads(migrated, tenant_id) == before + 1
        whole = (await browser.get(f"/app/{page}{query}")).text
        assert await reads(migrated, tenant_id) == before + 2
        seen = re.search(r'name="seen" value="([0-9a-f]+)"', whole)[1]
        await browser.get(f"/app/{page}/live{query}&seen={seen}")
        assert await reads(migrated, tenant_id) == before + 2
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        await browser.get(f"/app/{page}/live{query}&seen={seen}")
    assert await reads(migrated, tenant_id) == before + 3
