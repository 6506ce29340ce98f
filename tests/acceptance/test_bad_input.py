"""What generated requests do not try: hostile bytes, sizes, depths. Each is a clear refusal, and nothing is written."""

import asyncio
import gzip
import json

import pytest

import factories
from support.listening import listening
from support.whole import whole

DEEP = 10_000
JSON = {"content-type": "application/json"}
INGEST = [
    ("/v1/events", "application/cloudevents+json"),
    ("/v1/events", "application/cloudevents-batch+json"),
    ("/v1/events", "application/json"),
    ("/v1/agent-requests", "application/json"),
    ("/v1/traces", "application/json"),
    ("/v1/traces", "application/x-protobuf"),
]
MONSTERS = {
    "deep list": b"[" * DEEP + b"]" * DEEP,
    "deep object": b'{"data":' * DEEP + b"1" + b"}" * DEEP,
    "deep list in a batch": b'[{"data":' + b"[" * DEEP + b"]" * DEEP + b"}]",
    "cut off": b'[{"specversion":"1.0"',
    "not UTF-8": b'{"id":"\xff"}',
    "encoded surrogate": b'{"id":"\xed\xa0\x80"}',
    "lone surrogate": b'{"id":"\\ud800"}',
    "UTF-16": '{"id":"a"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"id":"a"}',
    "not a number": b'{"cost":NaN}',
    "infinite": b'{"cost":1e400}',
    "two documents": b"{}{}",
    "a scalar": b"7",
    "null": b"null",
    "NUL bytes": bytes(100),
}


@pytest.fixture(scope="module")
async def office(db, settings):
    """A company, its administrator's token and its key, on the whole application."""
    tenant = await factories.make_tenant(db, plan="enterprise")
    agent = await factories.activate_agent(db, tenant.id)
    person = await factories.make_user(db, tenant.id)
    key = await factories.make_api_key(db, tenant.id, scopes=("ingest", "read"))
    async with whole(settings) as process:
        token = await process.token(person.email, person.password)
        async with process.client(token) as person_client, process.client(key) as agent_client:
            yield process, person_client, agent_client, str(agent)


@pytest.fixture
def person(office):
    return office[1]


@pytest.fixture
def sender(office):
    return office[2]


@pytest.fixture
def request_of(office):
    """A good request, changed."""

    def make(**changes):
        return {"agent_id": office[3], "status": "success", "response_time_ms": 10, **changes}

    return make


async def counted(client) -> int:
    """How many requests are stored, whatever the caches say."""
    return (await client.get("/tenant/usage")).json()["summary"]["total_requests"]


def refused(answer, *statuses) -> dict:
    """The problem document of a refusal: one that says what to do."""
    assert answer.status_code in statuses, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["detail"] == problem["message"] != ""
    assert all(error["reason"] for error in problem["errors"])
    return problem


@pytest.mark.parametrize(("path", "media"), INGEST)
async def test_monstrous_events_are_refused_and_nothing_is_counted(sender, path, media):
    for name, body in MONSTERS.items():
        answer = await sender.post(path, content=body, headers={"content-type": media, "ce-specversion": "1.0"})
        if answer.headers["content-type"] == "application/json" and path != "/v1/traces":
            # A list is answered item by item.
            assert (answer.status_code, answer.json()["accepted"]) == (200, 0), name
        else:
            assert answer.status_code == 400, (name, answer.content)
    assert await counted(sender) == 0


@pytest.mark.parametrize(("path", "media"), INGEST)
async def test_bodies_that_are_or_become_too_large_are_413(sender, path, media):
    headers = {"content-type": media}
    assert refused(await sender.post(path, content=b" " * 10_000_000, headers=headers), 413)["error"] == "too_large"
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    refused(await sender.post(path, content=bomb, headers={**headers, "content-encoding": "gzip"}), 413)
    twice = gzip.compress(gzip.compress(b"{}"))
    refused(await sender.post(path, content=twice, headers={**headers, "content-encoding": "gzip, gzip"}), 415)
    for damaged in (b"no gzip", gzip.compress(b"{}")[:-5], gzip.compress(b"{}") + b"tail"):
        refused(await sender.post(path, content=damaged, headers={**headers, "content-encoding": "gzip"}), 400)


@pytest.mark.parametrize("media", ["", "text/plain", "application/xml", "multipart/form-data; boundary=x", "é", "*/*"])
@pytest.mark.parametrize("path", ["/v1/events", "/v1/agent-requests", "/v1/traces"])
async def test_other_media_types_are_415(sender, path, media):
    refused(await sender.post(path, content=b"{}", headers={"content-type": media.encode()}), 415)
    refused(await sender.post(path, content=b"", headers={"content-type": media.encode()}), 400, 415)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("response_time_ms", [-1, 2**31, 10**30, 1.5, "10", None, True, [1], {}]),
        ("cost", [-1, 2**53, 10**400, "1"]),
        ("input_tokens", [-1, 2**31]),
        ("model", ["x" * 201, "a\0b", 7]),
        ("currency", ["brl", "ZZZ", "BRL ", ""]),
        ("trace_id", ["é", "x" * 65, "a\nb"]),
        ("agent_id", ["", "x", "00000000-0000-0000-0000-000000000000", 7]),
        ("status", ["", "ok", None]),
        ("occurred_at", ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "0001-01-01T00:00:00+23:59"]),
        ("occurred_at", ["9999-12-31T23:59:59-23:59", "2016-12-31T23:59:60Z", -1, 10**30]),
        ("idempotency_key", ["", "x" * 257, "a\0b", 7]),
        ("unknown", ["field"]),
    ],
)
async def test_wrong_fields_are_named(sender, request_of, field, values):
    for value in values:
        body = json.dumps(request_of(**{"idempotency_key": "once", field: value}))
        problem = refused(await sender.post("/v1/agent-requests", content=body, headers=JSON), 400)
        assert [error["field"] for error in problem["errors"]] == [field], value
    assert await counted(sender) == 0


@pytest.mark.parametrize("value", [b"a\0b", b"", b"x" * 257])
async def test_a_header_that_is_no_key_is_refused(sender, request_of, value):
    headers = {"idempotency-key": value}
    problem = refused(await sender.post("/v1/agent-requests", json=request_of(), headers=headers), 400)
    assert problem["errors"][0]["field"] == "Idempotency-Key"


@pytest.mark.parametrize("name", ["id", "source", "time", "type", "specversion"])
@pytest.mark.parametrize("value", [b"%00", b"x" * 5000, b""])
async def test_attributes_in_headers_follow_the_same_rules(sender, request_of, name, value):
    good = {"ce-specversion": "1.0", "ce-id": "a", "ce-source": "/x", "ce-type": "agent.request"}
    answer = await sender.post("/v1/events", json=request_of(), headers={**good, f"ce-{name}": value})
    assert name in {error["field"] for error in refused(answer, 400)["errors"]}


@pytest.mark.parametrize("name", ["é" * 101, "", " ", "a\0b", "\u202e", "\x85", "\x7f"])
async def test_names_are_printable_and_short(person, name):
    before = (await person.get("/auth/me")).json()
    refused(await person.patch("/auth/me", json={"full_name": name * 3}), 400)
    refused(await person.post("/tenant/api-keys", json={"name": name, "scopes": ["read"]}), 400)
    assert (await person.get("/auth/me")).json() == before


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"])
async def test_a_key_ends_at_a_moment_that_can_be_read_again(person, moment):
    body = {"name": "x", "scopes": ["read"], "expires_at": moment}
    assert refused(await person.post("/tenant/api-keys", json=body), 400)["errors"][0]["field"] == "expires_at"
    assert (await person.get("/tenant/api-keys")).status_code == 200


async def test_a_name_that_stands_twice_is_refused(person):
    body = b'{"full_name":"Ana","full_name":"Bia"}'
    problem = refused(await person.patch("/auth/me", content=body, headers=JSON), 400)
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("full_name", "repeated")]


@pytest.mark.parametrize(
    "email", ["a@b.c\r\nBcc: x@example.com", "a@b.c, d@e.f", "<a@b.com", "a@b..c", "a", "a@b\u2028"]
)
async def test_no_address_reaches_a_mail_header_but_a_single_one(person, email):
    body = {"email": email, "role": "TENANT_USER"}
    assert refused(await person.post("/tenant/invitations", json=body), 400)["errors"][0]["field"] == "email"


QUERIES = ["limit=-1", "limit=nan", "limit=1e3", "limit=0x10", "limit=1_0", "limit=%D9%A1", "limit=", "limit=%00"]
QUERIES += ["limit=1&limit=2", "offset=9223372036854775808", "limit=" + "9" * 5000, "limit=5%0d%0aX:1", "page=1"]
QUERIES += ["limit=%ff", "%ff=1", "%ed%a0%80=1", "a" * 20_000, "&" * 200, "tenant_id=", "tenant_id=x&tenant_id=y"]


@pytest.mark.parametrize("query", QUERIES)
async def test_odd_queries_are_400(person, query):
    refused(await person.get(f"/tenant/users?{query}"), 400)


@pytest.mark.parametrize("language", ["pt-BR", "en"])
async def test_refusals_are_in_the_readers_language(person, language):
    answer = await person.get("/tenant/users?limit=0", headers={"accept-language": language})
    assert answer.headers["content-language"] == language
    wanted = {"pt-BR": "Informe 1 ou mais.", "en": "Give 1 or more."}[language]
    assert refused(answer, 400)["errors"][0]["reason"] == wanted


CREDENTIALS = [b"Bearer ", b"Bearer a.b.c", b"Bearer \xff", b"Basic Og==", b"Bearer eyJhbGciOiJub25lIn0.e30.", b"\xe9"]
CREDENTIALS += [b"Bearer alq_", b"Bearer alq_\xe9_x", b"Bearer " + b"a" * 100_000]


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_odd_credentials_are_401(office, credential):
    async with office[0].client() as client:
        refused(await client.get("/tenant/me", headers={"authorization": credential}), 401)


async def test_the_wire_itself_is_guarded(office):
    process, person, _, _ = office
    token = person.headers["authorization"].encode()
    good = b"GET /auth/me HTTP/1.1\r\nHost: x\r\nAuthorization: " + token + b"\r\nConnection: close\r\n"
    async with listening(process.app) as url:
        port = int(url.rpartition(":")[2])
        assert (await exchange(port, good + b"\r\n"))[0] == 200
        for hostile in (
            good + b"X-A: a\0b\r\n\r\n",
            good + b"Bad Header: x\r\n\r\n",
            good + b"Content-Length: -1\r\n\r\n",
            good + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
            good + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            good.replace(b"/auth/me", b"/auth/me\0") + b"\r\n",
            good.replace(b"/auth/me", b"/auth/m\xff") + b"\r\n",
            good.replace(b"HTTP/1.1", b"HTTP/9.9") + b"\r\n",
            good.replace(b"GET", b"G\xc3\x89T") + b"\r\n",
            good.replace(b"/auth/me", b"/" + b"a" * 200_000) + b"\r\n",
            good.replace(b"GET", b"BREW") + b"\r\n",
            good.replace(b"GET", b"get") + b"\r\n",
        ):
            status, head = await exchange(port, hostile)
            assert 400 <= status < 500, (hostile[:200], head)
        injected = good.replace(b"/auth/me", b"/auth/x%0d%0aSet-Cookie:%20a=b") + b"\r\n"
        status, head = await exchange(port, injected)
        assert (status, b"\r\nset-cookie" in head.lower()) == (404, False)
        assert (await exchange(port, good + b"\r\n"))[0] == 200


async def exchange(port, request):
    """Status and head of the answer to these very bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer, request[:200]
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[0]
