"""A cached answer to a request that came before, word for word, skips the steps, not what they guard."""

import httpx
import msgspec
import pytest

from alquimista.http.routes import Cache, Limit, TenantScope
from alquimista.http.server import Protocol
from support.listening import listening
from support.web import ACME, ACTORS, Steering, guarded, route
from tests.http.conftest import by_name


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


class Way:
    """How requests went: who was asked about a credential, and how often a handler ran."""

    def __init__(self):
        self.verified = 0
        self.calls = 0
        self.standing = True

    async def authenticate(self, context):
        self.verified += 1
        return await by_name(context)

    def remembered(self, context):
        name = context.headers[b"authorization"].decode().removeprefix("Bearer ")
        return lambda: ACTORS[name] if self.standing else None

    async def handle(self, _context):
        self.calls += 1
        return {"call": self.calls}


@pytest.fixture
def way():
    return Way()


@pytest.fixture
def bus():
    return Steering()


@pytest.fixture
def app(make_app, db, way, bus):
    def table(name, **cache):
        return guarded(
            "GET",
            name,
            handler=way.handle,
            scope=TenantScope.OWN,
            cache=Cache(**({"ttl": 600, "max_age": 300, "topics": ("usage",)} | cache)),
            limits=(Limit(count=40 if name == "/scarce" else 1_000, seconds=3_600, per=("tenant",)),),
            response=dict,
        )

    routes = table("/kept"), table("/live", live=lambda _: True), table("/scarce"), route("POST", "/notes", body=Note)
    return make_app(*routes, db=db, bus=bus, authenticate=way.authenticate, remembered=way.remembered)


@pytest.fixture
async def client(app):
    async with listening(app, Protocol) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def get(client, path="/kept", who="admin", **headers):
    return await client.get(path, headers={"authorization": f"Bearer {who}"} | headers)


async def known(client, path="/kept", who="admin"):
    """The last answer to have gone through the steps, which remember the request now."""
    await get(client, path, who)
    return await get(client, path, who)


async def test_a_repeated_request_gets_the_same_answer_without_its_steps(client, way):
    usual = await known(client)
    at_once = await get(client)
    assert (way.verified, way.calls) == (2, 1)
    assert at_once.content == usual.content
    assert at_once.headers.keys() == usual.headers.keys()
    changing = {"x-trace-id", "x-ratelimit-remaining", "x-ratelimit-reset", "date"}
    for name in usual.headers.keys() - changing:
        assert at_once.headers[name] == usual.headers[name]
    assert at_once.headers["x-trace-id"] != usual.headers["x-trace-id"]
    assert int(at_once.headers["x-ratelimit-remaining"]) == int(usual.headers["x-ratelimit-remaining"]) - 1


async def test_whose_credential_is_no_longer_remembered_is_verified_again(client, way):
    await known(client)
    way.standing = False
    assert (await get(client)).status_code == 200
    assert way.verified == 3


async def test_others_words_are_others(client, way):
    await known(client)
    assert (await get(client, who="outsider")).json() == {"call": 2}
    assert (await client.get("/kept")).status_code == 401
    assert (await get(client, who="nobody")).status_code == 401
    assert way.verified == 4


async def test_what_has_changed_is_computed_anew(client, way, bus):
    await known(client)
    bus.hear("cache", tenant_id=str(ACME), topics=["usage"])
    assert (await get(client)).json() == {"call": 2}
    await known(client, "/live")
    bus.hear("usage", tenant_id=str(ACME), version=8)
    assert (await get(client, "/live")).json() == {"call": 4}
    bus.healthy = False
    assert (await get(client, "/live")).headers["x-cache-status"] == "MISS"


async def test_the_last_request_of_a_limit_is_the_last(client):
    answers = [await get(client, "/scarce") for _ in range(42)]
    assert [answer.status_code for answer in answers] == [200] * 40 + [429] * 2
    remaining = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
    assert remaining == [*range(39, -1, -1), 0, 0]


@pytest.mark.parametrize(
    "particular", [{"if-none-match": '"x"'}, {"cookie": "lang=en"}, {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}]
)
async def test_a_request_with_more_to_say_takes_the_usual_way(client, way, particular):
    await known(client)
    for _ in range(3):
        await get(client, **particular)
    assert way.verified == 5
