"""Cached answers: ahead of the handler, after the checks, and gone when what they tell has changed."""

import msgspec
import pytest

from alquimista.errors import Conflict
from alquimista.http.routes import Cache, TenantScope
from support.web import ACME, ACTORS, OTHER, Steering, guarded


class Range(msgspec.Struct, frozen=True):
    period: str = "30d"
    days: int = 1


class Counter:
    """A handler that counts its calls, and does something in the middle of one when told to."""

    def __init__(self):
        self.calls = 0
        self.meanwhile = lambda: None

    async def __call__(self, context):
        self.calls += 1
        answer = {
            "call": self.calls,
            "tenant": str(context.tenant_id),
            "role": context.who.role,
            "locale": context.locale,
        }
        self.meanwhile()
        return answer


@pytest.fixture
def bus():
    return Steering()


@pytest.fixture
def counter():
    return Counter()


@pytest.fixture
def client(connect, bus, counter):
    def table(name, **cache):
        rule = Cache(**({"ttl": 600, "max_age": 300, "topics": ("usage",)} | cache))
        return guarded("GET", name, handler=counter, scope=TenantScope.OWN, query=Range, cache=rule, response=dict)

    live = table("/live", live=lambda context: context.query.days == 1)
    return connect(table("/kept"), table("/things/{name}/state"), live, bus=bus)


async def get(client, path="/kept", who="admin", **headers):
    return await client.get(path, headers={"authorization": f"Bearer {who}", **headers})


async def test_the_second_answer_is_a_hit_and_equal(client, counter):
    first, second = await get(client), await get(client)
    assert (first.headers["x-cache-status"], second.headers["x-cache-status"]) == ("MISS", "HIT")
    assert first.content == second.content
    assert counter.calls == 1
    for answer in (first, second):
        assert answer.headers["cache-control"] == "private, max-age=300"
        assert answer.headers["vary"] == "Accept-Language, Authorization, Cookie"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_tenant_role_language_and_query_are_kept_apart(client, counter):
    await get(client)
    for other in (
        await get(client, who="user"),
        await get(client, who="outsider"),
        await get(client, path="/kept?period=7d"),
        await client.get("/kept", headers={"authorization": "Bearer admin", "accept-language": "pt"}),
    ):
        assert other.headers["x-cache-status"] == "MISS"
    assert counter.calls == 5
    assert (await get(client, who="outsider")).json()["tenant"] == str(OTHER)


async def test_equal_queries_written_differently_share_an_entry(client, counter):
    await get(client, path="/kept?period=7d&days=2")
    for path in ("/kept?days=2&period=7d", f"/kept?days=2&period=%37d&tenant_id={ACME}", "/kept?days=2.0&period=7d"):
        assert (await get(client, path=path)).headers["x-cache-status"] == "HIT"
    assert counter.calls == 1


async def test_a_hit_is_only_for_those_who_may_read(client, counter):
    await get(client)
    assert (await client.get("/kept")).status_code == 401
    assert (await get(client, who="nobody")).status_code == 401
    assert (await get(client, who="key")).status_code == 403
    assert (await get(client, path=f"/kept?tenant_id={OTHER}")).status_code == 403
    assert (await get(client, path="/kept?debug=1")).status_code == 400
    assert counter.calls == 1


async def test_an_invalidation_drops_the_tenants_entries_of_the_topic(client, bus):
    await get(client)
    await get(client, who="outsider")
    bus.hear("cache", tenant_id=str(ACME), topics=["agents"])
    assert (await get(client)).headers["x-cache-status"] == "HIT"
    bus.hear("cache", tenant_id=str(ACME), topics=["usage", "agents"])
    assert (await get(client)).headers["x-cache-status"] == "MISS"
    assert (await get(client, who="outsider")).headers["x-cache-status"] == "HIT"


async def test_what_changes_while_it_is_computed_is_not_kept(client, bus, counter):
    counter.meanwhile = lambda: bus.hear("cache", tenant_id=str(ACME), topics=["usage"])
    await get(client)
    counter.meanwhile = lambda: None
    assert (await get(client)).headers["x-cache-status"] == "MISS"
    assert (await get(client)).headers["x-cache-status"] == "HIT"


async def test_while_nobody_listens_the_cache_is_passed_by(client, bus, counter):
    await get(client)
    bus.healthy = False
    assert [(await get(client)).headers["x-cache-status"] for _ in range(2)] == ["MISS", "MISS"]
    bus.healthy = True
    bus.reconnect()
    assert (await get(client)).headers["x-cache-status"] == "MISS"
    assert counter.calls == 4


async def test_a_live_answer_is_revalidated_and_new_usage_shows_at_once(client, bus, counter):
    first = await get(client, "/live")
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, max-age=0, must-revalidate"
    known = await get(client, "/live", **{"if-none-match": etag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", etag)
    assert known.headers["x-cache-status"] == "HIT"
    assert "content-length" not in known.headers
    bus.hear("usage", tenant_id=str(ACME), version=8)
    changed = await get(client, "/live", **{"if-none-match": etag})
    assert (changed.status_code, changed.headers["x-cache-status"]) == (200, "MISS")
    assert changed.headers["etag"] != etag
    bus.hear("usage", tenant_id=str(OTHER), version=9)
    assert (await get(client, "/live")).headers["x-cache-status"] == "HIT"
    assert counter.calls == 2


async def test_a_range_that_has_ended_is_not_live(client, bus):
    path = "/live?days=2"
    assert (await get(client, path)).headers["cache-control"] == "private, max-age=300"
    bus.hear("usage", tenant_id=str(ACME), version=8)
    assert (await get(client, path)).headers["x-cache-status"] == "HIT"


@pytest.mark.parametrize("sent", ["W/{}", '"x", {}', "*"])
async def test_if_none_match_takes_its_usual_forms(client, sent):
    etag = (await get(client)).headers["etag"]
    assert (await get(client, **{"if-none-match": sent.format(etag)})).status_code == 304
    assert (await get(client, **{"if-none-match": '"other"'})).status_code == 200


async def test_head_of_a_cached_answer(client):
    whole = await get(client)
    head = await client.head("/kept", headers={"authorization": "Bearer admin"})
    assert (head.content, head.headers["content-length"]) == (b"", whole.headers["content-length"])
    assert head.headers["x-cache-status"] == "HIT"


async def test_a_hit_still_renews_the_callers_cookie(connect, bus, counter):
    async def renewing(context):
        context.cookies.append("session=new; Path=/")
        return ACTORS["user"]

    rule = Cache(ttl=600, max_age=300, topics=("usage",))
    one = guarded("GET", "/x", handler=counter, scope=TenantScope.OWN, cache=rule)
    client = connect(one, bus=bus, authenticate=renewing)
    for status in ("MISS", "HIT"):
        answer = await get(client, "/x")
        assert answer.headers["x-cache-status"] == status
        assert answer.headers.get_list("set-cookie") == ["session=new; Path=/"]


async def test_a_failure_is_never_kept(connect, bus):
    async def failing(_context):
        raise Conflict

    rule = Cache(ttl=600, max_age=300, topics=("usage",))
    client = connect(guarded("GET", "/x", handler=failing, scope=TenantScope.OWN, cache=rule), bus=bus)
    for _ in range(2):
        answer = await get(client, "/x")
        assert (answer.status_code, answer.headers["cache-control"]) == (409, "no-store")


def test_only_a_get_about_a_tenant_is_cached(make_app):
    rule = Cache(ttl=1, max_age=1, topics=())
    for route in (guarded("POST", "/x", cache=rule, scope=TenantScope.OWN), guarded("GET", "/x", cache=rule)):
        with pytest.raises(ValueError, match="are cached"):
            make_app(route)


async def test_what_stands_in_the_path_is_part_of_the_key(client, counter):
    one, other = await get(client, "/things/one/state"), await get(client, "/things/other/state")
    assert (one.headers["x-cache-status"], other.headers["x-cache-status"]) == ("MISS", "MISS")
    assert one.json() != other.json()
    again = await get(client, "/things/one/state")
    assert (again.headers["x-cache-status"], again.json()) == ("HIT", one.json())
