"""What can be taken back where it was done: an invitation that was withdrawn, a permission that was taken away."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.identity.models.grants import Grant
from alquimista.identity.service.grants import give, grants_of
from alquimista.identity.service.invitations import invite, list_invitations
from factories import make_api_key, make_tenant, make_user
from web.reading import send, sign_in, text_of

HERE = "/app/dashboard/settings/users"
INVITATIONS, GRANTS = f"{HERE}/invitations", f"{HERE}/grants"


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, plan="expert")


@pytest.fixture
async def admin(site, db, tenant):
    async with site.browser() as browser:
        browser.person = await make_user(db, tenant.id)
        await sign_in(browser, browser.person)
        yield browser


@pytest.fixture
def actor(site, tenant, admin):
    """The administrator, as services know them."""
    return Actor(
        ActorKind.SESSION, ROLE_PERMISSIONS[Role.TENANT_ADMIN], Role.TENANT_ADMIN, admin.person.id, tenant.id, "a@b.c"
    )


async def opened(db, tenant):
    return (await list_invitations(db.tenant(tenant.id), tenant.id, 10, 0))[0]


async def test_who_was_not_to_come_is_invited_after_all(site, db, tenant, admin, actor):
    invited = await invite(site.services, actor, tenant.id, "nova@example.com", Role.TENANT_ADMIN, "pt-BR")
    gone = await send(admin, INVITATIONS, f"{INVITATIONS}/{invited.id}/withdraw")
    notice = (await admin.get(gone.headers["location"])).text
    again = f"{INVITATIONS}/{invited.id}/again"
    assert f'action="{again}"' in notice
    assert "Invite after all" in text_of(notice)
    done = await send(admin, INVITATIONS, again)
    assert done.headers["location"] == f"{INVITATIONS}?done=resent"
    (open_now,) = await opened(db, tenant)
    assert (open_now.email, open_now.role) == ("nova@example.com", Role.TENANT_ADMIN)
    assert open_now.id != invited.id, "the withdrawn link stays dead"
    twice = await send(admin, INVITATIONS, again)
    assert twice.status_code == 409
    assert "already has an open invitation" in text_of(twice.text)
    open_one = await send(admin, INVITATIONS, f"{INVITATIONS}/{open_now.id}/again")
    assert open_one.status_code == 404, "it was not withdrawn"


async def test_a_permission_comes_back_within_its_limits(site, db, tenant, admin, actor):
    teammate = await make_user(db, tenant.id, role=Role.TENANT_USER)
    now = clock.now()
    until = now + timedelta(days=3)
    grant = Grant(clock.new_id(), teammate.id, "billing:read", None, None, (1, 2), 480, 1080, until, actor.user_id, now)
    await give(site.services, actor, tenant.id, grant)
    gone = await send(admin, f"{HERE}/{teammate.id}", f"{GRANTS}/{grant.id}/revoke", person=str(teammate.id))
    again = f"{GRANTS}/{grant.id}/again"
    notice = (await admin.get(gone.headers["location"])).text
    assert f'action="{again}"' in notice
    done = await send(admin, GRANTS, again, person=str(teammate.id))
    assert done.headers["location"] == f"{HERE}/{teammate.id}?done=given"
    (held,) = await grants_of(db.tenant(tenant.id), tenant.id, teammate.id, clock.now())
    assert (held.permission, held.days, held.from_minute, held.until_minute) == ("billing:read", (1, 2), 480, 1080)
    assert (held.expires_at, held.granted_by) == (until, admin.person.id)
    assert held.id != grant.id
    twice = await send(admin, GRANTS, again)
    assert twice.status_code == 409
    assert "was granted this already" in text_of(twice.text)


async def test_what_has_ended_meanwhile_and_what_is_not_there_stays_away(site, db, tenant, admin, actor):
    teammate = await make_user(db, tenant.id, role=Role.TENANT_USER)
    given = clock.now() - timedelta(hours=2)
    until = given + timedelta(hours=1)
    grant = Grant(
        clock.new_id(), teammate.id, "billing:read", None, None, None, None, None, until, actor.user_id, given
    )
    await give(site.services, actor, tenant.id, grant)
    await send(admin, GRANTS, f"{GRANTS}/{grant.id}/revoke")
    for unknown in (grant.id, clock.new_id()):
        assert (await send(admin, GRANTS, f"{GRANTS}/{unknown}/again")).status_code == 404
        assert (await send(admin, INVITATIONS, f"{INVITATIONS}/{unknown}/again")).status_code == 404
    assert await grants_of(db.tenant(tenant.id), tenant.id, teammate.id, clock.now()) == []


async def test_nobody_gives_back_to_themselves_nor_across_companies(site, db, tenant, admin, actor):
    other_admin = await make_user(db, tenant.id)
    now = clock.now()
    giver = type(actor)(actor.kind, actor.permissions, actor.role, other_admin.id, tenant.id, "x@y.z")
    own = Grant(clock.new_id(), admin.person.id, "audit:read", None, None, None, None, None, None, giver.user_id, now)
    await give(site.services, giver, tenant.id, own)
    gone = await send(admin, GRANTS, f"{GRANTS}/{own.id}/revoke")
    assert gone.headers["location"] == f"{GRANTS}?done=revoked"
    refused = await send(admin, GRANTS, f"{GRANTS}/{own.id}/again")
    assert refused.status_code == 403
    assert "Nobody grants themselves anything." in text_of(refused.text)
    async with site.browser() as stranger:
        await sign_in(stranger, await make_user(db, (await make_tenant(db)).id))
        assert (await send(stranger, GRANTS, f"{GRANTS}/{own.id}/again")).status_code == 404


async def test_a_key_that_is_revoked_says_before_that_it_stays_so(db, tenant, admin):
    await make_api_key(db, tenant.id)
    assert "This cannot be undone." in text_of((await admin.get("/app/dashboard/settings/api-keys")).text)
