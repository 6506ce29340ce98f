"""Opening accounts: invitations and sign-up."""

import asyncio
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.identity.models.invitations import INVITATIONS_PER_HOUR
from alquimista.identity.service import signup
from factories import PASSWORD, make_tenant, make_user, new_cnpj
from support.identity import bearer, link_token


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, plan="expert")


@pytest.fixture
async def admin(first, db, tenant):
    """Headers of the tenant's administrator."""
    return bearer((await first.login(await make_user(db, tenant.id)))["access_token"])


async def invite(process, headers, email, role="TENANT_USER", path="/tenant/invitations"):
    return await process.client().post(path, headers=headers, json={"email": email, "role": role})


async def accept(process, token, **more):
    return await process.client().post("/auth/invitations/accept", json={"token": token, **more})


async def test_an_invited_stranger_sets_a_password_and_joins(first, admin, tenant, sql):
    answer = await invite(first, admin, "Nova@Example.com")
    assert (answer.status_code, answer.json()["email"]) == (201, "nova@example.com")
    token = await link_token(sql, "nova@example.com")
    read = (await first.client().post("/auth/invitations/read", json={"token": token})).json()
    assert read == {"email": "nova@example.com", "company": tenant.name, "role": "TENANT_USER", "has_account": False}
    missing = await accept(first, token)
    assert {e["field"] for e in missing.json()["errors"]} == {"full_name", "password"}
    assert (await accept(first, token, full_name="Nova", password="Senha123")).status_code == 400
    assert (await accept(first, token, full_name="Nova", password=PASSWORD)).json() == {"email": "nova@example.com"}
    assert (await accept(first, token, full_name="Nova", password=PASSWORD)).status_code == 400
    login = await first.client().post("/auth/login", json={"email": "nova@example.com", "password": PASSWORD})
    me = (await first.me(login.json()["access_token"])).json()
    assert (me["tenant_id"], me["role"], me["name"]) == (str(tenant.id), "TENANT_USER", "Nova")
    listed = (await first.client().get("/tenant/users", headers=admin)).json()
    assert listed["total"] == 2


async def test_an_invited_person_with_an_account_keeps_their_password(first, admin, db, sql):
    known = await make_user(db, (await make_tenant(db)).id)
    await invite(first, admin, known.email, "TENANT_ADMIN")
    token = await link_token(sql, known.email)
    assert (await accept(first, token, full_name="X", password="Another-Horse-9")).status_code == 200
    me = (await first.me((await first.login(known))["access_token"])).json()
    assert len(me["tenants"]) == 2


async def test_an_invitation_is_accepted_once_even_at_once(first, second, admin, sql):
    await invite(first, admin, "twice@example.com")
    token = await link_token(sql, "twice@example.com")
    answers = await asyncio.gather(*(accept(p, token, full_name="T", password=PASSWORD) for p in (first, second) * 2))
    assert sorted(a.status_code for a in answers) == [200, 400, 400, 400]


async def test_invitations_are_listed_withdrawn_and_expire(first, admin, sql):
    one = (await invite(first, admin, "one@example.com")).json()
    await invite(first, admin, "two@example.com")
    assert (await invite(first, admin, "two@example.com")).json()["error"] == "already_invited"
    client = first.client()
    listed = (await client.get("/tenant/invitations?limit=1", headers=admin)).json()
    assert (listed["total"], len(listed["invitations"])) == (2, 1)
    assert (await client.delete(f"/tenant/invitations/{one['id']}", headers=admin)).status_code == 204
    assert (await client.delete(f"/tenant/invitations/{one['id']}", headers=admin)).status_code == 404
    withdrawn = await accept(first, await link_token(sql, "one@example.com"), full_name="O", password=PASSWORD)
    assert withdrawn.json()["error"] == "invalid_link"
    with clock.frozen(clock.now() + timedelta(days=7, seconds=1)):
        token = await link_token(sql, "two@example.com")
        assert (await accept(first, token, full_name="T", password=PASSWORD)).status_code == 400


async def test_nobody_is_invited_again_and_again(first, admin, sql):
    for _ in range(INVITATIONS_PER_HOUR):
        made = await invite(first, admin, "cansada@example.com")
        assert made.status_code == 201, made.text
        assert (
            await first.client().delete(f"/tenant/invitations/{made.json()['id']}", headers=admin)
        ).status_code == 204
    often = await invite(first, admin, "cansada@example.com")
    assert (often.status_code, often.headers["retry-after"]) == (429, "3600")
    await sql("UPDATE alquimista_platform.invitations SET created_at = created_at - interval '1 hour'")
    assert (await invite(first, admin, "cansada@example.com")).status_code == 201


async def test_an_expired_invitation_does_not_stand_in_the_way(first, db, sql):
    tenant = await make_tenant(db)
    user = await make_user(db, tenant.id)
    await invite(first, bearer((await first.login(user))["access_token"]), "late@example.com")
    with clock.frozen(clock.now() + timedelta(days=8)):
        headers = bearer((await first.login(user))["access_token"])
        assert (await invite(first, headers, "late@example.com")).status_code == 201


async def test_roles_that_do_not_fit_and_foreign_tenants_are_refused(first, admin, db):
    assert (await invite(first, admin, "x@example.com", "INTERNAL_ADMIN")).status_code == 400
    assert (await invite(first, admin, "x@example.com", "ROOT")).status_code == 400
    assert (await invite(first, admin, "not an address")).status_code == 400
    other = await make_tenant(db)
    answer = await first.client().post(
        f"/tenant/invitations?tenant_id={other.id}", headers=admin, json={"email": "x@y.co", "role": "TENANT_USER"}
    )
    assert answer.status_code == 403
    plain = await make_user(db, other.id, role=Role.TENANT_USER)
    headers = bearer((await first.login(plain))["access_token"])
    assert (await invite(first, headers, "x@example.com")).status_code == 403


async def test_a_member_is_not_invited_again_and_a_full_plan_takes_nobody(first, db):
    tenant = await make_tenant(db, plan="starter")
    boss = await make_user(db, tenant.id)
    headers = bearer((await first.login(boss))["access_token"])
    assert (await invite(first, headers, boss.email)).json()["error"] == "already_member"
    answers = await asyncio.gather(*(invite(first, headers, f"seat{i}@example.com") for i in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 201, 409, 409], "three seats, one taken"


async def test_staff_invite_staff(first, db, sql):
    headers = bearer((await first.login(await make_user(db)))["access_token"])
    assert (await invite(first, headers, "s@example.com", "TENANT_USER", "/internal/invitations")).status_code == 400
    answer = await invite(first, headers, "s@example.com", "INTERNAL_SUPPORT", "/internal/invitations")
    assert answer.status_code == 201
    token = await link_token(sql, "s@example.com")
    assert (await accept(first, token, full_name="S", password=PASSWORD)).status_code == 200
    rows = await sql(
        "SELECT m.role FROM alquimista_platform.tenant_users m JOIN alquimista_platform.users u ON u.id = m.user_id"
        " WHERE u.email = 's@example.com' AND m.tenant_id = %s",
        PLATFORM_TENANT,
    )
    assert rows == [("INTERNAL_SUPPORT",)]


COMPANY = {"name": "Padaria do Zé", "segment": "alimentos"}


async def test_sign_up_is_closed_unless_the_setting_opens_it(first):
    answer = await first.client().post("/auth/signup", json={"email": "a@example.com", "full_name": "A"})
    assert (answer.status_code, answer.json()["error"]) == (403, "signup_disabled")


async def test_a_stranger_signs_up_confirms_and_runs_a_company(with_settings, db, sql):
    async with with_settings(signup_enabled=True) as open_house:
        client, known = open_house.client(), await make_user(db, (await make_tenant(db)).id)
        body = {"email": "ze@example.com", "full_name": "Zé"}
        stranger = await client.post("/auth/signup", json=body)
        taken = await client.post("/auth/signup", json=body | {"email": known.email})
        assert (stranger.status_code, stranger.content) == (taken.status_code, taken.content) == (202, b"")
        told = await sql("SELECT body_text FROM alquimista_platform.mails WHERE recipient = %s", known.email)
        assert "token=" not in told[0][0]
        token, company = await link_token(sql, "ze@example.com"), COMPANY | {"cnpj": new_cnpj()}
        confirm = {"token": token, "password": PASSWORD, "company": company}
        login = {"email": "ze@example.com", "password": PASSWORD}
        assert (await client.post("/auth/login", json=login)).status_code == 401
        bad = await client.post("/auth/signup/confirm", json=confirm | {"company": company | {"cnpj": "123"}})
        assert bad.status_code == 400
        done = await client.post("/auth/signup/confirm", json=confirm)
        assert (done.status_code, done.json()) == (201, {"email": "ze@example.com"})
        assert (await client.post("/auth/signup/confirm", json=confirm)).status_code == 400
        me = (await open_house.me((await client.post("/auth/login", json=login)).json()["access_token"])).json()
        assert me["role"] == "TENANT_ADMIN"
        assert me["tenants"][0]["name"] == "Padaria do Zé"


@pytest.fixture
async def confirmation(with_settings, sql, db):
    """An open house, and what confirms a sign-up there."""
    async with with_settings(signup_enabled=True) as house:
        email = f"{new_cnpj().lower()}@example.com"
        await house.client().post("/auth/signup", json={"email": email, "full_name": "Rita"})
        token = await link_token(sql, email)
        yield house, {"token": token, "password": PASSWORD, "company": COMPANY | {"cnpj": new_cnpj()}}


async def confirm(house, body):
    return await house.client().post("/auth/signup/confirm", json=body)


async def companies(sql, body):
    cnpj = body["company"]["cnpj"]
    return (await sql("SELECT count(*) FROM alquimista_platform.tenants WHERE cnpj = %s", cnpj))[0][0]


async def test_a_taken_cnpj_leaves_the_link_good(confirmation, db):
    house, body = confirmation
    taken = await make_tenant(db)
    answer = await confirm(house, body | {"company": COMPANY | {"cnpj": taken.cnpj}})
    assert (answer.status_code, answer.json()["error"]) == (409, "cnpj_taken")
    assert (await confirm(house, body)).status_code == 201


async def test_confirming_several_times_at_once_opens_one_company(confirmation, sql):
    house, body = confirmation
    statuses = [a.status_code for a in await asyncio.gather(*(confirm(house, body) for _ in range(3)))]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 400, 409}
    assert await companies(sql, body) == 1


async def test_a_second_try_after_a_crash_half_way_finds_the_company(confirmation, sql, monkeypatch):
    house, body = confirmation
    with monkeypatch.context() as patch:
        patch.setattr(signup, "login_transaction", None)
        assert (await confirm(house, body)).status_code == 500
    assert await companies(sql, body) == 1
    assert (await confirm(house, body)).status_code == 201
    assert await companies(sql, body) == 1
