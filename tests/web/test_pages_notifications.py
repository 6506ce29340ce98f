"""The bell, the list and the preferences, without scripts: read, followed, chosen, and nobody else's."""

import re

import pytest

from alquimista.db.tenancy import tenant_transaction
from alquimista.notifications import service
from alquimista.notifications.models import Owner, Recipient
from factories import make_user
from web.reading import live_of, send, sign_in, text_of, token_of

PATH = "/app/notifications"


@pytest.fixture
async def person(site):
    return await make_user(site.db, site.people["admin"].tenant_id, name="Íris Melo")


@pytest.fixture
async def browser(site, person):
    async with site.browser() as found:
        assert (await sign_in(found, person)).status_code == 303
        yield found


@pytest.fixture
def tell(site):
    async def told(person, title, path="/app/dashboard#incidents"):
        words = {"company": "Aurora", "title": title, "description": "Desde as 9h.", "began": "9:00", "ended": "–"}
        link = f"{site.services.settings.public_url}{path}" if path.startswith("/") else path
        recipient = Recipient(person.id, person.email, "Íris")
        async with tenant_transaction(site.db, person.tenant_id) as conn:
            await service.tell(conn, person.tenant_id, recipient, "incident_opened", "pt-BR", link, **words)

    return told


async def one_of(site, person):
    owner = Owner(person.tenant_id, person.id)
    found, *_ = await service.page(site.db.tenant(owner.tenant_id), owner, 1, 0, unread=False)
    return found[0]


async def test_the_bell_is_on_every_page_of_ones_own_and_leads_to_the_list(site, browser, person):
    for path in ("/app/dashboard", "/app/billing", PATH, f"{PATH}/preferences"):
        html = (await browser.get(path)).text
        assert f'data-bell="{person.id}:{person.tenant_id}"' in html, path
        assert f'href="{PATH}"' in html
    assert "data-bell" not in (await browser.get("/plans")).text
    async with site.browser() as stranger:
        assert (await stranger.get(PATH)).status_code == 303
        assert (await stranger.get("/login")).text.count("data-bell") == 0


async def test_what_is_told_is_listed_and_read_and_followed(site, browser, person, tell):
    assert "Nothing yet" in text_of((await browser.get(PATH)).text)
    await tell(person, "<script>alert(1)</script> caiu")
    await tell(person, "Outro agente caiu")
    page = (await browser.get(PATH)).text
    assert "2 are unread." in text_of(page)
    assert "&lt;script&gt;alert(1)" in page
    newest = await one_of(site, person)
    followed = await send(browser, PATH, f"{PATH}/{newest.id}/open")
    assert (followed.status_code, followed.headers["location"]) == (303, "/app/dashboard#incidents")
    page = text_of((await browser.get(PATH)).text)
    assert "One is unread." in page
    only = text_of((await browser.get(f"{PATH}?unread=true")).text)
    assert "Outro agente caiu" not in only
    back = await send(browser, PATH, f"{PATH}/read-all", redirect=f"{PATH}?unread=true")
    assert back.headers["location"] == f"{PATH}?unread=true"
    assert "Nothing is unread" in text_of((await browser.get(f"{PATH}?unread=true")).text)


async def test_marking_one_as_read_stays_on_the_page(site, browser, person, tell):
    await tell(person, "Um")
    one = await one_of(site, person)
    back = await send(browser, PATH, f"{PATH}/{one.id}/read", redirect=f"{PATH}?page=1")
    assert (back.status_code, back.headers["location"]) == (303, f"{PATH}?page=1")
    assert (await one_of(site, person)).read_at is not None
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        assert (await send(browser, PATH, f"{PATH}/{one.id}/read", redirect=elsewhere)).headers["location"] == PATH


async def test_a_link_that_is_not_ours_is_not_followed(site, browser, person, tell):
    await tell(person, "Um", "https://evil.example/app")
    one = await one_of(site, person)
    assert (await send(browser, PATH, f"{PATH}/{one.id}/open")).headers["location"] == PATH


async def test_a_teammates_are_not_mine(site, browser, person, tell):
    await tell(site.people["user"], "Só do João")
    theirs = await one_of(site, site.people["user"])
    for page in (PATH, f"{PATH}/panel"):
        assert "Só do João" not in (await browser.get(page)).text
    for act in ("open", "read"):
        assert (await send(browser, PATH, f"{PATH}/{theirs.id}/{act}")).status_code == 404
    await send(browser, PATH, f"{PATH}/read-all")
    assert (await one_of(site, site.people["user"])).read_at is None


async def test_forms_need_their_token(site, browser, person, tell):
    await tell(person, "Um")
    one = await one_of(site, person)
    for path in (f"{PATH}/read-all", f"{PATH}/{one.id}/open", f"{PATH}/{one.id}/read", f"{PATH}/preferences"):
        assert (await browser.post(path, data={"_csrf": "0" * 64})).status_code == 403
    assert (await one_of(site, person)).read_at is None


async def test_there_are_pages_and_the_last_one_stands_for_those_beyond(browser, person, tell):
    for number in range(12):
        await tell(person, f"Aviso {number:02}")
    second = text_of((await browser.get(f"{PATH}?page=2")).text)
    assert "Aviso 00" in second
    assert "Aviso 11" not in second
    assert "Aviso 00" in text_of((await browser.get(f"{PATH}?page=900")).text)


async def test_choosing_where_to_hear_of_what(browser, person):
    page = (await browser.get(f"{PATH}/preferences")).text
    assert text_of(page).count("Always") == 2  # Under the bell and by mail.
    form = {"_csrf": token_of(page), "shown": ["ticket"], "mail": ["incident:off", "ticket:digest"]}
    saved = await browser.post(f"{PATH}/preferences", data=form)
    assert saved.headers["location"] == f"{PATH}/preferences?saved=true"
    page = (await browser.get(f"{PATH}/preferences?saved=true")).text
    assert "Saved. It holds for what comes from now on." in page
    assert re.findall(r'value="(\w+:\w+)" selected', page)[:2] == ["incident:off", "ticket:digest"]
    assert not re.search(r'name="shown" value="incident"[^>]* checked', page)
    assert re.search(r'name="shown" value="ticket"[^>]* checked', page)
    for wrong in ("security:off", "incident:weekly", "incident", "incident:off\n"):
        refused = await browser.post(f"{PATH}/preferences", data=form | {"mail": [wrong]})
        assert refused.status_code == 400, wrong


async def test_staff_have_theirs_and_no_bell_while_they_look_at_a_company(site, tell):
    staff = await make_user(site.db, name="Lia Fontes")
    await tell(staff, "Fila parada")
    async with site.browser() as browser:
        await sign_in(browser, staff)
        page = await browser.get(PATH)
        assert "Fila parada" in page.text
        tenant = site.people["admin"].tenant_id
        form = {"_csrf": token_of(page.text), "tenant_id": str(tenant), "reason": "Chamado 4711: vejo o painel."}
        assert (await browser.post("/app/company/view-as", data=form)).status_code == 303
        assert "data-bell" not in (await browser.get("/app/dashboard")).text


async def test_an_open_list_hears_of_a_new_one_and_its_forms_lead_back_to_the_page(browser, person, tell):
    await tell(person, "O primeiro")
    part = live_of((await browser.get(f"{PATH}?unread=true")).text, "notifications")
    assert (await browser.get(part)).status_code == 204
    await tell(person, "O segundo")
    changed = await browser.get(part)
    assert changed.status_code == 200
    assert "O segundo" in text_of(changed.text)
    assert "2 are unread" in text_of(changed.text)
    assert set(re.findall(r'name="redirect" value="([^"]+)"', changed.text)) == {f"{PATH}?unread=true"}
