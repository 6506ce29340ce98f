"""The audit in the browser: staff's of all companies with its chains, and a company's own."""

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role, Shell
from alquimista.audit import service
from alquimista.audit.models import Wanted
from alquimista.audit.models.exporting import verify_lines
from alquimista.db.tenancy import tenant_transaction
from alquimista.support import service as tickets
from alquimista.support.models import TicketSeverity
from factories import make_tenant, make_user
from web.reading import send, sign_in, text_of

STAFF = "/app/company/audit"
CHAINS = f"{STAFF}/verify"
OWN = "/app/dashboard/settings/audit"


@pytest.fixture(scope="module")
def site_settings(settings, tmp_path_factory):
    """With an anchor outside the database."""
    return replace(settings, audit_anchor=str(tmp_path_factory.mktemp("anchor") / "audit-anchors.jsonl"))


@pytest.fixture(scope="module")
async def support(site):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, role="INTERNAL_SUPPORT", name="Sílvia Nunes"))
        yield browser


async def act(site, tenant_id, action="user.role_changed", **more):
    return await service.record(
        site.db.tenant(tenant_id),
        None,
        action,
        category=more.pop("category", "user"),
        tenant_id=tenant_id,
        **more,
    )


def actions(html):
    """What the list shows, in its order."""
    return re.findall(r'<code class="break-all">([a-z_]+\.[a-z_.]+)</code>', html)


def said(html):
    """What a company's list says was done, in its order; what has no words stands as it is named."""
    rows = re.findall(r'<tr id="entry-.*?<a [^>]*>(.*?)</a>', html, re.DOTALL)
    return [text_of(row) for row in rows]


async def test_staff_filter_by_company_action_result_trace_thing_and_day(site, support):
    tenant = await make_tenant(site.db, name="Filtros Ltda")
    other = await make_tenant(site.db, name="Filtros e Peneiras")
    await act(site, tenant.id, "agent.activated", category="agent", resource_type="agent", resource_id="a-1")
    await act(site, tenant.id, "auth.login", category="auth", result="failure", trace_id="abc123")
    await act(site, other.id, "agent.activated", category="agent")

    async def shown(**query):
        answer = await support.get(STAFF, params=query)
        assert answer.status_code == 200, answer.text
        return actions(answer.text)

    mine = {"tenant": str(tenant.id)}
    assert await shown(**mine) == ["auth.login", "agent.activated"]
    assert "tenant.read" in await shown(**mine)  # Having read it is an entry of the company's own.
    assert await shown(tenant="filtros ltda", category="agent") == ["agent.activated"]
    assert await shown(**mine, result="failure") == ["auth.login"]
    assert await shown(**mine, action="agent.activated") == ["agent.activated"]
    assert await shown(trace="abc123") == ["auth.login"]
    assert await shown(**mine, resource="agent", resource_id="a-1") == ["agent.activated"]
    today = clock.now().date()
    assert await shown(**mine, until=str(today - timedelta(days=2))) == []
    assert "auth.login" in await shown(**mine, since=str(today - timedelta(days=2)))
    assert "auth.login" in await shown(**mine, since="not a day", category="nothing")

    several = (await support.get(STAFF, params={"tenant": "filtros"})).text
    assert "Which customer?" in several
    assert f'href="{STAFF}?tenant={other.id}"' in several
    assert "No customer fits" in text_of((await support.get(STAFF, params={"tenant": "ninguém assim"})).text)
    assert "No customer fits" in text_of((await support.get(STAFF, params={"tenant": str(uuid4())})).text)
    assert (await support.get(STAFF, params={"unknown": "x"})).status_code == 400


async def test_staff_find_what_one_person_did_by_their_address(site, support):
    person = await make_user(site.db, site.people["admin"].tenant_id)
    async with site.browser() as browser:
        await sign_in(browser, person)
    html = (await support.get(STAFF, params={"who": f" {person.email.upper()} "})).text
    assert set(actions(html)) == {"auth.login"}
    assert person.email in html
    assert "Nobody has this address" in text_of((await support.get(STAFF, params={"who": "x@nowhere.example"})).text)


async def test_a_hundred_entries_are_a_page_and_the_next_one_goes_on(site, support):
    tenant = await make_tenant(site.db, name="Cento e Cinco")
    for number in range(105):
        await act(site, tenant.id, f"test.n{number % 10}x")
    query = {"tenant": str(tenant.id), "category": "user"}
    first = (await support.get(STAFF, params=query)).text
    assert len(re.findall(r'<tr id="entry-', first)) == 100
    older = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = (await support.get(older)).text
    assert len(re.findall(r'<tr id="entry-', second)) == 5
    assert 'rel="next"' not in second
    assert "Newest" in text_of(second)
    ids = re.findall(r'<tr id="entry-([^"]+)"', first + second)
    assert len(set(ids)) == 105
    assert (await support.get(STAFF, params={"after": "x"})).status_code == 400


async def test_an_entry_shows_what_it_changed_and_is_told_in_the_companys_audit(site, support):
    tenant = await make_tenant(site.db, name="Antes e Depois")
    entry = await act(
        site,
        tenant.id,
        before={"role": "TENANT_USER", "since": 1},
        after={"role": "<b>TENANT_ADMIN</b>", "since": 1},
        details={"why": "promoted"},
    )
    path = f"{STAFF}/{tenant.id}/{entry}"
    html = (await support.get(path)).text
    assert "Before and after" in html
    assert "TENANT_USER</code></del>" in html
    assert "&lt;b&gt;TENANT_ADMIN&lt;/b&gt;</code></ins>" in html
    text = text_of(html)
    assert "why promoted" in text
    assert "since 1 1" in text
    assert "Not sealed yet" in text
    await service.seal(site.db, tenant.id)
    assert re.search(r"Entry 1 Hash [0-9a-f]{64}", text_of((await support.get(path)).text))
    read = await service.entries(site.db.tenant(tenant.id), tenant.id, Wanted(action="tenant.read"), 10)
    assert [one.resource_id for one in read] == [path, path]
    other = await make_tenant(site.db)
    assert (await support.get(f"{STAFF}/{other.id}/{entry}")).status_code == 404


async def test_chains_are_verified_with_their_heads_and_what_was_changed_is_told(site, support, migrated):
    tenant = await make_tenant(site.db, name="Cadeia Longa")
    ids = [await act(site, tenant.id, f"test.n{number}x") for number in range(5)]
    await service.anchor(site.db, site.services.settings)
    before = text_of((await support.get(CHAINS, params={"tenant_id": str(tenant.id)})).text)
    assert "Last signed head entry 5" in before
    assert "Intact" not in before
    good = text_of((await send(support, CHAINS, CHAINS, tenant_id=str(tenant.id))).text)
    assert "Intact" in good
    assert "Compared with the anchor outside the database" in good
    assert re.search(r"Recomputed \d+ entries, from 1 on Signed heads that agree [12]", good)
    many = text_of((await send(support, CHAINS, CHAINS)).text)
    assert re.search(r"All \d+ chains are as they were sealed", many)
    async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
        await conn.execute("SET session_replication_role = replica")
        await conn.execute("UPDATE alquimista_platform.audit_logs SET action = 'test.other' WHERE id = %s", [ids[2]])
    try:
        bad = text_of((await send(support, CHAINS, CHAINS, tenant_id=str(tenant.id))).text)
        assert "Not as it was sealed" in bad
        assert "Entry 3 (test.other" in bad
        support.headers["accept-language"] = "pt-BR"
        assert "Registro 3 (test.other" in text_of((await send(support, CHAINS, CHAINS, tenant_id=str(tenant.id))).text)
        support.headers["accept-language"] = "en"
        many = text_of((await send(support, CHAINS, CHAINS)).text)
        assert "chains are not as they were sealed" in many
    finally:
        async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
            await conn.execute("SET session_replication_role = replica")
            await conn.execute("UPDATE alquimista_platform.audit_logs SET action = 'test.n2x' WHERE id = %s", [ids[2]])
    assert (await support.get(CHAINS, params={"tenant_id": str(uuid4())})).status_code == 404
    new = await make_tenant(site.db, name="Recém-chegada")
    assert "Nothing of it is sealed yet" in text_of((await support.get(CHAINS, params={"tenant_id": str(new.id)})).text)


async def test_no_link_has_a_chain_recomputed_only_a_form_of_ours(support):
    assert (await support.get(CHAINS, params={"check": "true"})).status_code == 400
    assert (await support.post(CHAINS, data={"page": "1"})).status_code == 403
    shown = await send(support, CHAINS, CHAINS)
    assert shown.status_code == 200
    assert "chains are" in text_of(shown.text)


async def test_the_export_that_the_page_leads_to_verifies_offline(site, support):
    tenant = await make_tenant(site.db, name="Exportada")
    await act(site, tenant.id)
    html = (await support.get(STAFF, params={"tenant": str(tenant.id)})).text
    link = re.search(r'href="(/api/audit-logs/export[^"]+)"', html)[1].replace("&amp;", "&")
    answer = await support.get(link)
    assert answer.status_code == 200
    report, _ = verify_lines(answer.content.splitlines())
    assert report.total == 0
    assert report.entries >= 2


async def test_a_company_sees_its_own_entries_with_those_of_staff_marked_and_no_address_of_theirs(site, support):
    tenant = await make_tenant(site.db, name="Empresa Atenta")
    admin = await make_user(site.db, tenant.id, name="Rita Prado")
    await act(site, (await make_tenant(site.db, name="Outra")).id, "secret.of_others")
    assert (await support.get("/app/dashboard", params={"tenant_id": str(tenant.id)})).status_code == 200
    async with site.browser() as browser:
        await sign_in(browser, admin)
        html = (await browser.get(OWN)).text
        assert said(html) == ["Signed in", "Account looked at"]
        assert "Sílvia Nunes Alquimista's staff" in text_of(html)
        assert "secret.of_others" not in html
        assert said((await browser.get(OWN, params={"who": "staff"})).text) == ["Account looked at"]
        assert said((await browser.get(OWN, params={"who": str(admin.id)})).text) == ["Signed in"]
        assert said((await browser.get(OWN, params={"result": "failure"})).text) == []
        assert said((await browser.get(OWN, params={"action": "auth.login"})).text) == ["Signed in"]
        path = re.search(rf'href="({OWN}/[^"]+)">Account looked at', html)[1]
        entry = (await browser.get(path)).text
        assert "Sílvia Nunes" in entry
        for private in ("@", "127.0.0.1", "python-httpx"):
            assert private not in text_of(entry).replace(admin.email, "")
        assert (await browser.get(f"{OWN}/{uuid4()}")).status_code == 404
        exported = await browser.get(re.search(r'href="(/api/audit-logs/export[^"]*)"', html)[1])
        assert verify_lines(exported.content.splitlines())[0].total == 0


async def test_what_was_typed_on_the_server_is_told_in_words_and_to_the_company_without_the_host(site, support):
    tenant = await make_tenant(site.db, name="Do Servidor")
    admin = await make_user(site.db, tenant.id)
    ana = Actor(
        ActorKind.SYSTEM,
        frozenset(),
        role=Role.INTERNAL_ADMIN,
        user_id=uuid4(),
        name="Ana Prado",
        shell=Shell("root", "srv-7"),
    )
    nobody = Actor(ActorKind.SYSTEM, frozenset(), shell=Shell("deploy", "srv-7"))
    whose = {"category": "tenant", "resource_type": "tenant", "tenant_id": tenant.id}
    for who, action in ((ana, "tenant.exported"), (nobody, "tenant.created")):
        entry = await service.record(site.db.tenant(tenant.id), who, action, details={"rows": 1}, **whose)
    path = f"/{entry}"
    listed = text_of((await support.get(STAFF, params={"tenant": str(tenant.id)})).text)
    assert "On the server's command line" in listed
    whole = text_of((await support.get(f"{STAFF}/{tenant.id}{path}")).text)
    assert "How On the server's command line Typed by deploy on srv-7" in whole
    assert "command_line" not in whole
    tab = text_of((await support.get(f"/app/company/tenants/{tenant.id}/audit")).text)
    assert "Ana Prado (staff) · typed by root on srv-7" in tab
    assert "On the server's command line · typed by deploy on srv-7" in tab
    async with site.browser() as browser:
        await sign_in(browser, admin)
        own = text_of((await browser.get(OWN + path)).text)
        assert "How On the server's command line" in own
        api = (await browser.get("/api/audit-logs")).text
        assert '"command_line":true' in api
        assert "srv-7" not in api + own + (await browser.get(OWN)).text
        portuguese = {"accept-language": "pt-BR"}
        assert "Na linha de comando do servidor" in (await browser.get(OWN + path, headers=portuguese)).text


async def test_a_company_reads_words_in_its_own_language_and_no_addresses_but_what_has_none_as_it_is_named(site):
    tenant = await make_tenant(site.db, name="Palavras Ltda")
    admin = await make_user(site.db, tenant.id)
    await act(site, tenant.id, "webhook.created", resource_type="webhook", resource_id="w-1")
    await act(site, tenant.id, "later.invented", resource_type="page", resource_id="/app/company/secret-path")
    async with site.browser() as browser:
        await sign_in(browser, admin)
        html = (await browser.get(OWN, headers={"accept-language": "pt-BR"})).text
        assert said(html)[1:] == ["later.invented", "Webhook criado"]
        assert "Página" in html
        assert "secret-path" not in html
        path = re.search(rf'href="({OWN}/[^"]+)">later', html)[1]
        assert "secret-path" in (await browser.get(path)).text


async def test_a_note_of_staff_in_a_ticket_is_told_to_the_company_without_what_it_says(site, support):
    tenant = await make_tenant(site.db, name="Bilhete Interno")
    admin = await make_user(site.db, tenant.id)
    person, lia = (
        Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=role, user_id=one.id, tenant_id=tenant.id)
        for one, role in ((admin, Role.TENANT_ADMIN), (site.people["staff"], Role.INTERNAL_SUPPORT))
    )
    async with tenant_transaction(site.db, tenant.id) as conn:
        ticket = await tickets.open_ticket(
            conn, person, tenant.id, "Parou", TicketSeverity.NORMAL, "Desde ontem.", clock.now()
        )
        await tickets.write_message(conn, lia, tenant.id, ticket.id, "Só entre nós.", clock.now(), internal=True)
    async with site.browser() as browser:
        await sign_in(browser, admin)
        html = (await browser.get(OWN)).text
        assert "Note left in a ticket" in said(html)
        path = re.search(rf'href="({OWN}/[^"]+)">Note left', html)[1]
        exported = await browser.get(re.search(r'href="(/api/audit-logs/export[^"]*)"', html)[1])
        for shown in (html, (await browser.get(path)).text, exported.text):
            assert "entre nós" not in shown
        assert "ticket.noted" in exported.text


async def test_another_companys_entry_is_404_and_only_administrators_read_the_page(site):
    own, other = [await make_tenant(site.db) for _ in range(2)]
    foreign = await act(site, other.id)
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, own.id))
        assert (await browser.get(f"{OWN}/{foreign}")).status_code == 404
        assert (await browser.get(f"{OWN}?tenant_id={other.id}")).status_code in {303, 403}
        for path in (STAFF, CHAINS, f"{STAFF}/{other.id}/{foreign}"):
            assert urlsplit((await browser.get(path)).headers["location"]).query == "error=forbidden"
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, own.id, role="TENANT_USER"))
        assert (await browser.get(OWN)).status_code == 403


async def test_staff_read_a_companys_page_and_that_is_an_entry(site, support):
    tenant = await make_tenant(site.db, name="Vista de Fora")
    html = (await support.get(OWN, params={"tenant_id": str(tenant.id)})).text
    assert said(html) == ["Account looked at"]
    link = re.search(rf'href="({OWN}/[^"]+)"', html)[1].replace("&amp;", "&")
    assert f"tenant_id={tenant.id}" in link
    assert "@" in text_of((await support.get(link)).text)
