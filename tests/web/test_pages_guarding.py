"""What pages owe as their API does: the limits of acts, and a row of the audit for whatever staff are shown."""

import msgspec
import pytest

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.approvals import service as approvals
from alquimista.approvals.models import Audience, NewApproval
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.http.routes import Route
from alquimista.web.pages import account, client, staff
from factories import make_user
from web.reading import sign_in, token_of

USERS = "/app/dashboard/settings/users"
LIMITED = {
    "/account/second-factor": "account.prove",
    "/account/second-factor/confirm": "account.prove",
    "/account/security/password": "account.prove",
    "/app/company/approvals/{approval_id:uuid}/decide": "approvals.act",
    "/app/company/tenants/{tenant_id:uuid}/invitations/{invitation_id:uuid}/resend": "invitations.send",
    "/app/company/view-as": "view_as.start",
    "/app/dashboard/settings/approvals/{approval_id:uuid}/cancel": "approvals.act",
    f"{USERS}/grants/{{grant_id:uuid}}/again": "grants.act",
    f"{USERS}/grants/{{grant_id:uuid}}/revoke": "grants.act",
    f"{USERS}/invitations/{{invitation_id:uuid}}/again": "invitations.send",
    f"{USERS}/invitations/{{invitation_id:uuid}}/resend": "invitations.send",
    f"{USERS}/{{user_id:uuid}}/grants": "grants.act",
}


@pytest.fixture
async def supporter(site, db):
    async with site.browser() as browser:
        browser.person = await make_user(db, role="INTERNAL_SUPPORT")
        await sign_in(browser, browser.person)
        browser.token = token_of((await browser.get("/app/company/tenants")).text)
        yield browser


class Rows(msgspec.Struct, frozen=True):
    count: int


READ = Statement(
    "SELECT count(*) AS count FROM alquimista_platform.audit_logs WHERE actor_id = %(who)s"
    " AND resource_id = %(id)s AND action IN ('tenant.read', 'platform.read', 'command.read')",
    Rows,
)


@pytest.fixture
def read(site):
    """`await read(person, id)`: how often somebody's reading of something stands in the audit."""

    async def count(person, resource_id):
        return (await site.db.staff().fetch_one(READ, who=person.id, id=str(resource_id))).count

    return count


@pytest.mark.parametrize(("path", "name"), LIMITED.items())
def test_a_form_is_counted_with_what_the_api_does_alike(path, name):
    routes: tuple[Route, ...] = (*account.ROUTES, *client.ROUTES, *staff.ROUTES)
    limits = next(route.limits for route in routes if route.path == path and route.method == "POST")
    assert [limit.name for limit in limits] == [name]


def test_whole_lists_are_not_written_ten_times_a_second():
    files = [route for route in (*client.ROUTES, *staff.ROUTES) if route.path.endswith(".csv")]
    assert files
    assert all(max(limit.count for limit in route.limits) <= 60 for route in files)


async def test_nobody_mails_invitations_by_the_hundred(site):
    async with site.browser() as browser:
        await sign_in(browser, site.people["admin"])
        form = {"_csrf": token_of((await browser.get(USERS)).text), "email": "no address", "role": "TENANT_USER"}
        answers = [(await browser.post(f"{USERS}/invite", data=form)).status_code for _ in range(31)]
        assert (answers[0], answers[-1]) == (400, 429)
        headers = {"x-csrf-token": form["_csrf"]}
        body = {"email": "nova@example.com", "role": "TENANT_USER"}
        assert (await browser.post("/tenant/invitations", json=body, headers=headers)).status_code == 429


async def test_a_view_that_cannot_be_saved_shows_companies_and_is_audited(supporter, read):
    before = await read(supporter.person, "/app/company/tenants")
    form = {"_csrf": supporter.token, "name": ""}
    assert (await supporter.post("/app/company/tenants/views", data=form)).status_code == 400
    assert await read(supporter.person, "/app/company/tenants") == before + 1


async def test_a_refused_decision_shows_the_request_and_is_audited(site, supporter, read):
    home = site.people["admin"].tenant_id
    me = supporter.person
    actor = Actor(
        ActorKind.SESSION, ROLE_PERMISSIONS[Role.INTERNAL_SUPPORT], Role.INTERNAL_SUPPORT, me.id, None, me.email
    )
    wanted = NewApproval(
        action_type="manual.discount",
        resource_type="tenant",
        resource_id="x",
        action_details={},
        audience=Audience.STAFF,
    )
    async with tenant_transaction(site.db, home) as conn:
        asked = await approvals.request(conn, actor, home, wanted, clock.now())
    form = {"_csrf": supporter.token, "decision": "approve"}
    refused = await supporter.post(f"/app/company/approvals/{asked.id}/decide", data=form)
    assert refused.status_code == 403
    assert await read(me, asked.id) == 1
