"""/app/company/system/failures: what failed for good, found by staff alone, and led back into its queue by a form."""

import html
import re

import psycopg
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from factories import make_tenant, make_user
from web.reading import sign_in, text_of

PAGE = "/app/company/system/failures"
SYSTEM = "/app/company/system"
MAIL = """
INSERT INTO alquimista_platform.mails (tenant_id, id, recipient, subject, body_text, status, attempts, last_error,
  created_at) VALUES (%s, %s, 'ana.prado@example.com', 'Fatura 12', 'secret', 'failed', 7, '550 no such box', now())
"""
JOB = """
WITH job AS (INSERT INTO alquimista_platform.job_queue (entrypoint, priority, status)
  VALUES ('usage.fold', 0, 'failed') RETURNING id)
INSERT INTO alquimista_platform.failed_jobs (tenant_id, job_id, name, error, failed_at)
SELECT %s, id, 'usage.fold', 'TimeoutError: ', now() FROM job
"""
ENDPOINT = """
INSERT INTO alquimista_platform.webhook_endpoints (tenant_id, id, url, event_types, status, secret_key_id,
  secret_ciphertext, created_at, updated_at)
VALUES (%s, %s, 'https://crm.example/hook', '{*}', 'enabled', 'k', 'x', now(), now())
"""
DELIVERY = """
INSERT INTO alquimista_platform.webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload,
  occurred_at, state, attempts, step, last_status, last_failure, created_at, updated_at)
VALUES (%s, %s, %s, %s, 'lead.created', '{}', now(), 'failed', 7, 7, 503, 'status', now(), now())
"""
READ = "SELECT count(*) FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND resource_id = %s"


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT"))
        yield browser


@pytest.fixture
async def sql(migrated):
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn:
        await conn.execute("DELETE FROM alquimista_platform.failed_jobs")
        await conn.execute("DELETE FROM alquimista_platform.mails")
        await conn.execute("DELETE FROM alquimista_platform.webhook_deliveries")

        async def ask(query, *args):
            cursor = await conn.execute(query, args or None)
            return await cursor.fetchall() if cursor.description else []

        yield ask


def forms(page):
    """Where the buttons of a page lead that give the command."""
    return [html.unescape(one) for one in re.findall(r'href="(/app/company/operations/new\?[^"]+)"', page)]


async def test_nothing_that_failed_says_what_would_stand_there(support, sql):
    text = text_of((await support.get(PAGE)).text)
    assert "Nothing was given up" in text
    assert "are tried several times by themselves" in text
    assert "Nothing matches" in text_of((await support.get(PAGE, params={"queue": "jobs"})).text)
    portuguese = await support.get(PAGE, headers={"accept-language": "pt-BR"})
    assert "Nada foi abandonado" in text_of(portuguese.text)


async def test_each_leads_to_a_form_that_is_filled_in_with_its_company_queue_and_id(site, support, sql):
    tenant, mail = await make_tenant(site.db, name="Padaria Falha"), new_id()
    await sql(MAIL, tenant.id, mail)
    page = (await support.get(PAGE)).text
    text = text_of(page)
    assert "Mail Fatura 12 Padaria Falha a***@example.com" in text
    assert "550 no such box" in text
    assert "ana.prado" not in page
    (form,) = forms(page)
    filled = (await support.get(form)).text
    assert f'name="tenant_id" value="{tenant.id}"' in filled
    assert re.search(rf"<textarea[^>]*>\s*{mail}", filled)
    assert re.search(r'value="mails"[^>]* selected', filled)


async def test_those_of_one_company_and_queue_are_moved_back_together_and_leave_a_row_in_its_audit(site, support, sql):
    tenant, endpoint = await make_tenant(site.db), new_id()
    await sql(ENDPOINT, tenant.id, endpoint)
    for _ in range(25):
        await sql(DELIVERY, tenant.id, new_id(), endpoint, new_id())
    await sql(JOB, tenant.id)
    query = {"queue": "webhooks", "tenant_id": str(tenant.id)}
    before = await sql(READ, tenant.id, PAGE)
    page = (await support.get(PAGE, params=query)).text
    assert (before, await sql(READ, tenant.id, PAGE)) == ([(0,)], [(1,)])
    text = text_of(page)
    assert "lead.created" in text
    assert "It was not answered with a 2xx. 503" in text
    assert "usage.fold" not in text
    assert "1–20 of 25" in text
    everything, *each = forms(page)
    assert everything.endswith(f"command_type=REPROCESS_QUEUE&tenant_id={tenant.id}&queue=webhooks&count=25")
    assert len(each) == 20
    second = (await support.get(PAGE, params={**query, "page": "2"})).text
    assert "21–25 of 25" in text_of(second)


async def test_what_belongs_to_no_company_is_the_platform_s_and_so_is_its_command(support, sql):
    await sql(JOB, PLATFORM_TENANT)
    page = (await support.get(PAGE, params={"tenant_id": str(PLATFORM_TENANT), "queue": "jobs"})).text
    assert "The platform" in text_of(page)
    assert "TimeoutError" in page
    assert len(forms(page)) == 2
    assert not [one for one in forms(page) if "tenant_id" in one]


async def test_the_totals_of_the_system_lead_there(site, support, sql):
    tenant, endpoint = await make_tenant(site.db), new_id()
    await sql(ENDPOINT, tenant.id, endpoint)
    await sql(DELIVERY, tenant.id, new_id(), endpoint, new_id())
    await sql(MAIL, tenant.id, new_id())
    await sql(JOB, tenant.id)
    page = (await support.get(SYSTEM)).text
    for address in (PAGE, *(f"{PAGE}?queue={one}" for one in ("jobs", "mails", "webhooks"))):
        assert f'href="{address}"' in page, address


async def test_a_search_finds_companies_and_only_staff_read_it(site, support, sql):
    tenant, other = await make_tenant(site.db, name="Ótica Sertão"), await make_tenant(site.db, name="Outra")
    await sql(MAIL, tenant.id, new_id())
    await sql(MAIL, other.id, new_id())
    text = text_of((await support.get(PAGE, params={"search": "otica"})).text)
    assert "Ótica Sertão" in text
    assert "Outra" not in text
    outsider = await make_user(site.db, other.id)
    for person in (site.people["admin"], site.people["user"], outsider):
        async with site.browser() as browser:
            await sign_in(browser, person)
            answer = await browser.get(PAGE, params={"tenant_id": str(tenant.id)})
            assert (answer.status_code, "Ótica" in answer.text) == (303, False)
            assert "error=forbidden" in answer.headers["location"]
    async with site.browser() as stranger:
        assert "login" in (await stranger.get(PAGE)).headers["location"]
