"""/app/dashboard/usage: what was sent is what is shown, filtered, compared, live and as a spreadsheet."""

import csv
import io
import re
from uuid import uuid4

import pytest

from alquimista.clock import new_id
from alquimista.usage.service import rollups
from factories import activate_agent, make_agent, make_api_key, make_tenant, make_user
from web.reading import sign_in, text_of
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

HERE = "/app/dashboard/usage"


@pytest.fixture
async def reader(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        yield browser


def rows_of(answer):
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_the_page_shows_what_was_sent(reader, sent):  # noqa: F811
    page = (await reader.get(f"{HERE}?period=7d")).text
    shown = text_of(page).replace("\u00a0", " ")
    assert re.search(r"answers? or not|whether it succeeded or not\. 20 2 failed", shown), shown[600:1600]
    assert "Response, p50" in shown
    assert re.search(r"Today so far [^<]*Live Requests 20 Failed requests 2 Success 90.0%", shown)
    assert "All requests" in shown
    assert "Agendamento por WhatsApp" in shown
    assert "younger than the period before" in shown
    table = page[page.index('id="usage-days-table"') :]
    assert re.search(r'<td class="num text-right">20</td><td class="num text-right">18</td>\s*<td [^>]*>2<', table)


async def test_one_agent_alone(reader, sent):  # noqa: F811
    page = (await reader.get(HERE)).text
    options = dict(re.findall(r'<option value="([0-9a-f-]{36})"[^>]*>([^<]+)', page))
    assert set(options.values()) == {"Agendamento por WhatsApp", "Prospecção ativa"}
    idle = next(key for key, name in options.items() if name == "Prospecção ativa")
    one = await reader.get(HERE, params={"agent": idle})
    assert f'value="{idle}" selected' in one.text
    assert 'id="by-agent"' not in one.text
    assert "No requests in this period" in text_of(one.text)
    assert (await reader.get(HERE, params={"agent": str(uuid4())})).status_code == 404
    assert (await reader.get(HERE, params={"agent": "x"})).status_code == 400
    assert (await reader.get(HERE, params={"period": "13d"})).status_code == 400
    assert (await reader.get(HERE, params={"sort": "nonsense", "page": "99"})).status_code == 200


async def test_the_part_that_refreshes_itself_answers_only_changes(reader, sent):  # noqa: F811
    page = (await reader.get(f"{HERE}?period=7d&sort=name")).text
    seen = re.search(r'id="seen" name="seen" value="([0-9a-f]+)"', page)[1]
    live = re.search(r'hx-get="(/app/dashboard/usage/live[^"]+)"', page)[1].replace("&amp;", "&")
    assert (await reader.get(f"{live}&seen={seen}")).status_code == 204
    await sent(3)
    changed = await reader.get(f"{live}&seen={seen}")
    while changed.status_code == 204:
        changed = await reader.get(f"{live}&seen={seen}")
    assert changed.text.lstrip().startswith('<div id="usage-page"')


async def test_the_spreadsheet_says_what_the_page_says(site, reader, sent):  # noqa: F811
    by_day = await reader.get(f"{HERE}.csv?period=7d")
    rows = rows_of(by_day)
    assert len(rows) == 7
    assert re.fullmatch(r'attachment; filename="usage-7d-\d{4}-\d\d-\d\d.csv"', by_day.headers["content-disposition"])
    today, before = rows[-1], rows[0]
    assert int(today["successful"]) + int(today["failed"]) == int(today["requests"]) > 0
    assert float(today["p50_response_ms"]) == pytest.approx(500, rel=0.1)
    assert (before["requests"], before["success_rate"], before["p50_response_ms"], before["cost"]) == ("0", "", "", "")
    (agent,) = rows_of(await reader.get(f"{HERE}.csv?period=7d&by=agent"))
    assert (agent["agent"], agent["requests"]) == ("Agendamento por WhatsApp", today["requests"])
    chosen = rows_of(await reader.get(f"{HERE}.csv?period=7d&by=agent&agent={agent['agent_id']}"))
    assert len(chosen) == 7
    assert (await reader.get(f"{HERE}.csv?agent={new_id()}")).status_code == 404


async def test_a_name_is_never_run_as_a_formula(site):
    tenant = await make_tenant(site.db)
    agent = await make_agent(site.db, name='=HYPERLINK("https://evil.example")')
    await activate_agent(site.db, tenant.id, agent.id)
    key = await make_api_key(site.db, tenant.id, scopes=("ingest",))
    body = {"agent_id": str(agent.id), "status": "success", "response_time_ms": 7, "idempotency_key": uuid4().hex}
    async with site.browser() as browser:
        await browser.post("/v1/agent-requests", json=body, headers={"authorization": f"Bearer {key}"})
        while await rollups.fold(site.db, tenant.id):
            pass
        await sign_in(browser, await make_user(site.db, tenant.id))
        (row,) = rows_of(await browser.get(f"{HERE}.csv?by=agent"))
        assert row["agent"] == '\'=HYPERLINK("https://evil.example")'


async def test_a_new_company_sees_no_figure_that_nobody_sent(site):
    user = await make_user(site.db, (await make_tenant(site.db)).id)
    async with site.browser() as browser:
        await sign_in(browser, user)
        shown = text_of((await browser.get(HERE)).text)
    assert "No requests in this period" in shown
    assert "No agent did anything in this period" in shown
    assert "Success –" in shown


async def test_staff_read_a_company_and_leave_a_line(site, sent):  # noqa: F811
    tenant_id = site.people["admin"].tenant_id
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        page = await browser.get(HERE, params={"tenant_id": str(tenant_id)})
        assert page.status_code == 200
        links = re.findall(r'href="([^"]*/usage[^"]*)"', page.text)
        assert all(str(tenant_id) in link for link in links if link != HERE)
        assert (await browser.get(HERE)).headers["location"] == "/app/company"
    async with site.browser() as browser:
        await sign_in(browser, site.people["user"])
        other = await make_tenant(site.db)
        assert (await browser.get(HERE, params={"tenant_id": str(other.id)})).status_code == 403
        assert (await browser.get(f"{HERE}.csv", params={"tenant_id": str(other.id)})).status_code == 403
