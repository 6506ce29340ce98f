"""/app/company/tenants: the list with its filters, saved views and CSV; and registering a company."""

import csv
import io
import re

import pytest

from alquimista.dashboards.models.tenant import MOST_VIEWS
from alquimista.tenants import service as tenants
from alquimista.tenants.models import TenantStatus
from alquimista.web.pages.staff import tenants as pages
from factories import make_tenant, make_user, new_cnpj
from web.reading import sign_in, text_of, token_of

HERE = "/app/company/tenants"


@pytest.fixture(scope="module")
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


@pytest.fixture(scope="module")
async def support(site, db):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, role="INTERNAL_SUPPORT"))
        yield browser


@pytest.fixture(scope="module")
async def companies(db):
    made = {
        "Padaria Pão-Quente": {"segment": "varejo", "plan": "expert"},
        "Órgão Ágil": {"segment": "servicos", "status": TenantStatus.SUSPENDED},
        "Zebra <b>Ltda</b>": {"segment": "varejo"},
    }
    return {name: await make_tenant(db, name=name, **more) for name, more in made.items()}


def names(html: str) -> list[str]:
    return re.findall(rf'href="{HERE}/[0-9a-f-]{{36}}">([^<]+)</a>', html)


async def listed(browser, **query):
    answer = await browser.get(HERE, params=query)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_company_is_found_by_any_way_to_write_its_name_or_cnpj(staff, companies):
    bakery = companies["Padaria Pão-Quente"]
    for search in ("pao quente", "PÃO-QUENTE", bakery.cnpj, f"{bakery.cnpj[:2]}.{bakery.cnpj[2:5]}.{bakery.cnpj[5:8]}"):
        assert names(await listed(staff, search=search)) == ["Padaria Pão-Quente"], search
    assert "No customer matches" in text_of(await listed(staff, search="nobody at all"))
    assert "&lt;b&gt;" in await listed(staff, search="zebra")


async def test_filters_and_order_live_in_the_address(staff, companies):
    assert names(await listed(staff, status="suspended")) == ["Órgão Ágil"]
    assert names(await listed(staff, segment="varejo", plan="expert")) == ["Padaria Pão-Quente"]
    found = names(await listed(staff, segment="varejo", sort="name", order="desc"))
    assert found == ["Zebra &lt;b&gt;Ltda&lt;/b&gt;", "Padaria Pão-Quente"]
    page = await listed(staff, segment="varejo", sort="created", order="desc")
    assert 'name="sort" value="created"' in page  # A new search keeps the order.
    assert 'aria-sort="descending"' in page
    assert 'value="varejo" selected' in page
    assert names(await listed(staff, sort="unheard of", segment="varejo"))[0] == "Padaria Pão-Quente"
    assert (await staff.get(HERE, params={"status": "x"})).status_code == 400
    assert (await staff.get(HERE, params={"search": "a\x00"})).status_code == 400


async def test_pages_have_fifty_companies(staff, db):
    for number in range(51):
        await make_tenant(db, name=f"Escola {number:02}", segment="muitas")
    first = await listed(staff, segment="muitas")
    assert len(names(first)) == 50
    assert "1–50 of 51" in text_of(first)
    assert names(await listed(staff, segment="muitas", page="99")) == ["Escola 50"]


async def test_the_csv_has_all_that_is_filtered_and_runs_nothing(staff, db, monkeypatch):
    await make_tenant(db, name="=cmd()", segment="planilha")
    await make_tenant(db, name="Quem, vírgula", segment="planilha")
    page = await listed(staff, segment="planilha")
    href = re.search(rf'href="({HERE}\.csv\?[^"]*)"', page)[1].replace("&amp;", "&")
    answer = await staff.get(href)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="tenants-' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["name"] for row in rows] == ["'=cmd()", "Quem, vírgula"]
    assert rows[0]["mrr_estimate"] == "0.00"
    monkeypatch.setattr(pages, "CSV_MOST", 1)
    refused = await staff.get(href)
    assert refused.status_code == 400
    assert "more than 1 customers" in text_of(refused.text)


async def save(browser, name, **filters):
    token = token_of((await browser.get(HERE)).text)
    return await browser.post(f"{HERE}/views", data={"_csrf": token, "name": name, **filters})


async def test_a_view_is_saved_opened_and_deleted_by_its_person_alone(staff, support):
    saved = await save(staff, "  Varejo   ativo ", segment="varejo", status="active", sort="mrr", order="desc")
    assert saved.headers["location"] == f"{HERE}?status=active&segment=varejo&sort=mrr&order=desc&done=saved"
    shown = (await staff.get(saved.headers["location"])).text
    assert "The view is saved." in text_of(shown)
    link = f'href="{HERE}?status=active&amp;segment=varejo&amp;sort=mrr&amp;order=desc" aria-current="true"'
    assert link in shown
    assert "Varejo ativo" not in (await support.get(HERE)).text
    token = token_of((await support.get(HERE)).text)
    foreign = await support.post(f"{HERE}/views/delete", data={"_csrf": token, "name": "Varejo ativo"})
    assert foreign.status_code == 404
    await save(staff, "Varejo ativo", segment="saude")
    assert f'href="{HERE}?segment=saude"' in (await staff.get(HERE)).text
    gone = await staff.post(f"{HERE}/views/delete", data={"_csrf": token_of(shown), "name": "Varejo ativo"})
    assert gone.headers["location"] == f"{HERE}?segment=saude&done=deleted"
    assert "Varejo ativo" not in (await staff.get(gone.headers["location"])).text


async def test_a_person_keeps_twenty_views_and_is_told_why_no_more(site, db):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, role="INTERNAL_SUPPORT"))
        empty = await save(browser, " ", segment="varejo")
        assert empty.status_code == 400
        assert 'id="error-name"' in empty.text
        assert 'value="varejo" selected' in empty.text
        for number in range(MOST_VIEWS):
            assert (await save(browser, f"Visão {number}")).status_code == 303
        full = await save(browser, "Mais uma")
        assert full.status_code == 409
        assert "You keep 20 views already." in text_of(full.text)
        assert 'value="Mais uma"' in full.text
        assert (await save(browser, "Visão 3", segment="saude")).status_code == 303  # In place of itself.


async def test_staff_alone_see_the_list_and_only_administrators_register(site, support):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        for path in (HERE, f"{HERE}.csv", f"{HERE}/new"):
            assert (await browser.get(path)).headers["location"] == "/app/dashboard?error=forbidden"
    assert f'href="{HERE}/new"' not in (await support.get(HERE)).text
    assert (await support.get(f"{HERE}/new")).status_code == 403
    assert (await support.post(f"{HERE}/new", data={"name": "x"})).status_code == 403


async def register(browser, **fields):
    token = token_of((await browser.get(f"{HERE}/new")).text)
    return await browser.post(f"{HERE}/new", data={"_csrf": token, **fields})


async def test_a_company_is_registered_and_its_administrator_invited(staff, db):
    cnpj = new_cnpj()
    fields = {"name": "Nova <i>Clínica</i>", "cnpj": cnpj.lower(), "segment": "saude", "plan": "expert"}
    made = await register(staff, **fields, admin_email="Dona@Nova.com.br")
    assert made.status_code == 303, text_of(made.text)
    shown = await staff.get(made.headers["location"])
    assert "its administrator is invited by mail" in text_of(shown.text)
    tenant_id = made.headers["location"].removeprefix(f"{HERE}/").partition("?")[0]
    tenant = await tenants.get(db.staff(), tenant_id)
    assert (tenant.cnpj, tenant.plan, tenant.max_agents) == (cnpj, "expert", 24)
    people = await staff.get(f"{HERE}/{tenant_id}/users")
    assert "dona@nova.com.br" in people.text
    taken = await register(staff, **fields, admin_email="outra@nova.com.br")
    assert taken.status_code == 409
    assert "A customer with this CNPJ is already registered." in text_of(taken.text)
    assert 'value="outra@nova.com.br"' in taken.text


async def test_what_is_wrong_stands_at_its_field(staff):
    wrong = await register(staff, name=" ", cnpj="123", segment="saude", plan="gold", admin_email="nobody")
    assert wrong.status_code == 400
    assert 'id="error-plan"' in wrong.text
    wrong = await register(staff, name="Nova", cnpj="123", segment="saude", plan="starter", admin_email="a@b.com.br")
    assert 'id="error-cnpj"' in wrong.text
    wrong = await register(staff, name="Nova", cnpj=new_cnpj(), segment="saude", plan="starter", admin_email="nobody")
    assert 'id="error-admin_email"' in wrong.text
    assert 'value="nobody"' in wrong.text
