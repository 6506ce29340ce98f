"""/contact: a stranger's request to sales, what is wrong with it in words, and one limit for page and API."""

import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.agents import service as agents
from alquimista.billing.service import catalogue
from alquimista.commercial import service
from web.reading import send, text_of

GOOD = {
    "companyName": "Clínica <b>Aurora</b>",
    "contactName": "Ana Souza",
    "email": "Ana@Empresa.com.br",
    "whatsapp": "(11) 98765-4321",
    "message": "Temos três unidades.\r\nE uma dúvida.",
}


@pytest.fixture
async def chosen(site, db):
    agent = next(one for one in await agents.catalogue(db.staff()) if one.slug == "retencao")
    return agent, (await catalogue.subnucleos(db.staff()))[0]


async def stored(db):
    conn = db.tenant(PLATFORM_TENANT)
    found, total = await service.page(conn, None, 10, 0)
    return total, (await service.get(conn, found[0].id)) if found else None


async def test_wrong_fields_are_said_where_they_are_and_are_not_counted(site, db):
    async with site.browser() as browser:
        for _ in range(5):
            wrong = {**GOOD, "email": "ana", "whatsapp": "abc", "cnpj": "123", "companyName": " "}
            answer = await send(browser, "/contact", "/contact", **wrong)
            assert answer.status_code == 400
        for field in ("companyName", "cnpj", "email", "whatsapp"):
            assert f'id="error-{field}"' in answer.text
        assert 'id="error-contactName"' not in answer.text
        assert "This field is required." in text_of(answer.text)
        assert "Temos três unidades.\nE uma dúvida.</textarea>" in answer.text
        empty = await send(browser, "/contact", "/contact")
        assert empty.text.count("This field is required.") == 4
        assert (await browser.post("/contact", data=GOOD)).status_code == 403  # Without the form's token.
    assert await stored(db) == (0, None)


async def test_a_request_carries_what_was_chosen_and_shares_the_apis_limit(site, db, chosen):
    agent, bundle = chosen
    here = f"/contact?agents={agent.id}&subnucleos={bundle.id}&agents={PLATFORM_TENANT}"
    async with site.browser() as browser:
        shown = text_of((await browser.get(here)).text)
        assert agent.name in shown
        assert bundle.display_name in shown
        sent = await send(browser, here, "/contact", **GOOD, agents=str(agent.id), subnucleos=str(bundle.id))
        assert sent.headers["location"] == "/contact?sent=true"
        assert "what happens next" in (await browser.get(sent.headers["location"])).text
        total, request = await stored(db)
        assert (total, request.selected_agents, request.selected_subnucleos) == (1, [agent.id], [bundle.id])
        assert request.company_name == "Clínica <b>Aurora</b>"
        assert request.message == "Temos três unidades.\nE uma dúvida."
        body = {**GOOD, "companyName": "Outra"}
        assert (await browser.post("/api/commercial/contact", json=body)).status_code == 201
        assert (await send(browser, "/contact", "/contact", **GOOD)).status_code == 303
        often = await send(browser, "/contact", "/contact", **GOOD)
        assert often.status_code == 429
        assert "Several requests came from here lately" in text_of(often.text)
        assert "Clínica &lt;b&gt;Aurora" in often.text
        assert (await browser.post("/api/commercial/contact", json=body)).status_code == 429
