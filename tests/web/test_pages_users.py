"""/app/dashboard/settings/users: people, invitations and permissions beyond roles, as an administrator runs them."""

import re
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import Role
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.identity.service.grants import grants_of
from alquimista.identity.service.invitations import list_invitations
from alquimista.identity.service.members import find_member
from factories import activate_agent, make_agent, make_tenant, make_user
from web.reading import send, sign_in, text_of

HERE = "/app/dashboard/settings/users"
INVITATIONS, GRANTS = f"{HERE}/invitations", f"{HERE}/grants"


@pytest.fixture
async def tenant(site):
    return await make_tenant(site.db, name="Oficina Boa Vista", plan="profissional")


@pytest.fixture
async def admin(site, tenant):
    async with site.browser() as browser:
        browser.person = await make_user(site.db, tenant.id, name="Ana Chefe")
        await sign_in(browser, browser.person)
        yield browser


@pytest.fixture
async def teammate(site, tenant):
    return await make_user(site.db, tenant.id, role=Role.TENANT_USER, name="João <i>Lima</i>")


async def test_people_are_listed_found_and_filtered(site, tenant, admin, teammate):
    await make_user(site.db, (await make_tenant(site.db)).id, name="João Estranho")
    html = (await admin.get(HERE)).text
    shown = text_of(html)
    assert "João &lt;i&gt;Lima&lt;/i&gt;" in html
    assert "Estranho" not in shown
    assert "2 of 10 places of the plan are taken" in shown
    assert "Ana Chefe (you)" in " ".join(shown.split())
    for found in ("joao", "LIMA", teammate.email[:12]):
        rows = (await admin.get(HERE, params={"search": found})).text
        assert "Lima" in text_of(rows), found
        assert "Ana Chefe (you)" not in text_of(rows), found
    assert "Nobody matches" in text_of((await admin.get(HERE, params={"search": "%"})).text)
    assert "Lima" not in text_of((await admin.get(HERE, params={"role": "TENANT_ADMIN"})).text).partition("Last")[2]
    assert "Nobody matches" in text_of((await admin.get(HERE, params={"status": "deactivated"})).text)
    assert "Ana Chefe" in text_of((await admin.get(HERE, params={"role": "x", "status": "y", "page": "99"})).text)
    assert (await admin.get(HERE, params={"search": "x" * 201})).status_code == 400


async def test_the_list_has_pages(site, tenant, admin):
    for number in range(51):
        await make_user(site.db, tenant.id, role=Role.TENANT_USER, name=f"Pessoa {number:02}")
    assert "1–50 of 52" in text_of((await admin.get(HERE)).text)
    last = text_of((await admin.get(HERE, params={"page": "99"})).text)
    assert "51–52 of 52" in last
    assert "Pessoa 50" in last


async def test_somebody_is_invited_again_and_not_after_all(site, tenant, admin):
    assert "No open invitations" in text_of((await admin.get(INVITATIONS)).text)
    sent = await send(admin, HERE, f"{HERE}/invite", email="Nova@Example.com", role="TENANT_USER")
    assert sent.headers["location"] == f"{INVITATIONS}?done=invited"
    shown = await admin.get(sent.headers["location"])
    assert "nova@example.com" in text_of(shown.text)
    assert "The invitation is on its way." in text_of(shown.text)
    twice = await send(admin, HERE, f"{HERE}/invite", email="nova@example.com", role="TENANT_USER")
    assert twice.status_code == 409
    assert "already has an open invitation" in text_of(twice.text)
    assert "data-again" in twice.text
    first = (await list_invitations(site.db.tenant(tenant.id), tenant.id, 10, 0))[0][0]
    assert (await send(admin, INVITATIONS, f"{INVITATIONS}/{first.id}/resend")).status_code == 303
    second = (await list_invitations(site.db.tenant(tenant.id), tenant.id, 10, 0))[0]
    assert [one.email for one in second] == ["nova@example.com"]
    assert second[0].id != first.id
    gone = await send(admin, INVITATIONS, f"{INVITATIONS}/{first.id}/resend")
    assert gone.status_code == 404
    assert "There is no open invitation with this id." in text_of(gone.text)
    done = await send(admin, INVITATIONS, f"{INVITATIONS}/{second[0].id}/withdraw")
    assert done.headers["location"] == f"{INVITATIONS}?done=withdrawn&again={second[0].id}"
    assert "No open invitations" in text_of((await admin.get(INVITATIONS)).text)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "nobody", "role": "TENANT_USER"}, "email"),
        ({"email": "a@example.com", "role": "INTERNAL_ADMIN"}, "role"),
        ({"email": "a@example.com", "role": "x"}, "role"),
    ],
)
async def test_a_wrong_invitation_comes_back(admin, fields, wrong):
    answer = await send(admin, HERE, f"{HERE}/invite", **fields)
    assert answer.status_code == 400
    assert f'id="error-{wrong}"' in answer.text
    assert f'value="{fields["email"]}"' in answer.text


async def test_a_role_changes_and_back(site, tenant, admin, teammate):
    page = f"{HERE}/{teammate.id}"
    changed = await send(admin, page, f"{page}/role", role="TENANT_ADMIN")
    assert changed.headers["location"] == f"{page}?done=role&was=TENANT_USER"
    shown = (await admin.get(changed.headers["location"])).text
    assert "The new role holds at once" in text_of(shown)
    assert re.search(r'name="role" value="TENANT_USER"><button[^>]*>.*?Undo', shown, re.DOTALL)
    await send(admin, page, f"{page}/role", role="TENANT_USER")
    assert (await find_member(site.db.tenant(tenant.id), tenant.id, teammate.id)).role is Role.TENANT_USER


async def test_who_is_deactivated_is_out_at_once_and_let_in_again(site, tenant, admin, teammate):
    page = f"{HERE}/{teammate.id}"
    async with site.browser() as theirs:
        await sign_in(theirs, teammate)
        assert "Deactivate João &lt;i&gt;Lima&lt;/i&gt;?" in (await admin.get(page)).text
        out = await send(admin, page, f"{page}/status", status="deactivated")
        assert out.headers["location"] == f"{page}?done=deactivated"
        assert (await theirs.get("/app/dashboard")).headers["location"].startswith("/login")
    shown = text_of((await admin.get(out.headers["location"])).text)
    assert "Undo" in shown
    assert "Deactivated" in shown
    back = await send(admin, page, f"{page}/status", status="active")
    assert back.headers["location"] == f"{page}?done=reactivated"
    assert (await send(admin, page, f"{page}/status", status="x")).status_code == 400


async def test_the_last_administrator_stays_and_it_says_so(admin, tenant, site):
    page = f"{HERE}/{admin.person.id}"
    shown = (await admin.get(page)).text
    assert "This is you." in text_of(shown)
    assert f'action="{page}/role"' not in shown
    other = await make_user(site.db, tenant.id, role=Role.TENANT_USER)
    refused = await send(admin, f"{HERE}/{other.id}", f"{page}/role", role="TENANT_USER")
    assert refused.status_code == 409
    assert "At least 1 active administrators must remain." in text_of(refused.text)


async def test_a_permission_is_given_within_limits_and_taken_back(site, tenant, admin, teammate):
    page = f"{HERE}/{teammate.id}"
    agent = await make_agent(site.db, name="Agente de Vendas")
    await activate_agent(site.db, tenant.id, agent.id)
    day = (clock.now() + timedelta(days=30)).date()
    fields = {"permission": "agent:manage", "agent": str(agent.id), "ends_on": day.isoformat(), "days": "1"}
    given = await send(admin, page, f"{page}/grants", from_time="08:00", until_time="18:00", **fields)
    assert given.headers["location"] == f"{page}?done=given"
    (grant,) = await grants_of(site.db.tenant(tenant.id), tenant.id, teammate.id, clock.now())
    assert (grant.resource_id, grant.days, grant.from_minute, grant.until_minute) == (str(agent.id), (1,), 480, 1080)
    assert grant.expires_at.isoformat() == f"{day + timedelta(days=1)}T03:00:00+00:00"
    for path in (page, GRANTS):
        shown = text_of((await admin.get(path)).text)
        assert "Run agents: switch them on and off, set them up" in shown, path
        assert "Agent: Agente de Vendas" in shown, path
        assert "Mon" in shown, path
        assert "08:00–18:00" in shown, path
        assert "by Ana Chefe" in shown, path
    again = await send(admin, page, f"{page}/grants", from_time="", until_time="", **fields)
    assert again.status_code == 409
    assert "This person was granted this already." in text_of(again.text)
    gone = await send(admin, GRANTS, f"{GRANTS}/{grant.id}/revoke", person=str(teammate.id))
    assert gone.headers["location"] == f"{page}?done=revoked&again={grant.id}"
    assert "Nobody has more than their role gives" in text_of((await admin.get(GRANTS)).text)
    assert (await send(admin, GRANTS, f"{GRANTS}/{grant.id}/revoke")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"permission": "user:manage"}, "permission"),
        ({"permission": "platform:read"}, "permission"),
        ({"agent": "01890a5d-ac96-774b-bcce-b302099a8057"}, "agent"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
        ({"ends_on": "soon"}, "ends_on"),
        ({"days": "8"}, "days"),
        ({"from_time": "25:00"}, "from_time"),
        ({"from_time": "18:00", "until_time": "08:00"}, "until_time"),
    ],
)
async def test_a_wrong_permission_comes_back_with_its_error(admin, teammate, changed, wrong):
    page = f"{HERE}/{teammate.id}"
    answer = await send(admin, page, f"{page}/grants", **{"permission": "billing:read", **changed})
    assert answer.status_code == 400
    assert f'id="error-{wrong}"' in answer.text


async def test_nobody_grants_themselves_anything(admin):
    page = f"{HERE}/{admin.person.id}"
    answer = await send(admin, HERE, f"{page}/grants", permission="billing:read")
    assert answer.status_code == 403
    assert "Nobody grants themselves anything." in text_of(answer.text)


async def test_what_is_granted_opens_the_tab(site, admin, teammate):
    page = f"{HERE}/{teammate.id}"
    async with site.browser() as theirs:
        await sign_in(theirs, teammate)
        assert (await theirs.get(HERE)).status_code == 403
        assert f'href="{HERE}"' not in (await theirs.get("/account/profile")).text
        await send(admin, page, f"{page}/grants", permission="user:read")
        shown = (await theirs.get(HERE)).text
        assert "Ana Chefe" in text_of(shown)
        assert 'data-open="invite"' not in shown
        assert (await theirs.get(GRANTS)).status_code == 403
        alone = text_of((await theirs.get(page)).text)
        assert "Permissions beyond the role" not in alone


async def test_a_user_opens_none_of_it_and_a_foreign_id_is_nothing(site, admin, teammate):
    stranger = await make_user(site.db, (await make_tenant(site.db)).id)
    assert (await admin.get(f"{HERE}/{stranger.id}")).status_code == 404
    for act, fields in (("role", {"role": "TENANT_USER"}), ("status", {"status": "deactivated"})):
        answer = await send(admin, HERE, f"{HERE}/{stranger.id}/{act}", **fields)
        assert answer.status_code == 404, act
    assert (await send(admin, HERE, f"{HERE}/{stranger.id}/grants", permission="user:read")).status_code == 404
    async with site.browser() as theirs:
        await sign_in(theirs, teammate)
        for path in (HERE, INVITATIONS, GRANTS, f"{HERE}/{admin.person.id}"):
            assert (await theirs.get(path)).status_code == 403, path
        for path in (f"{HERE}/invite", f"{HERE}/{admin.person.id}/status"):
            assert (await send(theirs, "/account/profile", path)).status_code == 403, path


async def test_staff_read_it_by_name_and_it_is_written_down(site, tenant, teammate):
    async with site.browser() as browser:
        support = await make_user(site.db, role=Role.INTERNAL_SUPPORT)
        await sign_in(browser, support)
        query = f"?tenant_id={tenant.id}"
        for path in (HERE, INVITATIONS, f"{HERE}/{teammate.id}"):
            shown = await browser.get(path + query)
            assert shown.status_code == 200, path
            assert f'href="{HERE}{query}"' in shown.text
            assert "/role" not in shown.text
        told = await audit.entries(site.db.tenant(tenant.id), tenant.id, Wanted(actor_id=support.id), 10)
        assert [row.action for row in told] == ["tenant.read"] * 3
        assert (await browser.get(f"{HERE}/{teammate.id}")).status_code in {303, 400}
