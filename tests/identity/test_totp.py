"""The second factor: enrolled, asked for, used once, given up; and compulsory for staff where the setting says so."""

from datetime import timedelta

import pyotp
import pytest

from alquimista import clock
from alquimista.access import Actor, ActorKind, Role
from alquimista.errors import Invalid
from alquimista.identity.models.problems import TotpRequired, WrongCode, WrongCredentials
from alquimista.identity.models.sessions import Client
from alquimista.identity.service import continue_browser_session, open_browser_session
from alquimista.identity.service.totp import protection, renew_recovery_codes
from factories import PASSWORD, make_tenant, make_user
from support.identity import bearer

CLIENT = Client("192.0.2.55", "Firefox")


@pytest.fixture
async def user(db):
    return await make_user(db, (await make_tenant(db)).id)


def code_at(secret, moment):
    return pyotp.TOTP(secret).at(moment)


async def enrolled(process, user, moment):
    """The secret and recovery codes of a second factor that is in use; the code of `moment` is spent."""
    with clock.frozen(moment):
        headers = bearer((await process.login(user))["access_token"])
        enrolment = (
            await process.client().post("/auth/totp/enrol", headers=headers, json={"password": PASSWORD})
        ).json()
        answer = await process.client().post(
            "/auth/totp/confirm", headers=headers, json={"code": code_at(enrolment["secret"], moment)}
        )
        assert answer.status_code == 200, answer.text
    return enrolment["secret"], answer.json()["recovery_codes"], headers


async def login(process, user, totp=""):
    return await process.client().post("/auth/login", json={"email": user.email, "password": PASSWORD, "totp": totp})


async def test_enrolling_shows_a_qr_code_and_changes_nothing_until_confirmed(first, user, sql):
    headers = bearer((await first.login(user))["access_token"])
    client = first.client()
    enrolment = (await client.post("/auth/totp/enrol", headers=headers, json={"password": PASSWORD})).json()
    assert enrolment["uri"].startswith("otpauth://totp/Alquimista:")
    assert enrolment["qr_svg"].startswith("<svg")
    assert (await login(first, user)).status_code == 200
    wrong = await client.post("/auth/totp/confirm", headers=headers, json={"code": "000000"})
    assert wrong.status_code == 400
    stored = await sql("SELECT totp_ciphertext FROM alquimista_platform.user_credentials WHERE user_id = %s", user.id)
    assert enrolment["secret"].encode() not in bytes(stored[0][0])
    again = (await client.post("/auth/totp/enrol", headers=headers, json={"password": PASSWORD})).json()
    assert again["secret"] != enrolment["secret"]


async def test_enrolling_takes_the_password(first, user, sql):
    headers = bearer((await first.login(user))["access_token"])
    for body in ({"password": "Errada-Senha-1"}, {}):
        refused = await first.client().post("/auth/totp/enrol", headers=headers, json=body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "password")
    stored = await sql("SELECT totp_ciphertext FROM alquimista_platform.user_credentials WHERE user_id = %s", user.id)
    assert stored[0][0] is None


async def test_renewed_recovery_codes_take_the_place_of_all_before(first, user):
    _, codes, _ = await enrolled(first, user, clock.now())
    actor = Actor(ActorKind.SESSION, frozenset(), user_id=user.id, tenant_id=user.tenant_id, email=user.email)
    with pytest.raises(Invalid):
        await renew_recovery_codes(first.services, actor, PASSWORD, "aaaa-bbbb-cccc-dddd", CLIENT)
    fresh = await renew_recovery_codes(first.services, actor, PASSWORD, codes[0], CLIENT)
    assert len(set(fresh) - set(codes)) == 10
    assert (await protection(first.services, actor)).recovery_codes == 10
    assert (await login(first, user, codes[1])).status_code == 401
    assert (await login(first, user, fresh[0])).status_code == 200
    assert (await protection(first.services, actor)).recovery_codes == 9


async def test_a_code_is_asked_for_and_works_once(first, second, user):
    moment = clock.now()
    secret, codes, headers = await enrolled(first, user, moment)
    assert len(set(codes)) == 10
    with clock.frozen(moment):
        asked = await login(first, user)
        assert (asked.status_code, asked.json()["error"]) == (401, "totp_required")
        assert (await login(first, user, code_at(secret, moment))).json()["error"] == "invalid_totp", "spent already"
    later = moment + timedelta(seconds=60)
    with clock.frozen(later):
        assert (await login(first, user, "123456")).status_code == 401
        assert (await login(first, user, code_at(secret, later))).status_code == 200
        assert (await login(second, user, code_at(secret, later))).status_code == 401, "no replay, on no process"
        assert (await first.client().get("/auth/me", headers=headers)).json()["totp_enabled"]
    old = later + timedelta(seconds=120)
    with clock.frozen(old):
        assert (await login(first, user, code_at(secret, old - timedelta(seconds=90)))).status_code == 401


async def test_a_recovery_code_works_once(first, user):
    _, codes, _ = await enrolled(first, user, clock.now())
    assert (await login(first, user, codes[3].upper().replace("-", " "))).status_code == 200
    assert (await login(first, user, codes[3])).status_code == 401
    assert (await login(first, user, codes[4])).status_code == 200
    assert (await login(first, user, "aaaa-bbbb-cccc-dddd")).status_code == 401


async def test_wrong_codes_lock_the_account_as_wrong_passwords_do(first, user):
    secret, _, _ = await enrolled(first, user, clock.now())
    for _ in range(5):
        assert (await login(first, user, "000000")).status_code == 401
    later = clock.now() + timedelta(seconds=40)
    with clock.frozen(later):
        assert (await login(first, user, code_at(secret, later))).json()["error"] == "invalid_credentials"


async def test_a_page_signs_in_in_two_steps_without_keeping_the_password(first, user):
    moment = clock.now()
    secret, _, _ = await enrolled(first, user, moment)
    with clock.frozen(moment + timedelta(seconds=60)):
        with pytest.raises(TotpRequired) as asked:
            await open_browser_session(first.services, user.email, PASSWORD, "", CLIENT)
        challenge = asked.value.challenge
        assert PASSWORD not in challenge
        with pytest.raises(WrongCode):
            await continue_browser_session(first.services, challenge, "000000", CLIENT)
        code = code_at(secret, clock.now())
        assert await continue_browser_session(first.services, challenge, code, CLIENT)
        with pytest.raises(WrongCredentials):
            await continue_browser_session(first.services, challenge[:-4] + "AAAA", code, CLIENT)
    with clock.frozen(moment + timedelta(minutes=7)), pytest.raises(WrongCredentials):
        await continue_browser_session(first.services, challenge, code_at(secret, clock.now()), CLIENT)


async def test_giving_up_takes_the_password_and_a_code(first, user):
    moment = clock.now()
    secret, codes, headers = await enrolled(first, user, moment)
    client = first.client()
    with clock.frozen(moment + timedelta(seconds=60)):
        for body in (
            {"password": "Wrong-9", "code": code_at(secret, clock.now())},
            {"password": PASSWORD, "code": "1"},
        ):
            assert (await client.post("/auth/totp/disable", headers=headers, json=body)).status_code == 400
        done = await client.post("/auth/totp/disable", headers=headers, json={"password": PASSWORD, "code": codes[0]})
        assert done.status_code == 204
        assert (await login(first, user)).status_code == 200
        again = await client.post("/auth/totp/disable", headers=headers, json={"password": PASSWORD, "code": codes[1]})
        assert again.status_code == 409


async def test_an_enrolled_person_does_not_enrol_over_it(first, user):
    _, _, headers = await enrolled(first, user, clock.now())
    assert (
        await first.client().post("/auth/totp/enrol", headers=headers, json={"password": PASSWORD})
    ).status_code == 409
    answer = await first.client().post("/auth/totp/confirm", headers=headers, json={"code": "000000"})
    assert answer.status_code == 409


async def test_staff_without_the_required_factor_can_only_set_it_up(with_settings, db):
    async with with_settings(totp_required=True) as strict:
        staff = await make_user(db, role=Role.INTERNAL_SUPPORT)
        headers = bearer((await strict.login(staff))["access_token"])
        client = strict.client()
        assert (await client.get("/internal/users", headers=headers)).status_code == 403
        me = (await client.get("/auth/me", headers=headers)).json()
        assert (me["permissions"], me["totp_required"]) == (["account:manage"], True)
        moment = clock.now()
        with clock.frozen(moment):
            secret = (await client.post("/auth/totp/enrol", headers=headers, json={"password": PASSWORD})).json()[
                "secret"
            ]
            body = {"code": code_at(secret, moment)}
            assert (await client.post("/auth/totp/confirm", headers=headers, json=body)).status_code == 200
        assert (await client.get("/internal/users", headers=headers)).status_code == 200
        refused = await client.post("/auth/totp/disable", headers=headers, json={"password": PASSWORD, "code": "1"})
        assert (refused.status_code, refused.json()["error"]) == (409, "totp_compulsory")
        plain = await make_user(db, (await make_tenant(db)).id)
        token = bearer((await strict.login(plain))["access_token"])
        assert (await client.get("/tenant/users", headers=token)).status_code == 200, "clients choose for themselves"
