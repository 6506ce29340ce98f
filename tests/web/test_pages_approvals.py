"""Requests for approval on pages: the company's own, and what is asked of staff."""

import pytest

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.approvals import service
from alquimista.approvals.models import PAGE, Audience, NewApproval
from alquimista.db.tenancy import tenant_transaction
from factories import make_tenant, make_user
from web.reading import live_of, read_rows, sign_in, text_of, token_of

STAFF = "/app/company/approvals"


@pytest.fixture(scope="module")
async def company(db):
    return await make_tenant(db, name="Oficina Sul")


@pytest.fixture(scope="module")
async def people(site, db, company):
    """Two administrators of a company, one of its users, and two of the staff: who they are, and their browsers."""
    wanted = {"ana": (company.id, "TENANT_ADMIN"), "bia": (company.id, "TENANT_ADMIN")}
    wanted |= {"davi": (company.id, "TENANT_USER")}
    found = {}
    for name, (tenant_id, role) in wanted.items():
        found[name] = await make_user(db, tenant_id, role=role, name=name.title())
    for name in ("olga", "otto"):
        found[name] = await make_user(db, name=name.title())
    browsers = {}
    for name, person in found.items():
        browsers[name] = site.browser()
        await sign_in(browsers[name], person)
    yield found, browsers
    for browser in browsers.values():
        await browser.aclose()


@pytest.fixture
def ask(site, people, company):
    """`await ask("ana")`: a request of hers."""

    async def asked(name, audience=Audience.TENANT, **changes):
        person, role = people[0][name], Role(people[0][name].role)
        home = None if audience is Audience.STAFF else company.id
        actor = Actor(ActorKind.SESSION, ROLE_PERMISSIONS[role], role, person.id, home, person.email)
        plain = {"action_type": "manual.campaign_text", "resource_type": "campaign", "resource_id": "<b>março</b>"}
        new = NewApproval(**{**plain, "action_details": {"text": "Oi <i>você</i>"}, "audience": audience, **changes})
        async with tenant_transaction(site.db, company.id) as conn:
            return await service.request(conn, actor, company.id, new, clock.now())

    return asked


async def test_it_begins_empty_and_says_what_comes_here(people):
    _, browsers = people
    assert "Nothing waits for you" in text_of((await browsers["ana"].get(PAGE)).text)
    assert "POST /approvals" in text_of((await browsers["ana"].get(f"{PAGE}?whose=mine")).text)
    assert "Nothing waits for you" in text_of((await browsers["olga"].get(STAFF)).text)


async def test_one_asks_and_another_decides(people, ask):
    _, browsers = people
    asked = await ask("ana")
    here = f"{PAGE}/{asked.id}"
    assert "Campaign text" in text_of((await browsers["ana"].get(f"{PAGE}?whose=mine")).text)
    assert "Nothing waits for you" in text_of((await browsers["ana"].get(PAGE)).text)
    waiting = (await browsers["bia"].get(PAGE)).text
    assert "Waiting for me (1)" in text_of(waiting)
    assert here in waiting
    assert "<b>março" not in waiting
    own = (await browsers["ana"].get(here)).text
    assert "You asked for this yourself: somebody else has to decide." in text_of(own)
    assert f"{here}/decide" not in own
    token = token_of(own)
    refused = await browsers["ana"].post(f"{here}/decide", data={"_csrf": token, "decision": "approve"})
    assert refused.status_code == 403
    assert "You asked for this yourself" in text_of(refused.text)
    page = (await browsers["bia"].get(here)).text
    assert "<i>você" not in page
    sent = {"_csrf": token_of(page), "decision": "reject", "comment": "Sem <u>desconto</u>."}
    assert (await browsers["bia"].post(f"{here}/decide", data=sent)).headers["location"] == f"{here}?done=reject"
    after = (await browsers["ana"].get(f"{here}?done=reject")).text
    assert "Rejected · Bia Sem" in text_of(after)
    assert "<u>" not in after
    late = await browsers["bia"].post(f"{here}/decide", data=sent)
    assert late.status_code == 409
    assert "The request is rejected already" in text_of(late.text)
    assert here in (await browsers["ana"].get(f"{PAGE}?whose=all&status=rejected")).text
    assert here not in (await browsers["ana"].get(f"{PAGE}?whose=all&status=approved")).text


async def test_who_asked_may_take_it_back(people, ask):
    _, browsers = people
    asked = await ask("ana")
    here = f"{PAGE}/{asked.id}"
    page = (await browsers["bia"].get(here)).text
    assert "Take this request back?" not in text_of(page)
    refused = await browsers["bia"].post(f"{here}/cancel", data={"_csrf": token_of(page)})
    assert refused.status_code == 403
    assert "Only the person who asked can cancel the request." in text_of(refused.text)
    page = (await browsers["ana"].get(here)).text
    assert "Take this request back?" in text_of(page)
    done = await browsers["ana"].post(f"{here}/cancel", data={"_csrf": token_of(page)})
    assert done.headers["location"] == f"{here}?done=cancelled"
    assert "Taken back" in text_of((await browsers["ana"].get(here)).text)


async def test_a_company_sees_its_own_alone(site, db, people, ask):
    _, browsers = people
    asked = await ask("ana")
    assert (await browsers["davi"].get(PAGE)).status_code == 403
    of_staff = await ask("olga", Audience.STAFF, action_type="command.EXPORT_TENANT")
    assert (await browsers["ana"].get(f"{PAGE}/{of_staff.id}")).status_code == 404
    async with site.browser() as stranger:
        await sign_in(stranger, await make_user(db, (await make_tenant(db)).id))
        assert (await stranger.get(f"{PAGE}/{asked.id}")).status_code == 404
        token = token_of((await stranger.get(PAGE)).text)
        sent = {"_csrf": token, "decision": "approve"}
        assert (await stranger.post(f"{PAGE}/{asked.id}/decide", data=sent)).status_code == 404
    assert (await browsers["ana"].get(STAFF)).headers["location"] == "/app/dashboard?error=forbidden"


async def test_staff_look_at_a_companys_requests_and_decide_none(people, ask, company):
    _, browsers = people
    asked = await ask("ana")
    about = f"tenant_id={company.id}"
    listed = (await browsers["olga"].get(f"{PAGE}?{about}")).text
    assert f"{PAGE}/{asked.id}?{about}" in listed
    page = (await browsers["olga"].get(f"{PAGE}/{asked.id}?{about}")).text
    assert "This is not yours to decide" in text_of(page)
    sent = {"_csrf": token_of(page), "decision": "approve"}
    refused = await browsers["olga"].post(f"{PAGE}/{asked.id}/decide?{about}", data=sent)
    assert refused.status_code == 403
    assert "This is not yours to decide" in text_of(refused.text)


async def test_staff_decide_on_what_is_asked_of_them(people, ask):
    _, browsers = people
    asked = await ask("olga", Audience.STAFF, action_type="command.EXPORT_TENANT", action_details={})
    listed = text_of((await browsers["otto"].get(STAFF)).text)
    assert "Export a customer's data" in listed
    assert "Oficina Sul" in listed
    page = (await browsers["otto"].get(f"{STAFF}/{asked.id}")).text
    assert "Open the command" in text_of(page)
    sent = {"_csrf": token_of(page), "decision": "approve", "comment": "Confirmado por telefone."}
    done = await browsers["otto"].post(f"{STAFF}/{asked.id}/decide", data=sent)
    assert done.headers["location"] == f"{STAFF}/{asked.id}?done=approve"
    after = text_of((await browsers["olga"].get(f"{STAFF}/{asked.id}")).text)
    assert "Approved · Otto Confirmado por telefone." in after
    assert (await browsers["olga"].get(f"{STAFF}/{clock.new_id()}")).status_code == 404
    assert (await browsers["olga"].get(f"{STAFF}?whose=x&status=y&page=3")).status_code == 200


async def test_an_open_list_hears_of_a_request(people, ask, company):
    _, browsers = people
    places = (
        ("bia", Audience.TENANT, "ana", f"{PAGE}?whose=all"),
        ("otto", Audience.STAFF, "olga", f"{STAFF}?whose=all"),
    )
    for name, audience, asker, path in places:
        part = live_of((await browsers[name].get(path)).text, "approvals")
        assert (await browsers[name].get(part)).status_code == 204
        asked = await ask(asker, audience)
        changed = await browsers[name].get(part)
        assert (changed.status_code, str(asked.id) in changed.text) == (200, True)


async def test_staff_who_leave_a_list_open_are_written_down_once(people, company, db):
    _, browsers = people
    path = f"{PAGE}?tenant_id={company.id}&whose=all"
    part = live_of((await browsers["olga"].get(path)).text, "approvals")
    before = await read_rows(db, company.id)
    assert (await browsers["olga"].get(part)).status_code == 204
    assert await read_rows(db, company.id) == before
    assert (await browsers["olga"].get(part.partition("&seen=")[0])).status_code == 200
    assert await read_rows(db, company.id) == before + 1
