"""Access tokens: what they say, and every way in which a false one is refused."""

import base64
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from factories import make_tenant, make_user


@pytest.fixture(scope="module")
async def user(db):
    return await make_user(db, (await make_tenant(db)).id)


def claims_of(token: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


async def test_a_token_carries_the_founding_claims(first, user):
    claims = claims_of((await first.login(user))["access_token"])
    assert claims["sub"] == str(user.id)
    assert claims["email"] == user.email
    assert claims["name"] == "Maria da Silva"
    assert claims["cognito:groups"] == ["TENANT_ADMIN"]
    assert claims["custom:tenant_id"] == str(user.tenant_id)
    assert claims["exp"] - claims["iat"] == 900
    assert {"iss", "aud", "jti", "sid"} <= set(claims)


async def test_a_token_of_staff_names_no_tenant(first, db):
    staff = await make_user(db, role=Role.INTERNAL_SUPPORT)
    tokens = await first.login(staff)
    assert "custom:tenant_id" not in claims_of(tokens["access_token"])
    me = (await first.me(tokens["access_token"])).json()
    assert (me["role"], me["tenant_id"]) == ("INTERNAL_SUPPORT", None)
    assert staff.tenant_id == PLATFORM_TENANT


async def test_anyone_can_verify_a_token_with_the_published_keys(first, user):
    token = (await first.login(user))["access_token"]
    answer = await first.client().get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert all("d" not in key for key in keys)
    kid = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]
    key = ECKey.import_key(next(key for key in keys if key["kid"] == kid))
    assert jwt.decode(token, key, algorithms=["ES256"]).claims["sub"] == str(user.id)


@pytest.fixture
async def forge(first, user):
    """Make a token like a real one, changed; signed by the platform's own key unless another is given."""
    real = (await first.login(user))["access_token"]
    own = await first.kit.keys.signing_key()

    def make(header=None, claims=None, key=None, alg="ES256", drop=()):
        head = {"alg": alg, "typ": "at+jwt", "kid": own.kid, **(header or {})}
        body = {name: value for name, value in {**claims_of(real), **(claims or {})}.items() if name not in drop}
        return jwt.encode(head, body, key or own, algorithms=[alg])

    return make


async def refused(first, token):
    answer = await first.me(token)
    assert answer.status_code == 401, answer.text
    assert answer.json()["error"] in {"invalid_token", "session_ended"}
    return answer.json()["error"]


async def test_the_forge_makes_good_tokens_when_it_changes_nothing(first, forge):
    assert (await first.me(forge())).status_code == 200


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"aud": "somebody-else"}, "another audience"),
        ({"aud": ["somebody-else"]}, "other audiences"),
        ({"iss": "http://evil.example"}, "another issuer"),
        ({"exp": 1}, "long expired"),
        ({"exp": "soon"}, "an expiry that is no number"),
        ({"iat": 99999999999}, "issued in the future"),
        ({"sub": "not-a-uuid"}, "a subject that is no id"),
        ({"sub": "01890a5d-ac96-774b-bcce-b302099a8057"}, "another person's session"),
        ({"sid": "01890a5d-ac96-774b-bcce-b302099a8057"}, "no session of ours"),
        ({"sid": None}, "a null session"),
        ({"custom:tenant_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "a tenant that is not the person's"),
        ({"custom:tenant_id": str(PLATFORM_TENANT)}, "the platform"),
        ({"cognito:groups": []}, "no group"),
        ({"cognito:groups": ["ROOT"]}, "an unknown group"),
    ],
)
async def test_a_signed_token_with_wrong_claims_is_refused(first, forge, changes, what):
    await refused(first, forge(claims=changes))


@pytest.mark.parametrize("name", ["aud", "iss", "exp", "iat", "sub", "sid", "cognito:groups"])
async def test_a_signed_token_without_a_claim_is_refused(first, forge, name):
    await refused(first, forge(drop=(name,)))


async def test_claiming_a_higher_role_gives_nothing(first, forge):
    me = (await first.me(forge(claims={"cognito:groups": ["INTERNAL_ADMIN"]}))).json()
    assert me["role"] == "TENANT_ADMIN"


@pytest.mark.parametrize("kind", ["JWT", "at+JWT2", None])
async def test_another_type_of_token_is_refused(first, forge, kind):
    await refused(first, forge(header={"typ": kind or "id+jwt"}))


async def test_a_token_of_another_key_is_refused(first, forge):
    stranger = ECKey.generate_key("P-256")
    assert await refused(first, forge(key=stranger)) == "invalid_token"
    assert await refused(first, forge(key=stranger, header={"kid": "unknown"})) == "invalid_token"


async def test_no_algorithm_and_other_algorithms_are_refused(first, forge):
    real = forge().split(".")
    own = await first.kit.keys.signing_key()
    for alg in ("none", "None", "HS256", "ES384"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": alg, "typ": "at+jwt", "kid": own.kid}).encode()).rstrip(b"=")
        await refused(first, f"{head.decode()}.{real[1]}.")
        await refused(first, f"{head.decode()}.{real[1]}.{real[2]}")
    public = json.dumps(own.as_dict(private=False)).encode()
    await refused(first, forge(key=OctKey.import_key(public), alg="HS256"))


@pytest.mark.parametrize(
    "text", ["x", "a.b.c", "..", "é", "a" * 9000, "alq_unknown_key", "alq_", "eyJhbGciOiJub25lIn0."]
)
async def test_what_is_no_token_is_refused(first, text):
    answer = await first.client().get("/auth/me", headers=[(b"authorization", b"Bearer " + text.encode())])
    assert answer.status_code == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Token x"])
async def test_another_scheme_is_refused(first, header):
    assert (await first.client().get("/auth/me", headers={"authorization": header})).status_code == 401


async def test_a_token_expires_after_fifteen_minutes_although_it_was_cached(first, user):
    token = (await first.login(user))["access_token"]
    moment = clock.now()
    with clock.frozen(moment + timedelta(minutes=14, seconds=50)):
        assert (await first.me(token)).status_code == 200
    with clock.frozen(moment + timedelta(minutes=15, seconds=10)):
        assert (await first.me(token)).status_code == 401


async def test_a_new_key_logs_nobody_out(first, second, user):
    moment = clock.now()
    old = (await first.kit.keys.signing_key()).kid
    with clock.frozen(moment + timedelta(days=31)):
        assert await first.kit.keys.rotate(clock.now())
        assert not await second.kit.keys.rotate(clock.now()), "a second process makes no second key"
        assert len(await second.kit.keys.published()) == 2, "the new key is published before it signs"
        assert (await second.kit.keys.signing_key()).kid == old
    with clock.frozen(moment + timedelta(days=31, minutes=59)):
        late = (await first.login(user))["access_token"]
    with clock.frozen(moment + timedelta(days=31, hours=1, minutes=5)):
        assert (await second.kit.keys.signing_key()).kid != old
        assert (await second.me(late)).status_code == 200, "what the old key signed stays good"
        fresh = (await second.login(user))["access_token"]
        assert (await first.me(fresh)).status_code == 200
    with clock.frozen(moment + timedelta(days=31, hours=2)):
        assert old not in {key["kid"] for key in await second.kit.keys.published()}
