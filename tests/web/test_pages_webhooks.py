"""/app/dashboard/settings/webhooks: adding one, its secret, its log, and telling it again."""

import dataclasses
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.db.executor import Executor
from alquimista.db.tenancy import tenant_transaction
from alquimista.events import TOLD, EventType
from alquimista.web.client.webhooks import EXAMPLE, FAILURES, SHOWN, groups
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import Failure, SendDelivery
from alquimista.webhooks.models.endpoints import MOST_ENDPOINTS
from alquimista.webhooks.models.signing import headers as signed
from alquimista.webhooks.models.signing import new_secret
from alquimista.wiring import Services
from factories import make_tenant, make_user
from support.receiver import receiving
from web.reading import sign_in, text_of, token_of

HERE = "/app/dashboard/settings/webhooks"
SYSTEM = Actor(kind=ActorKind.SYSTEM, permissions=frozenset())
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture(scope="module")
def site_settings(settings):
    """Receivers of tests are on this machine."""
    return dataclasses.replace(settings, outbound_private=True)


@pytest.fixture
async def receiver():
    async with receiving() as running:
        yield running


@pytest.fixture
async def worker(db, site_settings):
    services = Services(site_settings, db)
    sending = service.install(services)
    yield services
    await sending.close()


@dataclasses.dataclass
class Company:
    tenant_id: object
    browser: httpx.AsyncClient
    db: object

    async def see(self, page):
        answer = await self.browser.get(page)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def send(self, page, action="", **fields):
        return await self.browser.post(action or page, data={"_csrf": token_of(await self.see(page)), **fields})

    async def webhook(self, url="https://example.com/hook", **fields):
        """The page of a new one."""
        made = await self.send(f"{HERE}/new", url=url, **(fields or {"everything": "yes"}))
        assert made.status_code == 200, text_of(made.text)
        return re.search(rf'href="({HERE}/[0-9a-f-]{{36}})"', made.text)[1]

    async def tell(self, count=1, at=None):
        async with tenant_transaction(self.db, self.tenant_id) as conn:
            for _ in range(count):
                moment = at or clock.now()
                await service.emit(conn, self.tenant_id, clock.new_id(), EventType.LEAD_RECEIVED, {"n": 1}, moment)

    async def deliver(self, worker, page):
        """Try everything that waits, once."""
        conn, webhook = self.db.tenant(self.tenant_id), page.rpartition("/")[2]
        found, _ = await service.list_deliveries(conn, self.tenant_id, webhook, None, 100, 0)
        for one in found:
            await service.deliver(worker, self.tenant_id, SendDelivery(one.id, webhook))


@pytest.fixture
async def company(site):
    tenant = await make_tenant(site.db)
    async with site.browser() as browser:
        await sign_in(browser, await make_user(site.db, tenant.id))
        yield Company(tenant.id, browser, site.db)


def test_every_type_and_failure_has_its_words():
    assert {one for _, types in groups() for one in types} == set(TOLD) - {EventType.WEBHOOK_TEST}
    assert set(FAILURES) == set(Failure)


def test_the_example_accepts_what_is_signed_and_nothing_else():
    found: dict[str, Any] = {}
    exec(compile(EXAMPLE, "example", "exec"), found)
    secret = new_secret()
    headers = signed("01890a5d", clock.now(), b"{}", [new_secret(), secret])
    assert found["verify"](secret, headers, b"{}")
    assert not found["verify"](secret, headers, b"[]")
    assert not found["verify"](new_secret(), headers, b"{}")
    assert not found["verify"](secret, signed("01890a5d", clock.now() - timedelta(minutes=6), b"{}", [secret]), b"{}")


async def test_an_empty_page_explains_what_to_do_and_how_to_verify(company):
    shown = text_of(await company.see(HERE))
    assert "No webhooks yet" in shown
    for header in ("webhook-id", "webhook-timestamp", "webhook-signature", "hmac.compare_digest"):
        assert header in shown


async def test_a_secret_is_shown_once(company):
    made = await company.send(f"{HERE}/new", url="https://example.com/hook", description="CRM", everything="yes")
    secret = SECRET.search(made.text)[0]
    assert made.headers["cache-control"] == "no-store"
    page = re.search(rf'href="({HERE}/[0-9a-f-]{{36}})"', made.text)[1]
    for path in (HERE, page, f"{page}/edit"):
        assert secret not in await company.see(path)
    listed = text_of(await company.see(HERE))
    assert "CRM https://example.com/hook Everything Enabled" in listed
    rotated = await company.send(page, f"{page}/rotate")
    assert SECRET.search(rotated.text)[0] != secret
    assert re.search(r"Until .* the secret before signs too", text_of(rotated.text))
    assert "The secret before signs too, until" in text_of(await company.see(page))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"url": "ftp://example.com/x", "everything": "yes"}, "error-url"),
        ({"url": "", "everything": "yes"}, "error-url"),
        ({"url": "https://169.254.169.254/", "everything": "yes"}, "error-url"),
        ({"url": "https://example.com/hook"}, "error-event_types"),
        ({"url": "https://example.com/hook", "event_types": "intencao.detectada"}, "error-event_types"),
        ({"url": "https://example.com/hook", "everything": "yes", "description": "x" * 201}, "error-description"),
    ],
)
async def test_what_is_wrong_stands_at_its_field(company, fields, error):
    refused = await company.send(f"{HERE}/new", **fields)
    assert refused.status_code == 400
    assert f'id="{error}"' in refused.text
    assert f'value="{fields["url"]}"' in refused.text
    assert "No webhooks yet" in text_of(await company.see(HERE))


async def test_it_is_changed_turned_off_and_on_and_removed(company):
    page = await company.webhook(event_types="lead.recebido")
    form = await company.see(f"{page}/edit")
    assert re.search(r'value="lead.recebido" checked', form)
    wanted = {"url": "https://example.com/b", "description": "ERP", "event_types": ["invoice.paid", "ticket.closed"]}
    done = await company.send(f"{page}/edit", **wanted)
    assert done.headers["location"] == f"{page}?done=changed"
    shown = text_of(await company.see(done.headers["location"]))
    assert "ERP Enabled https://example.com/b" in shown
    assert "2 types of events invoice.paid ticket.closed" in shown
    off = await company.send(page, f"{page}/state", enabled="false")
    shown = await company.see(off.headers["location"])
    assert "nothing is sent to it" in text_of(shown)
    assert f"{page}/test" not in shown
    refused = await company.browser.post(f"{page}/test", data={"_csrf": token_of(shown)})
    assert refused.status_code == 409
    assert "The webhook is disabled" in text_of(refused.text)
    await company.send(page, f"{page}/state", enabled="true")
    assert 'id="remove" class="modal ask"' in await company.see(page)
    gone = await company.send(page, f"{page}/remove")
    assert "removed with its log" in text_of(await company.see(gone.headers["location"]))
    assert (await company.browser.get(page)).status_code == 404


async def test_a_test_and_its_tries_are_in_the_log(company, receiver, worker):
    receiver.answers = [500]
    page = await company.webhook(receiver.url())
    assert "Nothing was told yet" in text_of(await company.see(page))
    done = await company.send(page, f"{page}/test")
    opened = await company.see(done.headers["location"])
    assert "A test is on its way" in text_of(opened)
    seen = re.search(r'id="seen" name="seen" value="([0-9a-f]+)"', opened)[1]
    assert (await company.browser.get(f"{page}/live", params={"seen": seen})).status_code == 204
    await company.deliver(worker, page)
    changed = await company.browser.get(f"{page}/live", params={"seen": seen})
    assert "It was not answered with a 2xx. (500)" in text_of(changed.text)
    one = re.search(rf'href="({page}/deliveries/[0-9a-f-]{{36}})"', changed.text)[1]
    shown = text_of(await company.see(one))
    assert "Try 1 · HTTP 500 Failed" in shown
    assert '"webhook_id": "' in shown
    again = await company.send(one, f"{one}/replay")
    assert again.headers["location"] == f"{page}?done=replayed"
    await company.deliver(worker, page)
    assert len(receiver.got) == 2
    assert receiver.got[0].id == receiver.got[1].id
    assert "Try 2 · HTTP 204 Delivered" in text_of(await company.see(one))
    assert "webhook.test" in text_of(await company.see(f"{page}?state=delivered"))
    assert "No message in this state" in text_of(await company.see(f"{page}?state=failed"))
    assert (await company.browser.get(f"{page}?state=x")).status_code == 400


async def test_the_messages_of_some_days_are_sent_again(company, receiver, worker):
    page = await company.webhook(receiver.url())
    await company.tell(SHOWN + 2)
    assert "1–20 of 22" in text_of(await company.see(page))
    assert "21–22 of 22" in text_of(await company.see(f"{page}?page=99"))
    await company.deliver(worker, page)
    today = clock.now().date()
    span = {"first": str(today - timedelta(days=2)), "last": str(today - timedelta(days=1))}
    nothing = await company.send(page, f"{page}/replay", **span, delivered="yes")
    if nothing.headers["location"].endswith("count=0"):  # The company's day may still be yesterday's.
        assert "nothing to send again" in text_of(await company.see(nothing.headers["location"]))
    await company.deliver(worker, page)
    before = len(receiver.got)
    span["last"] = str((clock.now() - timedelta(hours=3)).date())
    failed = await company.send(page, f"{page}/replay", **span)
    assert failed.headers["location"].endswith("done=range&count=0")
    every = await company.send(page, f"{page}/replay", **span, delivered="yes")
    assert "Messages that are sent again: 22." in text_of(await company.see(every.headers["location"]))
    await company.deliver(worker, page)
    assert len(receiver.got) == before + 22
    assert len({one.id for one in receiver.got}) == 22


@pytest.mark.parametrize(
    ("first", "last", "error"),
    [
        ("", "2026-01-01", "error-first"),
        ("yesterday", "2026-01-01", "error-first"),
        ("2026-01-02", "2026-01-01", "error-last"),
        ("2001-01-01", "2001-01-02", "error-first"),
        (str(clock.now().date()), "2999-01-01", "error-last"),
    ],
)
async def test_days_that_are_none_stand_at_their_field(company, first, last, error):
    page = await company.webhook()
    refused = await company.send(page, f"{page}/replay", first=first, last=last)
    assert refused.status_code == 400
    assert f'id="{error}"' in refused.text


async def test_a_company_has_so_many(company, site):
    async with tenant_transaction(site.db, company.tenant_id) as conn:
        for number in range(MOST_ENDPOINTS):
            await service.create(
                conn,
                SYSTEM,
                company.tenant_id,
                url=f"https://example.com/{number}",
                description="",
                event_types=["*"],
                settings=site.services.settings,
                now=clock.now(),
            )
    assert f'href="{HERE}/new"' not in await company.see(HERE)
    refused = await company.send(f"{HERE}/new", url="https://example.com/x", everything="yes")
    assert refused.status_code == 409
    assert "There are 20 webhooks already" in text_of(refused.text)


async def test_only_administrators_have_them_and_anothers_is_not_there(site, company):
    page = await company.webhook()
    foreign = await make_tenant(site.db)
    async with site.browser() as user, site.browser() as stranger, site.browser() as staff:
        await sign_in(user, await make_user(site.db, company.tenant_id, role="TENANT_USER"))
        await sign_in(stranger, await make_user(site.db, foreign.id))
        await sign_in(staff, site.people["staff"])
        for path in (HERE, page, f"{HERE}/new"):
            assert (await user.get(path)).status_code == 403
        token = token_of((await stranger.get(HERE)).text)
        for path in (page, f"{page}/edit", f"{page}/live"):
            assert (await stranger.get(path)).status_code == 404
        for act in ("test", "rotate", "remove"):
            assert (await stranger.post(f"{page}/{act}", data={"_csrf": token})).status_code == 404
        seen = (await staff.get(page, params={"tenant_id": str(company.tenant_id)})).text
        assert f"{page}/test?tenant_id={company.tenant_id}" in seen


async def test_support_sees_what_was_told_and_can_change_nothing(company, site):
    page = await company.webhook()
    await company.tell(1)
    one = re.search(rf'href="({page}/deliveries/[0-9a-f-]{{36}})"', await company.see(page))[1]
    named = {"tenant_id": str(company.tenant_id)}
    async with site.browser() as support:
        await sign_in(support, await make_user(site.db, role=Role.INTERNAL_SUPPORT))
        settings = await support.get("/app/dashboard/settings/company", params=named)
        assert f'href="{HERE}?tenant_id={company.tenant_id}"' in settings.text
        for path in (HERE, page, f"{page}/live", one):
            shown = await support.get(path, params=named)
            assert shown.status_code == 200, path
            assert not re.search(rf'action="{HERE}', shown.text), path
        assert f'href="{one}?tenant_id={company.tenant_id}"' in (await support.get(page, params=named)).text
        token = token_of((await support.get("/account/profile")).text)
        for path in (f"{page}/edit", f"{HERE}/new"):
            assert "error=forbidden" in (await support.get(path, params=named)).headers["location"], path
        for act in ("test", "rotate", "remove", "replay"):
            assert (await support.post(f"{page}/{act}", params=named, data={"_csrf": token})).status_code == 403, act


async def test_a_page_asks_the_database_at_most_five_times(company, site, monkeypatch):
    page = await company.webhook()
    await company.tell(2)
    one = re.search(rf'href="({page}/deliveries/[0-9a-f-]{{36}})"', await company.see(page))[1]
    asked, run = [], Executor.run

    async def counted(self, tenant_id, statement, params):
        if tenant_id == company.tenant_id:
            asked.append(statement.sql)
        return await run(self, tenant_id, statement, params)

    monkeypatch.setattr(Executor, "run", counted)
    counts = {}
    for path in (HERE, page, one, f"{page}/edit", "/app/dashboard/usage", "/app/dashboard/integrations"):
        asked.clear()
        await company.see(path)
        counts[path] = len(asked)
    assert max(counts.values()) <= 5, counts
    assert min(counts.values()) >= 1, counts
