"""/app/company/tenants/{id}: a company's head and tabs, what staff do to it, and that its audit tells of each read."""

import re
from datetime import timedelta
from uuid import UUID

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted as Entries
from alquimista.clock import new_id
from alquimista.db.executor import Executor
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service as fleet
from alquimista.fleet.models.states import Beat
from alquimista.identity.service import list_invitations
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, Visibility
from alquimista.operations import service as operations
from alquimista.operations.models.kinds import CommandType, HealthCheckParameters
from alquimista.tenants import service as tenants
from factories import activate_agent, make_agent, make_tenant, make_user
from web.reading import live_of, read_rows, sign_in, text_of, token_of
from web.test_pages_overview import sent  # noqa: F401 - A fixture.

LIST = "/app/company/tenants"
TABS = ("", "/users", "/agents", "/integrations", "/usage", "/billing", "/incidents", "/commands", "/audit")


@pytest.fixture(scope="module")
async def staff(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["staff"])
        yield browser


@pytest.fixture(scope="module")
async def support(site, db):
    async with site.browser() as browser:
        await sign_in(browser, await make_user(db, role="INTERNAL_SUPPORT", name="Rui Alves"))
        yield browser


@pytest.fixture
def admin_actor(site):
    person = site.people["staff"]
    given = ROLE_PERMISSIONS[Role.INTERNAL_ADMIN]
    return Actor(ActorKind.SESSION, given, Role.INTERNAL_ADMIN, person.id, None, person.email, "Ana Souza")


@pytest.fixture
def aurora(site):
    return f"{LIST}/{site.people['admin'].tenant_id}"


async def post(browser, page, path, **fields):
    return await browser.post(path, data={"_csrf": token_of((await browser.get(page)).text), **fields})


async def read(browser, path, **query):
    answer = await browser.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


async def rows(db, tenant_id, **wanted):
    return await audit.entries(db.tenant(tenant_id), tenant_id, Entries(**wanted), 200)


async def test_each_tab_has_the_head_and_leaves_its_own_row_in_the_audit(db, staff, aurora):
    tenant_id = UUID(aurora.rpartition("/")[2])
    for tab in TABS:
        shown = await staff.get(aurora + tab)
        text = text_of(shown.text)
        assert shown.status_code == 200, tab
        assert "Clínica Aurora Active" in text, tab
        assert "plan Expert" in text
        assert "of 150,000" in text
        assert f'href="{aurora + tab}" aria-current="page"' in shown.text
        latest = (await rows(db, tenant_id, action="tenant.read"))[0]
        assert (latest.resource_type, latest.resource_id, latest.actor_name) == ("page", aurora + tab, "Ana Souza")


async def test_no_tab_asks_the_database_more_than_five_times(staff, aurora, monkeypatch, sent):  # noqa: F811
    asked, run = [], Executor.run

    async def counted(self, tenant_id, statement, params):
        asked.append(statement.sql)
        return await run(self, tenant_id, statement, params)

    monkeypatch.setattr(Executor, "run", counted)
    for path in (LIST, *(aurora + tab for tab in TABS if tab != "/billing")):
        await staff.get(path)
        asked.clear()
        await staff.get(path)
        own = [sql for sql in asked if "sessions" not in sql and "rate_limit" not in sql]
        assert len(own) <= 5, (path, own)


async def test_an_unknown_company_is_not_found_and_no_audit_row_is_tried(staff, aurora):
    for tenant_id in (new_id(), PLATFORM_TENANT):
        for tab in (*TABS, "/suspend", "/limits"):
            assert (await staff.get(f"{LIST}/{tenant_id}{tab}")).status_code == 404, tab
        for act in ("suspend", "resume", "limits"):
            refused = await post(
                staff, aurora, f"{LIST}/{tenant_id}/{act}", **({"reason": "abc"} if act[0] == "s" else {})
            )
            assert refused.status_code == 404, act


async def test_support_reads_but_changes_nothing(support, aurora):
    shown = (await support.get(aurora)).text
    assert "View as administrator" in shown
    assert f'name="tenant_id" value="{aurora.rpartition("/")[2]}"' in shown
    for hidden in ("/suspend", "/limits", "EXPORT_TENANT", f"{aurora}/billing"):
        assert hidden not in shown
    for tab in ("/users", "/audit", "/commands"):
        assert (await support.get(aurora + tab)).status_code == 200
    assert (await support.get(f"{aurora}/billing")).status_code == 403
    for act in ("suspend", "resume", "limits"):
        assert (await post(support, aurora, f"{aurora}/{act}")).status_code == 403


async def test_its_own_people_never_see_the_pages(site, aurora):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        for tab in TABS:
            assert (await browser.get(aurora + tab)).headers["location"] == "/app/dashboard?error=forbidden"


async def test_a_suspended_company_is_out_at_once_and_comes_back(site, db, staff):
    tenant = await make_tenant(db, name="Fora do ar")
    path, person = f"{LIST}/{tenant.id}", await make_user(db, tenant.id)
    async with site.browser() as theirs:
        await sign_in(theirs, person)
        assert (await theirs.get("/app/dashboard")).status_code == 200
        assert "Suspend Fora do ar?" in await read(staff, f"{path}/suspend")
        short = await post(staff, f"{path}/suspend", f"{path}/suspend", reason="x")
        assert short.status_code == 400
        assert 'id="error-reason"' in short.text
        done = await post(staff, f"{path}/suspend", f"{path}/suspend", reason="Fraude, caso <7>")
        assert done.headers["location"] == f"{path}?done=suspended"
        shown = (await staff.get(done.headers["location"])).text
        assert "Staff keep this customer out: Fraude, caso &lt;7&gt;" in shown
        assert "nobody of it gets in any more" in text_of(shown)
        assert "/login" in (await theirs.get("/app/dashboard")).headers["location"]
        again = await post(staff, path, f"{path}/suspend", reason="Outra vez")
        assert again.status_code == 409
        assert "suspended by staff already" in text_of(again.text)
    back = await post(staff, path, f"{path}/resume")
    assert back.headers["location"] == f"{path}?done=resumed"
    assert "is let in again" in await read(staff, path, done="resumed")
    twice = await post(staff, path, f"{path}/resume")
    assert twice.status_code == 409
    assert "Staff do not keep this customer out." in text_of(twice.text)
    told = [one.action for one in await rows(db, tenant.id, category="tenant") if one.action != "tenant.read"]
    assert told == ["tenant.unblocked", "tenant.blocked"]


async def test_limits_of_its_own_are_set_and_taken_back(db, staff):
    tenant = await make_tenant(db, name="Limites")
    path = f"{LIST}/{tenant.id}"
    wrong = await post(staff, path, f"{path}/limits", max_agents="many", max_users="12", raw_days="3")
    assert wrong.status_code == 400
    assert 'id="error-max_agents"' in wrong.text
    assert 'id="error-raw_days"' in wrong.text
    assert 'value="12"' in wrong.text
    fields = {"max_agents": "12", "max_requests_per_month": "1.000.000", "raw_days": "90", "max_users": ""}
    assert (await post(staff, path, f"{path}/limits", **fields)).headers["location"] == f"{path}?done=limits"
    own = await tenants.own_limits(db.staff(), tenant.id)
    assert (own.max_agents, own.max_users, own.max_requests_per_month, own.raw_days) == (12, None, 1_000_000, 90)
    assert "of 1,000,000" in await read(staff, path)
    form = (await staff.get(f"{path}/limits")).text
    assert 'value="1000000"' in form
    await post(staff, path, f"{path}/limits")
    assert (await tenants.get(db.staff(), tenant.id)).max_agents == 8


async def test_people_are_listed_and_an_invitation_is_mailed_anew(db, staff, support, site):
    made = await post(
        staff,
        f"{LIST}/new",
        f"{LIST}/new",
        name="Convites",
        cnpj="11.444.777/0001-61",
        segment="saude",
        plan="starter",
        admin_email="dona@convites.com.br",
    )
    path = made.headers["location"].partition("?")[0]
    tenant_id = UUID(path.rpartition("/")[2])
    page = (await staff.get(f"{path}/users")).text
    assert "Nobody yet" in text_of(page)
    (before,), _ = await list_invitations(db.staff(), tenant_id, 10, 0)
    resend = f"{path}/invitations/{before.id}/resend"
    assert resend in page
    assert resend not in (await support.get(f"{path}/users")).text
    assert (await post(support, path, resend)).status_code == 403
    done = await post(staff, path, resend)
    assert done.headers["location"] == f"{path}/users?done=resent"
    (after,), _ = await list_invitations(db.staff(), tenant_id, 10, 0)
    assert (after.email, after.role, after.id != before.id) == (before.email, before.role, True)
    gone = await post(staff, path, resend)
    assert gone.status_code == 404
    assert "Open invitations" in gone.text
    for number in range(51):
        await make_user(db, tenant_id, name=f"Pessoa {number:02}", role="TENANT_USER")
    assert "1–50 of 51" in await read(staff, f"{path}/users")
    assert "Pessoa 50" in await read(staff, f"{path}/users", page="2")


async def test_agents_show_how_they_run_and_lead_to_a_restart(db, staff, support):
    tenant = await make_tenant(db, name="Com agentes")
    path = f"{LIST}/{tenant.id}/agents"
    assert "No agents yet" in await read(staff, path)
    agent = await make_agent(db, name="Cobrança <b>")
    await activate_agent(db, tenant.id, agent.id)
    assert "Never connected" in await read(staff, path)
    assert "RESTART_AGENT" not in (await staff.get(path)).text
    beat = Beat(instance_id="web-1", boot_id=new_id(), version="1.0", sdk="", host="")
    await fleet.beat(db, tenant.id, agent.slug, beat, clock.now())
    shown = (await support.get(path)).text
    assert "Cobrança &lt;b&gt;" in shown
    assert "Online heard just now" in text_of(shown)
    query = f"command_type=RESTART_AGENT&amp;tenant_id={tenant.id}&amp;agent_id={agent.id}"
    assert f'href="/app/company/operations/new?{query}"' in shown
    await fleet.beat(db, tenant.id, agent.slug, beat, clock.now() - timedelta(minutes=5))
    assert (await staff.get(path, params={"period": "1d"})).status_code == 400


async def test_the_export_is_a_command_of_the_console(staff, aurora):
    shown = (await staff.get(aurora)).text
    tenant_id = aurora.rpartition("/")[2]
    assert f'href="/app/company/operations/new?command_type=EXPORT_TENANT&amp;tenant_id={tenant_id}"' in shown


async def test_usage_is_what_was_sent_and_nothing_else(db, staff, aurora, sent):  # noqa: F811
    shown = await read(staff, f"{aurora}/usage", period="7d")
    assert "or not. 20 2 failed" in shown
    assert "percentage points. 90.0%" in shown
    assert "By agent" in shown
    tenant = await make_tenant(db, name="Sem uso")
    empty = await read(staff, f"{LIST}/{tenant.id}/usage")
    assert "No requests in this period" in empty
    assert "No agent had requests" in empty


async def test_incidents_and_commands_link_to_their_pages(db, site, staff, admin_actor):
    tenant = await make_tenant(db, name="Com problemas")
    path = f"{LIST}/{tenant.id}"
    assert "All quiet" in await read(staff, f"{path}/incidents")
    assert "No commands yet" in await read(staff, f"{path}/commands")
    async with tenant_transaction(db, tenant.id) as conn:
        incident_id = await incidents.open_by_hand(
            conn, admin_actor, tenant.id, Severity.ERROR, "Fila <i>parada</i>", "", Visibility.INTERNAL, [], clock.now()
        )
    wanted = operations.Wanted(CommandType.HEALTH_CHECK, tenant.id, HealthCheckParameters(), None)
    async with tenant_transaction(db, tenant.id) as conn:
        command, _ = await operations.give(conn, admin_actor, wanted, site.services.settings, clock.now())
    shown = (await staff.get(f"{path}/incidents")).text
    assert f'href="/app/company/incidents/{incident_id}"' in shown
    assert "Fila &lt;i&gt;parada&lt;/i&gt;" in shown
    assert "internal" in text_of(shown)
    assert "No incident matches" in await read(staff, f"{path}/incidents", status="resolved")
    assert "Fila" in await read(staff, f"{path}/incidents", status="open", severity="error")
    assert "Fila" in await read(staff, f"{path}/incidents", status="unheard of")
    shown = (await staff.get(f"{path}/commands")).text
    assert f'href="/app/company/operations/{command.id}"' in shown
    assert "Check health" in text_of(shown)
    assert "No command matches" in await read(staff, f"{path}/commands", status="SUCCESS")


async def test_open_incidents_and_commands_hear_of_new_ones(db, site, staff, admin_actor):
    tenant = await make_tenant(db, name="Ao vivo")

    async def trouble(conn):
        return await incidents.open_by_hand(
            conn, admin_actor, tenant.id, Severity.ERROR, "Caiu", "", Visibility.INTERNAL, [], clock.now()
        )

    async def command(conn):
        wanted = operations.Wanted(CommandType.HEALTH_CHECK, tenant.id, HealthCheckParameters(), None)
        return (await operations.give(conn, admin_actor, wanted, site.services.settings, clock.now()))[0].id

    for tab, happen in (("incidents", trouble), ("commands", command)):
        part = live_of((await staff.get(f"{LIST}/{tenant.id}/{tab}")).text, tab)
        before = await read_rows(db, tenant.id)
        assert (await staff.get(part)).status_code == 204
        async with tenant_transaction(db, tenant.id) as conn:
            made = await happen(conn)
        changed = await staff.get(part)
        assert (changed.status_code, str(made) in changed.text) == (200, True)
        assert await read_rows(db, tenant.id) == before, "the page was opened, and stands in the audit already"
        assert (await staff.get(part.partition("&seen=")[0])).status_code == 200
        assert await read_rows(db, tenant.id) == before + 1
        elsewhere = part.replace(str(tenant.id), str(clock.new_id()))
        assert (await staff.get(elsewhere)).status_code == 404


async def test_the_audit_has_pages_and_filters(db, staff):
    tenant = await make_tenant(db, name="Auditada")
    path = f"{LIST}/{tenant.id}/audit"
    for number in range(60):
        await audit.record(
            db.tenant(tenant.id),
            None,
            "agent.activated",
            category="agent",
            resource_type="agent",
            resource_id=f"agent-{number:02}",
            details={"why": "<b>test</b>"},
            before={"limit": 8} if number == 59 else None,
            tenant_id=tenant.id,
        )
    first = (await staff.get(path)).text
    assert "agent-59" in first
    assert "agent-00" not in first
    assert "&lt;b&gt;test&lt;/b&gt;" in first
    assert "Before the change: limit 8" in text_of(first)
    assert "The platform itself" in text_of(first)
    older = re.search(r'id="entries-older"[^>]* href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = await read(staff, older)
    assert "agent-00" in second
    assert "agent-59" not in second
    only = await read(staff, path, category="tenant", action="tenant.read")
    assert "agent.activated" not in only.partition("newest first")[2]
    assert "No entry matches" in await read(staff, path, action="nothing.at.all")
    assert "agent.activated" in await read(staff, path, action=" Agent.Activated ")
    assert (await staff.get(path, params={"action": "a\x00"})).status_code == 400
    assert (await staff.get(path, params={"after": "x"})).status_code == 400
