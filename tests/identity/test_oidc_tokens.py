"""API tokens of an external issuer: accepted when genuine and meant for us, linked by (issuer, subject) alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import RSAKey

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.identity.models.oidc import groups_of, local_path
from factories import PASSWORD, make_tenant, make_user
from support.identity import bearer, eventually, process
from support.issuer import CLIENT_ID, running_issuer


@pytest.fixture(scope="module")
async def issuer():
    async with running_issuer() as running:
        yield running


@pytest.fixture
async def federated(settings, issuer):
    """A process that trusts the issuer; its keys' address is set apart from the issuer's."""
    changed = replace(
        settings,
        oidc_issuer=issuer.url,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret="hush",
        oidc_jwks_url=f"{issuer.url}/keys/of/the/pool.json",
    )
    async with process(changed) as running:
        yield running


@pytest.fixture
async def tenant(db):
    return await make_tenant(db, plan="expert")


@pytest.fixture
def person(issuer, tenant):
    """A new person whom the issuer vouches for."""
    subject = str(clock.new_id())
    issuer.claims = {
        "sub": subject,
        "email": f"{subject[-12:]}@pool.example",
        "email_verified": True,
        "name": "Rui Federado",
        "cognito:groups": ["TENANT_USER"],
        "custom:tenant_id": str(tenant.id),
    }
    return issuer.claims


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (["A", "B"], ["A", "B"]),
        ("[A B]", ["A", "B"]),
        ("[A, B]", ["A", "B"]),
        ("A,B", ["A", "B"]),
        ("A", ["A"]),
        ("[]", []),
        ("", []),
        (None, []),
        ({"A": 1}, []),
        (["A", 1, None], ["A"]),
    ],
)
def test_groups_are_read_as_a_list_and_as_api_gateways_text(claim, groups):
    assert groups_of(claim) == groups


@pytest.mark.parametrize(
    "raw", ["//evil.example", "https://evil.example", "/\\evil", "evil", "", None, "/a\nb", "/a b"]
)
def test_only_paths_of_this_site_are_returned_to(raw):
    assert local_path(raw, "/app") == "/app"
    assert local_path("/app/dashboard?period=7d", "/app") == "/app/dashboard?period=7d"


async def test_an_id_token_makes_the_person_once_and_is_cached(federated, issuer, person, tenant, sql):
    for groups in (["TENANT_USER"], "[TENANT_USER other]", "other,TENANT_USER"):
        me = await federated.me(issuer.token(**{"cognito:groups": groups}))
        assert me.status_code == 200, me.text
        assert (me.json()["role"], me.json()["tenant_id"]) == ("TENANT_USER", str(tenant.id))
    rows = await sql("SELECT user_id FROM alquimista_platform.user_identities WHERE subject = %s", person["sub"])
    assert [str(r[0]) for r in rows] == [me.json()["id"]]
    asked = len(issuer.fetched)
    await federated.me(issuer.token(jti="another"))
    assert len(issuer.fetched) == asked, "the keys are kept"


async def test_cognitos_access_tokens_are_meant_for_their_client_id(federated, issuer, person):
    assert (await federated.me(issuer.token())).status_code == 200
    access = {"token_use": "access", "aud": None, "email": None, "email_verified": None}
    assert (await federated.me(issuer.token(**access, client_id=CLIENT_ID))).status_code == 200
    assert (await federated.me(issuer.token(**access, client_id="another"))).status_code == 401
    assert (await federated.me(issuer.token(**access))).status_code == 401


async def test_an_access_token_of_somebody_never_seen_is_refused(federated, issuer, person):
    access = {"token_use": "access", "aud": None, "client_id": CLIENT_ID, "email": None}
    assert (await federated.me(issuer.token(**access))).status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": [CLIENT_ID, "another"]},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"token_use": "refresh"},
        {"cognito:groups": ["stranger"]},
        {"cognito:groups": None},
        {"custom:tenant_id": None},
        {"custom:tenant_id": "x"},
        {"custom:tenant_id": "01890a5d-ac96-774b-bcce-b302099a8057"},
        {"custom:tenant_id": str(PLATFORM_TENANT)},
        {"email": "not an address"},
    ],
)
async def test_wrong_claims_are_refused(federated, issuer, person, changes):
    answer = await federated.me(issuer.token(**changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "oidc_refused")


async def test_an_audience_among_several_needs_the_authorised_party(federated, issuer, person):
    token = issuer.token(aud=[CLIENT_ID, "another"], azp=CLIENT_ID)
    assert (await federated.me(token)).status_code == 200


async def test_forged_tokens_are_refused_and_do_not_flood_the_issuer(federated, issuer, person):
    assert (await federated.me(issuer.token())).status_code == 200
    asked = len(issuer.fetched)
    for _ in range(5):
        stranger = RSAKey.generate_key(2048, {"kid": str(clock.new_id())})
        assert (await federated.me(issuer.token(stranger))).status_code == 401
    assert len(issuer.fetched) == asked


async def test_a_new_key_of_the_issuer_is_found(federated, issuer, person):
    assert (await federated.me(issuer.token())).status_code == 200
    issuer.new_key()
    with clock.frozen(clock.now() + timedelta(seconds=31)):
        assert (await federated.me(issuer.token())).status_code == 200


async def test_an_unverified_address_is_never_linked(federated, issuer, person, db, tenant, sql):
    known = await make_user(db, tenant.id, role=Role.TENANT_USER)
    for verified in (False, None, "false", 1, "yes"):
        token = issuer.token(email=known.email, email_verified=verified)
        assert (await federated.me(token)).status_code == 401
    me = (await federated.me(issuer.token(email=known.email.upper(), email_verified="true"))).json()
    assert me["id"] == str(known.id)
    audit = await sql(
        "SELECT a.result FROM alquimista_platform.audit_logs a JOIN alquimista_platform.audit_personal p"
        " ON p.entry_id = a.id WHERE p.details ->> 'subject' = %s",
        person["sub"],
    )
    assert set(audit) == {("failure",)}


async def test_what_is_deactivated_here_stays_closed_whatever_the_issuer_says(federated, issuer, person, db, tenant):
    boss = await make_user(db, tenant.id)
    headers = bearer((await federated.login(boss))["access_token"])
    me = (await federated.me(issuer.token())).json()
    token = issuer.token(jti="kept")
    assert (await federated.me(token)).status_code == 200
    assert (await federated.client().delete(f"/tenant/users/{me['id']}", headers=headers)).status_code == 204

    async def closed():
        return (await federated.me(token)).status_code == 401

    await eventually(closed)
    assert (await federated.me(issuer.token(jti="new"))).status_code == 401


async def test_the_issuers_role_is_followed_except_below_the_last_administrator(
    federated, issuer, person, tenant, db, sql
):
    assert (await federated.me(issuer.token(**{"cognito:groups": ["TENANT_ADMIN"]}))).json()["role"] == "TENANT_ADMIN"
    assert (await federated.me(issuer.token())).json()["role"] == "TENANT_USER", "a token opens no more than it says"
    kept = "SELECT role FROM alquimista_platform.tenant_users WHERE tenant_id = %s"
    assert await sql(kept, tenant.id) == [("TENANT_ADMIN",)]
    await make_user(db, tenant.id)
    await federated.me(issuer.token(jti="later"))
    assert sorted(await sql(kept, tenant.id)) == [("TENANT_ADMIN",), ("TENANT_USER",)]


async def test_a_role_that_the_issuer_takes_away_is_gone_from_other_sessions_at_once(
    federated, issuer, person, db, tenant
):
    await make_user(db, tenant.id)
    local = await make_user(db, tenant.id)
    session = (await federated.login(local))["access_token"]
    assert (await federated.me(session)).json()["role"] == "TENANT_ADMIN"
    person["email"] = local.email
    assert (await federated.me(issuer.token())).json()["role"] == "TENANT_USER"

    async def demoted():
        return (await federated.me(session)).json()["role"] == "TENANT_USER"

    await eventually(demoted)


async def test_a_person_of_several_groups_has_the_highest(federated, issuer, person):
    groups = {"cognito:groups": ["TENANT_USER", "INTERNAL_SUPPORT", "TENANT_ADMIN"]}
    me = (await federated.me(issuer.token(**groups))).json()
    assert (me["role"], me["tenant_id"]) == ("INTERNAL_SUPPORT", None)


async def test_known_keys_serve_on_while_the_issuer_is_silent(federated, issuer, person):
    assert (await federated.me(issuer.token())).status_code == 200
    issuer.down = True
    try:
        for hours, status in ((2, 200), (25, 503)):
            with clock.frozen(clock.now() + timedelta(hours=hours)):
                assert (await federated.me(issuer.token())).status_code == status
                asked = len(issuer.fetched)
                await federated.me(issuer.token(jti="another"))
                assert len(issuer.fetched) == asked, "a silent issuer is left in peace for some seconds"
    finally:
        issuer.down = False


async def test_a_silent_issuer_is_503_and_our_own_sign_in_goes_on(settings, issuer, person, db, tenant):
    async with process(replace(settings, oidc_issuer=issuer.url, oidc_client_id=CLIENT_ID)) as running:
        issuer.down = True
        answer = await running.me(issuer.token())
        issuer.down = False
        assert (answer.status_code, answer.json()["error"]) == (503, "oidc_unavailable")
        assert await running.login(await make_user(db, tenant.id), PASSWORD)
