"""Pages that look across companies stay within five statements, whatever there is, and within their bytes."""

import gzip

import pytest

from alquimista.db.executor import Executor
from web.reading import sign_in

MOST = 5
# What the door asks before any page: how often somebody may come, and whether the company that staff name is there.
# And what a look at the platform sends only to see whether it arrives.
DOOR = ("rate_limit_windows", "SELECT id FROM alquimista_platform.tenants", "pg_notify")
MOST_BYTES = 30_000  # Of the page itself, compressed; styles, scripts and the font are kept by browsers.


@pytest.fixture(scope="module")
async def staff(site):
    """An administrator of the staff, whose session is remembered."""
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        await browser.get("/app/company")
        yield browser


@pytest.mark.parametrize(
    "path",
    [
        "/app/company",
        "/app/company/agents?q=a",
        "/app/company/agents/{agent}",
        "/app/company/integrations?state=error",
        "/app/company/audit",
        "/app/company/audit?tenant=aurora&who={email}",
        "/app/company/audit/verify",
        "/app/company/system",
        "/app/company/system/failures?queue=mails&tenant_id={tenant}",
        "/app/dashboard/settings/audit?tenant_id={tenant}",
    ],
)
async def test_a_page_asks_the_database_at_most_five_times(site, staff, monkeypatch, path):
    html = (await staff.get("/app/company/agents")).text
    agent = html.split('id="agent-')[1].split('"')[0]
    path = path.format(agent=agent, email=site.people["admin"].email, tenant=site.people["admin"].tenant_id)
    asked, run = [], Executor.run

    async def counted(self, tenant_id, statement, params):
        if not any(words in statement.sql for words in DOOR):
            asked.append(statement.sql)
        return await run(self, tenant_id, statement, params)

    monkeypatch.setattr(Executor, "run", counted)
    answer = await staff.get(path)
    assert answer.status_code == 200
    assert len(asked) <= MOST, asked
    assert len(gzip.compress(answer.content)) < MOST_BYTES
