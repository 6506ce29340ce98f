"""/app/company/sales: who asked, and how far the sales team is."""

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.commercial import service
from alquimista.commercial.models import CommercialContact
from alquimista.db.tenancy import tenant_transaction
from factories import make_user
from web.reading import sign_in, text_of, token_of

HERE = "/app/company/sales"


async def asked(db, company):
    contact = CommercialContact(
        company, "Ana <i>Souza</i>", "ana@empresa.com.br", "11987654321", message="Oi\n<b>!</b>"
    )
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        return await service.receive(conn, contact, "", clock.now())


@pytest.fixture(scope="module")
async def support(site, db):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, role="INTERNAL_SUPPORT"))
        yield browser


async def test_the_list_has_pages_and_a_filter(db, support):
    assert "No requests here" in text_of((await support.get(HERE)).text)
    for number in range(12):
        await asked(db, f"Empresa <b>{number}</b>")
    first = (await support.get(HERE)).text
    assert "Empresa &lt;b&gt;11&lt;/b&gt;" in first
    assert "1–10 of 12" in text_of(first)
    assert "11–12 of 12" in text_of((await support.get(HERE, params={"page": "99"})).text)
    assert "No requests here" in text_of((await support.get(HERE, params={"status": "closed"})).text)
    assert (await support.get(HERE, params={"status": "x"})).status_code == 400


async def test_a_request_moves_on_step_by_step(db, support):
    path = f"{HERE}/{(await asked(db, 'Clínica Aurora')).id}"
    html = (await support.get(path)).text
    assert "<b>!</b>" not in html
    assert "Oi\n&lt;b&gt;" in html
    assert "+5511987654321" in html
    for status in ("contacted", "proposal_sent", "closed"):
        html = (await support.get(path)).text
        assert f'value="{status}"' in html
        moved = await support.post(f"{path}/status", data={"_csrf": token_of(html), "status": status})
        assert moved.headers["location"] == path
    done = await support.get(path)
    assert "The request is finished." in text_of(done.text)
    late = await support.post(f"{path}/status", data={"_csrf": token_of(html), "status": "cancelled"})
    assert late.status_code == 409
    assert "The status is “Closed” by now" in text_of(late.text)


async def test_each_read_of_strangers_data_is_an_entry_of_the_platforms_audit(db, support):
    request = await asked(db, "Quem leu?")

    async def told(action):
        found = await audit.entries(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, Wanted(action=action), 1000)
        assert all(one.by_staff for one in found)
        return [one.resource_id for one in found]

    lists, path = len(await told("commercial_requests.listed")), "/internal/commercial/requests"
    for door in (HERE, path):
        assert (await support.get(door)).status_code == 200
        assert (await support.get(f"{door}/{request.id}")).status_code == 200
    assert len(await told("commercial_requests.listed")) == lists + 2
    assert (await told("commercial_request.read")).count(str(request.id)) == 2


async def test_only_staff_read_it(site, db, support):
    request = await asked(db, "Só para a equipe")
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, site.people["admin"].tenant_id))
        for path in (HERE, f"{HERE}/{request.id}"):
            answer = await browser.get(path)
            assert answer.headers["location"] == "/app/dashboard?error=forbidden"
    assert (await support.post(f"{HERE}/{request.id}/status", data={"status": "contacted"})).status_code == 403
    assert (await support.get(f"{HERE}/{PLATFORM_TENANT}")).status_code == 404
