"""/app/dashboard/support and /app/company/support: a ticket goes to and fro in a browser without scripts."""

import re
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.db.executor import Executor
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.context import current
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity, Visibility
from alquimista.support import service
from alquimista.support.models import TicketSeverity
from factories import make_tenant, make_user
from web.reading import sign_in, text_of, token_of

HERE, QUEUE = "/app/dashboard/support", "/app/company/support"
# What finds the session, counts against limits, and looks whether the tenant that staff name exists.
SIGN_IN = r"sessions|rate_limit|SELECT id FROM alquimista_platform\.tenants"


def acting(person, role):
    return Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=role, user_id=person.id)


async def asked(db, person, subject, *, severity=TicketSeverity.NORMAL, at=None):
    """A ticket of one of a company's people."""
    async with tenant_transaction(db, person.tenant_id) as conn:
        actor = acting(person, Role.TENANT_USER)
        return await service.open_ticket(
            conn, actor, person.tenant_id, subject, severity, "Não funciona.", at or clock.now()
        )


def shown(html):
    """What the browser says it shows, and that it has opened the page."""
    return re.search(r'id="seen" name="seen" value="([^"]+)"', html)[1]


async def went_wrong(db, tenant_id, title, visibility=Visibility.TENANT):
    async with tenant_transaction(db, tenant_id) as conn:
        new = NewIncident(
            severity=Severity.ERROR,
            title=title,
            description="Desde as 9 h.",
            source="test",
            dedupe_key=f"test:{title}",
            visibility=visibility,
        )
        await incidents.open_incident(conn, tenant_id, new, clock.now())
        found, _ = await incidents.page(conn, tenant_id, 1, 0)
    return found[0] if visibility is Visibility.TENANT else None


@pytest.fixture(scope="module")
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


@pytest.fixture(scope="module")
async def helper(site, db):
    """A supporter of the staff, and their browser."""
    person = await make_user(db, role=Role.INTERNAL_SUPPORT, name="Lia Fontes")
    async with site.browser() as browser:
        await sign_in(browser, person)
        yield person, browser


@pytest.fixture
async def company(site, db):
    """One of a new company's people, and their browser."""
    tenant = await make_tenant(db, name="Escola Ipê")
    person = await make_user(db, tenant.id, role=Role.TENANT_USER, name="Rafael Dias")
    async with site.browser() as browser:
        await sign_in(browser, person)
        yield person, browser


async def post(browser, page, action, **fields):
    return await browser.post(action, data={"_csrf": token_of((await browser.get(page)).text), **fields})


async def test_an_empty_page_says_what_to_do(company):
    shown = text_of((await company[1].get(HERE)).text)
    assert "No tickets yet" in shown
    assert "All quiet" in shown
    assert "Open a ticket" in shown


async def test_a_ticket_goes_to_and_fro(company, helper, db):
    person, browser = company
    lia, agent = helper
    about = await went_wrong(db, person.tenant_id, "WhatsApp parado")
    form = (await browser.get(f"{HERE}/new?incident={about.id}")).text
    assert re.search(rf'value="{about.id}" selected', form)
    sent = {"subject": "Nada <b>chega</b>", "body": "Desde\nas 9 h.", "severity": "high", "incident": str(about.id)}
    opened = await post(browser, f"{HERE}/new", f"{HERE}/new", **sent)
    assert opened.status_code == 303, opened.text
    ticket_id = re.search(r"support/([0-9a-f-]{36})\?done=opened", opened.headers["location"])[1]
    own, theirs = f"{HERE}/{ticket_id}", f"{QUEUE}/{ticket_id}"

    shown = (await browser.get(opened.headers["location"])).text
    assert "Your ticket is open." in text_of(shown)
    assert "Nada &lt;b&gt;chega&lt;/b&gt;" in shown
    assert "<b>chega" not in shown
    assert "Received by support" in text_of(shown)
    assert f"{HERE}/incidents/{about.id}" in shown

    queue = text_of((await agent.get(QUEUE)).text)
    assert "Escola Ipê · #1" in queue
    assert "Not answered yet" in queue
    assert (await post(agent, theirs, f"{theirs}/messages", body="Cliente difícil", internal="yes")).status_code == 303
    taken = await post(agent, theirs, f"{theirs}/keeper", mine="yes")
    assert "You look after this ticket now." in text_of((await agent.get(taken.headers["location"])).text)
    answered = await post(agent, theirs, f"{theirs}/messages", body="Reconecte a conta.")
    assert answered.headers["location"] == f"{theirs}?done=answered"
    seen = text_of((await agent.get(theirs)).text)
    assert "Note: only staff see it" in seen
    assert "Waiting for the customer" in seen
    assert "Lia Fontes" in seen
    assert f'href="/app/company/tenants/{person.tenant_id}"' in (await agent.get(theirs)).text

    read = text_of((await browser.get(own)).text)
    assert "Reconecte a conta." in read
    assert "difícil" not in read
    assert "Lia" not in read, "to a company staff are one"
    assert "Your turn" in read
    replied = await post(browser, own, f"{own}/messages", body="Voltou!")
    assert "Your message is sent." in text_of((await browser.get(replied.headers["location"])).text)
    assert "With support" in text_of((await browser.get(own)).text)

    assert (await post(browser, own, f"{own}/close")).headers["location"] == f"{own}?done=closed"
    closed = text_of((await browser.get(own)).text)
    assert "Reopen it to write here." in closed
    late = await post(browser, own, f"{own}/messages", body="Mais uma")
    assert late.status_code == 409
    assert "Reopen it to write in it." in text_of(late.text)
    assert "Mais uma" in late.text, "what was written is kept"
    again = await post(browser, own, f"{own}/close")
    assert (again.status_code, "The ticket is closed." in text_of(again.text)) == (409, True)
    assert (await post(browser, own, f"{own}/reopen")).headers["location"] == f"{own}?done=reopened"
    assert (await post(agent, theirs, f"{theirs}/close")).headers["location"] == f"{theirs}?done=closed"
    assert (await post(agent, theirs, f"{theirs}/close")).status_code == 409
    assert (await post(agent, theirs, f"{theirs}/reopen")).headers["location"] == f"{theirs}?done=reopened"

    trail = Wanted(resource_type="ticket", resource_id=ticket_id)
    acts = {row.action for row in await audit.entries(db.tenant(person.tenant_id), person.tenant_id, trail, 50)}
    assert {"ticket.opened", "ticket.noted", "ticket.assigned", "ticket.read", "ticket.closed"} <= acts
    assert lia.tenant_id != person.tenant_id


async def test_a_refused_ticket_comes_back_as_it_was_written(company):
    _, browser = company
    refused = await post(browser, f"{HERE}/new", f"{HERE}/new", subject=" ", body="x" * 10_001, severity="urgent")
    assert refused.status_code == 400
    assert "Write what it is about, in a line, without control characters." in text_of(refused.text)
    assert 'value="urgent" selected' in refused.text
    long = await post(browser, f"{HERE}/new", f"{HERE}/new", subject="y" * 201, body="x")
    assert "Write at most 200 characters." in text_of(long.text)
    long = await post(browser, f"{HERE}/new", f"{HERE}/new", subject="y", body="x" * 10_001)
    assert "Write at most 10000 characters." in text_of(long.text)
    assert "No tickets yet" in text_of((await browser.get(HERE)).text)


async def test_nobody_reads_or_writes_anothers(company, site, db, helper):
    person, browser = company
    foreign = await make_tenant(db)
    other = await make_user(db, foreign.id)
    ticket = await asked(db, other, "Segredo alheio")
    hidden = await went_wrong(db, foreign.id, "Incidente alheio")
    token = token_of((await browser.get(f"{HERE}/new")).text)
    for path in (f"{HERE}/{ticket.id}", f"{HERE}/{ticket.id}/live", f"{HERE}/new?incident={hidden.id}"):
        assert (await browser.get(path)).status_code == 404, path
    for act in ("messages", "close", "reopen"):
        fields = {"body": "x"} if act == "messages" else {}
        answer = await browser.post(f"{HERE}/{ticket.id}/{act}", data={"_csrf": token, **fields})
        assert answer.status_code == 404
    about = {"_csrf": token, "subject": "x", "body": "x", "incident": str(hidden.id)}
    assert (await browser.post(f"{HERE}/new", data=about)).status_code == 404
    assert (await browser.get(HERE, params={"tenant_id": str(foreign.id)})).status_code in {303, 403}
    assert (await browser.get(f"{QUEUE}/{ticket.id}")).headers["location"] == "/app/dashboard?error=forbidden"
    assert (await browser.post(f"{HERE}/{ticket.id}/close", data={})).status_code == 403
    assert person.tenant_id != foreign.id
    # Staff read a company's pages, which its audit says; they answer from their own.
    _, agent = helper
    there = await agent.get(f"{HERE}/{ticket.id}", params={"tenant_id": str(foreign.id)})
    assert "Answer it as staff" in text_of(there.text)
    assert "messages" not in there.text.split("<main")[1]
    refused = await agent.get(f"{HERE}/new", params={"tenant_id": str(foreign.id)})
    assert refused.headers["location"].startswith("/app/company?error=forbidden")
    trail = Wanted(action="tenant.read")
    rows = await audit.entries(db.tenant(foreign.id), foreign.id, trail, 10)
    assert f"{HERE}/{ticket.id}" in {row.resource_id for row in rows}


async def test_the_lists_filter_and_page(company, db):
    person, browser = company
    for number in range(12):
        await asked(db, person, f"Pergunta {number}", severity=TicketSeverity.LOW if number else TicketSeverity.URGENT)
    first = text_of((await browser.get(HERE)).text)
    assert "1–10 of 12" in first
    assert "11–12 of 12" in text_of((await browser.get(HERE, params={"page": "99"})).text)
    urgent = text_of((await browser.get(HERE, params={"severity": "urgent"})).text)
    assert "Pergunta 0" in urgent
    assert "Pergunta 11" not in urgent
    assert "No ticket like that" in text_of((await browser.get(HERE, params={"status": "closed"})).text)
    assert "1–10 of 12" in text_of((await browser.get(HERE, params={"status": "nonsense"})).text)


async def test_who_has_waited_longest_stands_first(helper, db):
    _, agent = helper
    tenant = await make_tenant(db, name="Padaria Ágata")
    person = await make_user(db, tenant.id)
    now = clock.now()
    old = await asked(db, person, "Espera há dias", at=now - timedelta(days=3))
    await asked(db, person, "Espera há horas", at=now - timedelta(hours=3))
    done = await asked(db, person, "Respondido", at=now - timedelta(days=9))
    async with tenant_transaction(db, tenant.id) as conn:
        lia = acting(helper[0], Role.INTERNAL_SUPPORT)
        await service.write_message(conn, lia, tenant.id, old.id, "Nota", now, internal=True)
        await service.write_message(conn, lia, tenant.id, done.id, "Pronto", now)
    html = (await agent.get(QUEUE, params={"search": "agata"})).text
    assert [html.index(one) for one in ("Espera há dias", "Espera há horas", "Respondido")] == sorted(
        html.index(one) for one in ("Espera há dias", "Espera há horas", "Respondido")
    ), "a note moves nobody to the end"
    assert "3\u00a0d 0\u00a0h" in html
    only = text_of((await agent.get(QUEUE, params={"tenant": str(tenant.id), "status": "waiting_on_customer"})).text)
    assert "Only Padaria Ágata" in only
    assert "Respondido" in only
    assert "Espera há dias" not in only
    assert "Nothing waits here" in text_of((await agent.get(QUEUE, params={"search": "agata", "keeper": "me"})).text)
    assert "Espera há horas" in text_of((await agent.get(QUEUE, params={"search": "#2"})).text)
    assert (await agent.get(QUEUE, params={"tenant": str(old.id)})).status_code == 404


async def test_staff_say_what_a_ticket_is_about(helper, db):
    _, agent = helper
    tenant = await make_tenant(db)
    ticket = await asked(db, await make_user(db, tenant.id), "Sobre o quê?")
    about = await went_wrong(db, tenant.id, "Canal parado")
    theirs = f"{QUEUE}/{ticket.id}"
    assert (await post(agent, theirs, f"{theirs}/incident", incident=str(about.id))).status_code == 303
    assert f'href="/app/company/incidents/{about.id}"' in (await agent.get(theirs)).text
    foreign = await went_wrong(db, (await make_tenant(db)).id, "Alheio")
    assert (await post(agent, theirs, f"{theirs}/incident", incident=str(foreign.id))).status_code == 404
    assert (await post(agent, theirs, f"{theirs}/incident", incident="")).status_code == 303
    assert f'href="/app/company/incidents/{about.id}"' not in (await agent.get(theirs)).text


async def test_an_open_page_hears_of_an_answer(company, helper, db):
    person, browser = company
    ticket = await asked(db, person, "Ao vivo")
    own = f"{HERE}/{ticket.id}"
    seen = shown((await browser.get(own)).text)
    assert (await browser.get(f"{own}/live", params={"seen": seen})).status_code == 204
    async with tenant_transaction(db, person.tenant_id) as conn:
        lia = acting(helper[0], Role.INTERNAL_SUPPORT)
        await service.write_message(conn, lia, person.tenant_id, ticket.id, "Já vimos.", clock.now())
    changed = await browser.get(f"{own}/live", params={"seen": seen})
    assert (changed.status_code, "Já vimos." in changed.text) == (200, True)
    assert "<html" not in changed.text
    listed = shown((await browser.get(HERE)).text)
    assert (await browser.get(f"{HERE}/live", params={"seen": listed})).status_code == 204


async def test_a_live_part_of_another_ticket_is_audited(helper, db):
    _, agent = helper
    person = await make_user(db, (await make_tenant(db)).id)
    one, other = await asked(db, person, "Um"), await asked(db, person, "Outro")
    seen = shown((await agent.get(f"{QUEUE}/{one.id}")).text)
    await agent.get(f"{QUEUE}/{one.id}/live", params={"seen": seen})
    await agent.get(f"{QUEUE}/{other.id}/live", params={"seen": seen})
    rows = await audit.entries(db.tenant(person.tenant_id), person.tenant_id, Wanted(action="ticket.read"), 10)
    assert sorted(row.resource_id for row in rows) == sorted((str(one.id), str(other.id)))


async def test_a_live_part_with_other_filters_than_the_page_is_audited(helper, db):
    _, agent = helper
    await asked(db, await make_user(db, (await make_tenant(db)).id), "Quem lê?")

    async def listed():
        wanted = Wanted(action="tickets.listed")
        return len(await audit.entries(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, wanted, 1000))

    seen = shown((await agent.get(QUEUE, params={"status": "open", "search": "Quem"})).text)
    before = await listed()
    same = {"status": "open", "search": "Quem", "page": 1}
    assert (await agent.get(f"{QUEUE}/live", params={**same, "seen": seen})).status_code == 204
    assert await listed() == before
    other = await agent.get(f"{QUEUE}/live", params={"search": "Quem", "seen": seen})
    assert (other.status_code, await listed()) == (200, before + 1)
    # What the part itself says is a proof of its own filters.
    again = await agent.get(f"{QUEUE}/live", params={"search": "Quem", "seen": shown(other.text)})
    assert (again.status_code, await listed()) == (204, before + 1)


async def test_no_page_asks_the_database_more_than_five_times(helper, db, monkeypatch):
    lia, agent = helper
    person = await make_user(db, (await make_tenant(db)).id)
    about = await went_wrong(db, person.tenant_id, "Parou")
    ticket = await asked(db, person, "Parou?")
    async with tenant_transaction(db, person.tenant_id) as conn:
        incident = await incidents.shown_to(conn, person.tenant_id, about.id)
        await service.link(conn, acting(lia, Role.INTERNAL_SUPPORT), person.tenant_id, ticket.id, incident, clock.now())
    asked_for, run = [], Executor.run

    async def counted(self, tenant_id, statement, params):
        if (request := current.get(None)) is not None and request.scope["path"] == path.partition("?")[0]:
            asked_for.append(statement.sql)
        return await run(self, tenant_id, statement, params)

    monkeypatch.setattr(Executor, "run", counted)
    of_tenant = f"tenant_id={person.tenant_id}"
    for path in (
        f"{HERE}?{of_tenant}",
        f"{HERE}/{ticket.id}?{of_tenant}",
        f"{HERE}/incidents?{of_tenant}",
        f"{HERE}/incidents/{about.id}?{of_tenant}",
        QUEUE,
        f"{QUEUE}/{ticket.id}",
        "/app/company/incidents",
        f"/app/company/incidents/{about.id}",
        "/app/company/incidents/new",
    ):
        asked_for.clear()
        assert (await agent.get(path)).status_code == 200, path
        own = [
            sql
            for sql in asked_for
            if not re.search(r"sessions|rate_limit|tenants WHERE id = %\(tenant_id\)s AND", sql)
        ]
        assert 1 <= len(own) <= 5, (path, own)
