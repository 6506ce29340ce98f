"""Security headers, cookies, and requests that another site made a browser send."""

from dataclasses import replace

import msgspec
import pytest

from alquimista.access import Permission
from alquimista.http import csrf, security
from alquimista.http.plan import FORM
from support.web import guarded, route

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "0",
    "referrer-policy": "strict-origin-when-cross-origin",
}
SESSION = {"cookie": "session=admin"}


class Name(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


async def tell_token(context):
    return {"token": csrf.token(context)}


@pytest.fixture
def client(connect):
    return connect(
        route("GET", "/token", handler=tell_token),
        guarded("POST", "/json", body=Name, permission=Permission.ACCOUNT_MANAGE),
        guarded("POST", "/form", body=Name, media=(FORM,), page=True, permission=Permission.ACCOUNT_MANAGE),
        guarded("DELETE", "/empty", permission=Permission.ACCOUNT_MANAGE),
        route("POST", "/login", body=Name, media=(FORM,), page=True),
        route("POST", "/auth/login", body=Name),
    )


async def test_every_answer_carries_the_security_headers(client):
    for answer in (
        await client.get("/token"),
        await client.get("/nowhere"),
        await client.put("/token"),
        await client.options("/token"),
        await client.post("/json"),
        await client.head("/token"),
    ):
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.request.url, name)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({}, "'self'"),
        ({"payment_provider": "stripe"}, "'self' https:"),
        ({"oidc_issuer": "https://i.example"}, "'self' https:"),
    ],
)
async def test_forms_lead_abroad_only_where_a_redirect_must(connect, plain_settings, changes, target):
    client = connect(route("GET", "/x"), settings=replace(plain_settings, **changes))
    policy = (await client.get("/x")).headers["content-security-policy"].split("; ")
    assert f"form-action {target}" in policy


async def test_https_is_made_permanent(connect, plain_settings):
    client = connect(route("GET", "/x"), settings=replace(plain_settings, public_url="https://alquimista.example"))
    answer = await client.get("/x")
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_cookies_are_pinned_to_the_host_over_https(plain_settings):
    secure = replace(plain_settings, public_url="https://alquimista.example")
    assert security.set_cookie(secure, "session", "v", max_age=60) == (
        "__Host-session=v; Path=/; SameSite=Lax; Max-Age=60; HttpOnly; Secure"
    )
    assert security.set_cookie(plain_settings, "session", "v") == "session=v; Path=/; SameSite=Lax; HttpOnly"
    assert "HttpOnly" not in security.set_cookie(plain_settings, "theme", "dark", readable=True)
    assert security.clear_cookie(secure, "session").startswith("__Host-session=; Path=/; SameSite=Lax; Max-Age=0")


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [("POST", "/json", {"json": {"name": "x"}}), ("POST", "/form", {"data": {"name": "x"}}), ("DELETE", "/empty", {})],
)
async def test_a_sessions_unsafe_request_needs_its_token(client, method, path, sent):
    refused = await client.request(method, path, headers=SESSION, **sent)
    assert (refused.status_code, refused.json()["error"]) == (403, "csrf_failed")
    token = (await client.get("/token", headers=SESSION)).json()["token"]
    taken = await client.request(method, path, headers={**SESSION, "x-csrf-token": token}, **sent)
    assert taken.status_code == 200
    for forged in ("", token[:-1], token.upper(), "é"):
        headers = [("cookie", "session=admin"), ("x-csrf-token", forged.encode())]
        assert (await client.request(method, path, headers=headers, **sent)).status_code == 403


async def test_a_form_may_carry_the_token_as_a_field(client):
    token = (await client.get("/token", headers=SESSION)).json()["token"]
    answer = await client.post("/form", headers=SESSION, data={"name": "x", "_csrf": token})
    assert (answer.status_code, answer.json()["body"]) == (200, {"name": "x"})
    form = {"content": f"_csrf={token}", "headers": {**SESSION, "content-type": FORM}}
    assert (await client.request("DELETE", "/empty", **form)).status_code == 200


async def test_bearers_need_no_token_since_no_browser_sends_them_unasked(client):
    answer = await client.post("/json", headers={"authorization": "Bearer admin"}, json={"name": "x"})
    assert answer.status_code == 200


async def test_a_public_form_needs_the_token_of_its_cookie(client):
    shown = await client.get("/token")
    token = shown.json()["token"]
    (cookie,) = shown.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie
    good = await client.post("/login", data={"name": "x", "_csrf": token})
    assert good.status_code == 200
    assert (await client.post("/login", data={"name": "x"})).status_code == 403
    client.cookies.clear()
    assert (await client.post("/login", data={"name": "x", "_csrf": token})).status_code == 403
    other = await client.post("/login", data={"name": "x", "_csrf": token}, headers={"cookie": "csrf=planted"})
    assert other.status_code == 403


async def test_a_public_forms_token_is_good_while_its_cookie_is_there(client):
    first = await client.get("/token")
    second = await client.get("/token")
    assert not second.headers.get_list("set-cookie")
    for shown in (first, second):
        assert (await client.post("/login", data={"name": "x", "_csrf": shown.json()["token"]})).status_code == 200


async def test_a_token_never_stands_in_two_answers_alike(client):
    """What is compressed tells by its length what it repeats (decision 60)."""
    one, other = [(await client.get("/token", headers=SESSION)).json()["token"] for _ in range(2)]
    assert not {one[at : at + 8] for at in range(len(one) - 7)} & {other[at : at + 8] for at in range(len(other) - 7)}
    for token in (one, other):
        taken = await client.request("DELETE", "/empty", headers={**SESSION, "x-csrf-token": token})
        assert taken.status_code == 200
    torn = one[:64] + other[64:]
    assert (await client.request("DELETE", "/empty", headers={**SESSION, "x-csrf-token": torn})).status_code == 403


async def test_a_strangers_token_does_not_open_a_session(client):
    token = (await client.get("/token")).json()["token"]
    answer = await client.post("/form", data={"name": "x", "_csrf": token}, headers=SESSION)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:8080.evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://localhost:8080", "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({}, 200),
    ],
)
async def test_what_the_browser_says_of_the_sender_counts(client, headers, status):
    token = (await client.get("/token", headers=SESSION)).json()["token"]
    sent = {**SESSION, "x-csrf-token": token, **headers}
    assert (await client.post("/json", json={"name": "x"}, headers=sent)).status_code == status
    assert (await client.post("/auth/login", json={"name": "x"}, headers=headers)).status_code == status


async def test_a_development_server_may_be_called_by_another_name(connect, plain_settings):
    local = {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}
    public = route("POST", "/x", body=Name)
    assert (await connect(public).post("/x", json={"name": "x"}, headers=local)).status_code == 200
    strict = replace(plain_settings, environment="production", public_url="https://alquimista.example")
    assert (await connect(public, settings=strict).post("/x", json={"name": "x"}, headers=local)).status_code == 403
