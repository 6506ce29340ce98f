"""/app/company/operations: the history, the queue of approvals, one command, and giving one."""

import re
from html import unescape
from uuid import UUID

import msgspec
import pytest
from msgspec import structs

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.db.statement import Statement
from alquimista.operations import service
from alquimista.operations.api.reading import LINE
from alquimista.operations.models.commands import EXPORT_KEPT, CommandStatus
from alquimista.web.staff.command import CommandView
from factories import make_tenant, make_user
from web.reading import sign_in, text_of, token_of

HERE = "/app/company/operations"
NEW = f"{HERE}/new"
DAYS = {"first_day": "2026-03-01", "last_day": "2026-03-02"}


class Seen(msgspec.Struct, frozen=True):
    count: int


LOOKED_AT = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.audit_logs WHERE tenant_id = %(tenant_id)s"
    " AND action = 'command.read' AND resource_id = %(id)s",
    Seen,
)


@pytest.fixture
def audited(site, tenant):
    """`await audited(command)`: how often it was looked at, by its company's audit."""

    async def count(command):
        return (await site.db.tenant(tenant).fetch_one(LOOKED_AT, tenant_id=tenant, id=command)).count

    return count


@pytest.fixture(scope="module")
async def people(site, db):
    """Two administrators of the staff and a supporter, signed in."""
    made = {}
    for name, role in (("ana", "INTERNAL_ADMIN"), ("bia", "INTERNAL_ADMIN"), ("caio", "INTERNAL_SUPPORT")):
        browser = site.browser()
        await sign_in(browser, await make_user(db, role=role, name=name.title()))
        made[name] = browser
    yield made
    for browser in made.values():
        await browser.aclose()


@pytest.fixture
def tenant(site):
    return site.people["admin"].tenant_id


async def filled(browser, address):
    """The hidden and typed values of the form that gives a command."""
    html = (await browser.get(address)).text
    form = html[html.index('id="give"') :].partition("</form>")[0]
    return {name: unescape(value) for name, value in re.findall(r'name="(\w+)"[^>]*? value="([^"]*)"', form)}


async def given(browser, kind, tenant=None, **fields):
    """Give a command by its page; the answer."""
    about = f"&tenant_id={tenant}" if tenant else ""
    form = await filled(browser, f"{NEW}?command_type={kind}{about}")
    return await browser.post(NEW, data={**form, "act": "give", **fields})


def id_of(answer):
    assert answer.status_code == 303, text_of(answer.text)
    return re.match(rf"{HERE}/([0-9a-f-]+)\?done=", answer.headers["location"])[1]


async def test_only_staff_read_it_and_only_who_may_gives(site, people, tenant):
    async with site.browser() as client:
        await sign_in(client, site.people["admin"])
        for path in (HERE, NEW, f"{HERE}/{tenant}"):
            assert (await client.get(path)).headers["location"] == "/app/dashboard?error=forbidden"
    types = text_of((await people["caio"].get(NEW)).text)
    assert "Restart an agent" in types
    assert "Count usage again" not in types
    assert "Export a customer's data" not in types
    refused = await people["caio"].get(f"{NEW}?command_type=EXPORT_TENANT&tenant_id={tenant}")
    assert refused.status_code == 403
    token = token_of((await people["caio"].get(HERE)).text)
    for act in ("give", "dry_run"):
        sent = {"_csrf": token, "command_type": "RECOMPUTE_USAGE", "tenant_id": str(tenant), "act": act, **DAYS}
        assert (await people["caio"].post(NEW, data=sent)).status_code == 403


async def test_a_new_installation_says_what_to_do_first(people):
    html = (await people["ana"].get(f"{HERE}?search=nobody")).text
    assert "Nothing matches" in text_of(html)
    assert 'href="/app/company/operations/new"' in html
    assert "Count usage again" in text_of((await people["ana"].get(NEW)).text)


async def test_a_command_is_given_once_however_often_its_form_is_sent(people, tenant):
    browser = people["ana"]
    form = await filled(browser, f"{NEW}?command_type=HEALTH_CHECK&tenant_id={tenant}")
    first, again = [await browser.post(NEW, data={**form, "act": "give"}) for _ in range(2)]
    assert id_of(first) == id_of(again)
    other = await browser.post(NEW, data={**form, "command_type": "RESTART_AGENT", "act": "give"})
    assert other.status_code == 400
    page = await browser.get(f"{HERE}/{id_of(first)}?done=given")
    shown = text_of(page.text)
    assert "Check health" in shown
    assert "Clínica Aurora" in shown
    assert "The command is given. This page follows it." in shown
    assert "Waits for its turn" in shown


async def test_a_dry_run_says_what_would_be_done_and_creates_nothing(site, people, tenant):
    browser = people["ana"]
    _, before = await service.page(site.db.staff(), {}, 1, 0, "en")
    form = await filled(browser, f"{NEW}?command_type=REPROCESS_QUEUE&tenant_id={tenant}")
    assert form["count"] == "1000"
    shown = await browser.post(NEW, data={**form, "queue": "mails", "count": "7", "act": "dry_run"})
    assert shown.status_code == 200
    assert "Moves 0 failed entries back into the queue." in text_of(shown.text)
    assert 'name="count" type="number" class="input" value="7"' in shown.text
    assert (await service.page(site.db.staff(), {}, 1, 0, "en"))[1] == before


@pytest.mark.parametrize(
    ("kind", "fields", "at", "said"),
    [
        ("REPROCESS_QUEUE", {"queue": "mails", "count": "0"}, "count", "Give 1 or more."),
        ("REPROCESS_QUEUE", {"queue": "cows"}, "queue", "Give one of"),
        ("REPROCESS_QUEUE", {"queue": "mails", "ids": "abc"}, "ids", "Give ids of this queue."),
        ("REPROCESS_QUEUE", {}, "queue", "This field is required."),
        ("RECOMPUTE_USAGE", {**DAYS, "last_day": "2026-02-01"}, "last_day", "The first day comes after the last."),
        ("RESTART_AGENT", {"agent_id": str(PLATFORM_TENANT), "reason": "x"}, "agent_id", "There is no agent"),
        ("RESTART_AGENT", {"reason": "<b>"}, "agent_id", "This field is required."),
        ("RESET_TOKEN", {"integration_id": str(PLATFORM_TENANT)}, "integration_id", "There is no integration"),
    ],
)
async def test_a_refusal_stands_at_its_field_and_keeps_what_was_typed(people, tenant, kind, fields, at, said):
    form = await filled(people["ana"], f"{NEW}?command_type={kind}&tenant_id={tenant}")
    answer = await people["ana"].post(NEW, data={**form, **fields, "act": "dry_run"})
    assert 400 <= answer.status_code < 500
    found = re.search(rf'<div id="error-{at}".*?</div>', answer.text, re.DOTALL)
    assert found, text_of(answer.text)
    assert said in text_of(found[0])
    assert "<b>" not in answer.text
    for name, value in fields.items():
        assert name.endswith("_id") or value == "cows" or value in unescape(answer.text)  # Not among the choices.


async def test_a_command_needs_a_company_that_there_is(people):
    for tenant_id in ("", "x", str(clock.new_id()), str(PLATFORM_TENANT)):
        token = token_of((await people["ana"].get(HERE)).text)
        sent = {"_csrf": token, "command_type": "EXPORT_TENANT", "tenant_id": tenant_id, "act": "give"}
        answer = await people["ana"].post(NEW, data=sent)
        assert answer.status_code == 400
        assert 'id="error-tenant_id"' in answer.text
    assert (await people["ana"].get(f"{NEW}?command_type=EXPORT_TENANT&tenant_id={clock.new_id()}")).status_code == 404


async def test_a_company_is_found_however_its_name_is_typed(people, tenant, db):
    await make_tenant(db, name="Padaria São José")
    found = (await people["ana"].get(f"{NEW}?command_type=RESTART_AGENT&company=sao+jose")).text
    assert "Padaria São José" in found
    assert str(tenant) not in found
    assert 'id="give"' not in found
    chosen = (await people["ana"].get(f"{NEW}?command_type=RESTART_AGENT&tenant_id={tenant}")).text
    assert "Prospecção ativa" in chosen  # An agent of the company, to choose from.


async def test_what_destroys_is_given_only_by_who_ticks_that_it_is_meant(people, tenant):
    answer = await given(people["ana"], "RESET_TOKEN", tenant, integration_id=str(clock.new_id()), confirmed="")
    assert answer.status_code == 400
    assert "Tick this box first" in text_of(answer.text)


async def test_somebody_else_approves_in_place_with_a_comment(people, tenant, audited):
    command = id_of(await given(people["ana"], "RECOMPUTE_USAGE", tenant, **DAYS))
    own = (await people["ana"].get(HERE)).text
    assert "You asked for this yourself" in text_of(own)
    assert f'action="{HERE}/{command}/decide"' not in own
    token = token_of(own)
    sent = {"_csrf": token, "decision": "approve", "comment": "pode", "back": "queue"}
    refused = await people["ana"].post(f"{HERE}/{command}/decide", data=sent)
    assert refused.status_code == 403
    assert "You asked for this yourself: somebody else has to decide." in text_of(refused.text)
    support = (await people["caio"].get(f"{HERE}/{command}")).text
    assert "This is not yours to decide" in text_of(support)
    theirs = (await people["bia"].get(HERE)).text
    assert f'action="{HERE}/{command}/decide"' in theirs
    done = await people["bia"].post(f"{HERE}/{command}/decide", data={**sent, "_csrf": token_of(theirs)})
    assert done.headers["location"] == f"{HERE}?done=approve"
    shown = text_of((await people["bia"].get(f"{HERE}/{command}?done=approve")).text)
    assert "Approved by Bia pode" in shown
    assert "Waits for its turn" in shown
    again = {**sent, "_csrf": token_of(theirs), "back": "command"}
    before = await audited(command)
    late = await people["bia"].post(f"{HERE}/{command}/decide", data=again)
    assert late.status_code == 409
    assert await audited(command) == before + 1  # A refusal shows the command, too.


async def test_a_rejected_command_says_why(people, tenant):
    command = id_of(await given(people["ana"], "RECOMPUTE_USAGE", tenant, **DAYS))
    page = (await people["bia"].get(f"{HERE}/{command}")).text
    sent = {"_csrf": token_of(page), "decision": "reject", "comment": "na semana do <i>fechamento</i> não"}
    assert (await people["bia"].post(f"{HERE}/{command}/decide", data=sent)).status_code == 303
    html = (await people["ana"].get(f"{HERE}/{command}")).text
    assert "<i>fechamento" not in html
    assert "Why it ended so na semana do" in text_of(html)
    again = re.search(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*Give again', html)[1]
    assert (await filled(people["ana"], unescape(again)))["first_day"] == DAYS["first_day"]


async def test_cancelling_is_asked_for_and_happens_once(people):
    command = id_of(await given(people["ana"], "HEALTH_CHECK"))
    html = (await people["caio"].get(f"{HERE}/{command}")).text
    assert "Cancel this command?" in text_of(html)
    sent = {"_csrf": token_of(html)}
    assert (await people["caio"].post(f"{HERE}/{command}/cancel", data=sent)).headers["location"].endswith("cancelled")
    late = await people["caio"].post(f"{HERE}/{command}/cancel", data=sent)
    assert late.status_code == 409
    assert "has ended with CANCELLED" in text_of(late.text)
    assert (await people["caio"].post(f"{HERE}/{clock.new_id()}/cancel", data=sent)).status_code == 404


async def test_a_health_check_shows_what_it_found(site, people, tenant):
    command = id_of(await given(people["ana"], "HEALTH_CHECK", tenant))
    await service.run(site.services, tenant, UUID(command))
    shown = text_of((await people["ana"].get(f"{HERE}/{command}")).text)
    for word in ("Done", "Database", "Workers", "Integrations", "Show as JSON", "Given by", "Begun"):
        assert word in shown


async def test_what_failed_says_why(site, people, tenant):
    agent = (await agents.list_agents(site.db.tenant(tenant), tenant))[0]
    command = id_of(await given(people["ana"], "RESTART_AGENT", tenant, agent_id=str(agent.agent_id), reason="Parou."))
    await service.run(site.services, tenant, UUID(command))
    shown = text_of((await people["ana"].get(f"{HERE}/{command}")).text)
    assert f"Agent {agent.name}" in shown
    assert "Reason Parou." in shown
    assert "Failed" in shown
    assert "Why it ended so" in shown


async def test_the_history_filters_by_everything_it_shows(people, db):
    company = await make_tenant(db, name="Ótica Única")
    command = id_of(await given(people["bia"], "HEALTH_CHECK", company.id))
    mine = f'id="command-{command}"'
    for query in ("search=otica", f"tenant_id={company.id}", "search=OTICA&author=me&status=PENDING",
                  "search=otica&command_type=HEALTH_CHECK&status=nonsense"):  # fmt: skip
        assert mine in (await people["bia"].get(f"{HERE}?{query}")).text, query
    for query in ("search=optica", "search=otica&status=ERROR", "search=otica&command_type=RESET_TOKEN"):
        assert mine not in (await people["bia"].get(f"{HERE}?{query}")).text, query
    assert mine not in (await people["ana"].get(f"{HERE}?search=otica&author=me")).text
    shown = text_of((await people["ana"].get(f"{HERE}?search=otica")).text)
    assert "All 1 Waits for approval 0 Waits for its turn 1" in shown
    assert (await people["ana"].get(f"{HERE}?page=0")).status_code == 400
    assert mine in (await people["ana"].get(f"{HERE}?search=otica&page=99")).text


async def test_lists_call_who_gave_a_command_by_name_and_its_page_says_the_address_besides(people, tenant):
    command = id_of(await given(people["bia"], "HEALTH_CHECK", tenant))
    lists = (f"{HERE}?tenant_id={tenant}", f"/app/company/tenants/{tenant}/commands")
    for where in lists:
        row = (await people["ana"].get(where)).text.partition(f"{HERE}/{command}")[2].partition("</tr>")[0]
        assert "Bia" in text_of(row), where
        assert "@" not in text_of(row), where
    assert re.search(r"Given by Bia \S+@\S+", text_of((await people["ana"].get(f"{HERE}/{command}")).text))


async def test_the_part_is_answered_only_when_it_changed(people, audited, tenant):
    command = id_of(await given(people["ana"], "HEALTH_CHECK", tenant))
    before = await audited(command)
    html = (await people["ana"].get(f"{HERE}/{command}")).text
    seen = re.search(r'name="seen" value="([^"]+)"', html)[1]
    assert (await people["ana"].get(f"{HERE}/{command}/live?seen={seen}")).status_code == 204
    assert await audited(command) == before + 1  # Opening the page, not each look at its part.
    assert (await people["ana"].get(f"{HERE}/{command}/live")).status_code == 200
    assert await audited(command) == before + 2
    other = id_of(await given(people["ana"], "HEALTH_CHECK", tenant))
    assert (await people["ana"].get(f"{HERE}/{other}/live?seen={seen}")).status_code == 200
    assert await audited(other) == 1


def test_an_export_is_offered_while_its_file_is_kept_and_to_who_may_have_it():
    ended = clock.now()
    line = structs.replace(
        LINE, command_type="EXPORT_TENANT", status=CommandStatus.SUCCESS, completed_at=ended, tenant_id=LINE.command_id
    )

    def offered(role, at, **changes):
        actor = Actor(ActorKind.SESSION, ROLE_PERMISSIONS[role], role, LINE.command_id)
        view = CommandView(line=structs.replace(line, **changes), approval=None, actor=actor, now=at, choices={})
        return view.export

    admin, support = Role.INTERNAL_ADMIN, Role.INTERNAL_SUPPORT
    assert offered(admin, ended) == f"/internal/operations/commands/{LINE.command_id}/export"
    assert offered(admin, ended + EXPORT_KEPT) == ""
    assert offered(support, ended) == ""
    assert offered(admin, ended, status=CommandStatus.ERROR) == ""
    assert offered(admin, ended, command_type="HEALTH_CHECK") == ""
