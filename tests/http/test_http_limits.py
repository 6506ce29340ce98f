"""Rate limits: one quota for all processes, counted in the database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.clock import frozen
from alquimista.db.statement import Statement
from alquimista.errors import TooManyRequests, Unavailable
from alquimista.http import limits
from alquimista.http.limits import Limiter
from alquimista.http.plan import Plan
from alquimista.http.queries import Counted
from alquimista.http.routes import Cache, Limit, TenantScope
from support.web import guarded, route

NOON = datetime(2026, 3, 1, 12, 0, 15, tzinfo=UTC)
COUNT = Statement("SELECT count FROM alquimista_platform.rate_limit_windows WHERE key = %(key)s", Counted)


def rule(count, *, exact=False, per=("ip",), seconds=60):
    return Limit(count=count, seconds=seconds, per=per, exact=exact)


async def take(limiter, key, limit, times):
    """How many of so many requests passed."""
    passed = 0
    for _ in range(times):
        try:
            await limiter.take(key, limit)
        except TooManyRequests:
            continue
        passed += 1
    return passed


async def stored(db, key):
    row = await db.tenant(PLATFORM_TENANT).fetch_one(COUNT, key=key)
    return row.count if row else 0


@pytest.mark.parametrize("exact", [True, False])
async def test_a_quota_is_passed_on_to_the_last_request_and_no_further(db, exact):
    with frozen(NOON):
        assert await take(Limiter(db), f"k{uuid4()}", rule(25, exact=exact), 40) == 25


@pytest.mark.parametrize("exact", [True, False])
async def test_several_processes_never_pass_a_quota_together(db, exact):
    key, limit = f"k{uuid4()}", rule(30, exact=exact)
    processes = [Limiter(db) for _ in range(4)]
    with frozen(NOON):
        passed = await asyncio.gather(*(take(one, key, limit, 20) for one in processes for _ in range(3)))
    assert sum(passed) == 30


async def test_lent_blocks_cost_one_query_each_and_exact_limits_one_for_each_request(db):
    lent, exact = f"k{uuid4()}", f"k{uuid4()}"
    with frozen(NOON):
        await take(Limiter(db), lent, rule(100), 11)
        await take(Limiter(db), exact, rule(100, exact=True), 11)
    assert await stored(db, lent) == 20
    assert await stored(db, exact) == 11


async def test_a_used_up_window_is_not_asked_for_again(db):
    key, limiter, limit = f"k{uuid4()}", Limiter(db), rule(10)
    with frozen(NOON):
        await take(limiter, key, limit, 500)
    assert await stored(db, key) == 10


async def test_a_request_may_take_several_at_once_and_all_or_none(db):
    key, one, two = f"k{uuid4()}", Limiter(db), Limiter(db)
    with frozen(NOON):
        await one.take(key, rule(100), 60)
        with pytest.raises(TooManyRequests):
            await two.take(key, rule(100), 60)
        passed = await take(one, key, rule(100), 50) + await take(two, key, rule(100), 50)
    assert passed == 40


async def test_the_next_window_starts_anew(db):
    key, limiter, limit = f"k{uuid4()}", Limiter(db), rule(2, exact=True)
    with frozen(NOON):
        assert await take(limiter, key, limit, 5) == 2
        with pytest.raises(TooManyRequests) as refused:
            await limiter.take(key, limit)
        seconds = int(refused.value.headers["Retry-After"])
        assert 1 <= seconds <= 60
    with frozen(NOON + timedelta(seconds=seconds - 1)):
        assert await take(limiter, key, limit, 5) == 0
    with frozen(NOON + timedelta(seconds=seconds)):
        assert await take(limiter, key, limit, 5) == 2


async def test_the_windows_of_many_keys_do_not_end_together_and_each_key_has_one_end(db):
    keys = [f"k{uuid4()}" for _ in range(40)]
    with frozen(NOON):
        ends = [[(await one.take(key, rule(100))).reset for key in keys] for one in (Limiter(db), Limiter(db))]
    assert ends[0] == ends[1], "in every process"
    assert len(set(ends[0])) > 10


async def test_a_very_long_key_is_counted_like_any_other(db):
    with frozen(NOON):
        assert await take(Limiter(db), "x" * 5000 + str(uuid4()), rule(3), 5) == 3


async def test_without_the_database_nobody_passes(offline, impatient):
    for exact in (True, False):
        with pytest.raises(Unavailable):
            await Limiter(offline).take("k", rule(5, exact=exact))


async def test_old_windows_are_purged(db):
    old, new = f"k{uuid4()}", f"k{uuid4()}"
    for key, moment in ((old, NOON - timedelta(days=2)), (new, NOON)):
        with frozen(moment):
            await Limiter(db).take(key, rule(5))
    await limits.purge(db.tenant(PLATFORM_TENANT), NOON)
    assert (await stored(db, old), await stored(db, new)) == (0, 1)


async def test_answers_tell_the_standing_and_a_refusal_when_to_come_back(connect, db, settings):
    path = f"/r{uuid4().hex}"
    client = connect(route("GET", path, limits=(rule(2),)), db=db, settings=settings)
    with frozen(NOON):
        first, second, third = [await client.get(path) for _ in range(3)]
    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in (first, second, third)] == ["1", "0", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in (first, second, third)} == {"2"}
    resets = {answer.headers["x-ratelimit-reset"] for answer in (first, second, third)}
    assert resets == {third.headers["retry-after"]}
    assert 1 <= int(*resets) <= 60
    assert third.json()["error"] == "rate_limited"


async def test_each_subject_has_a_quota_of_its_own(connect, db, settings):
    name = uuid4().hex
    table = (
        route("GET", f"/ip{name}", limits=(rule(1),)),
        guarded("GET", f"/user{name}", limits=(rule(1, per=("user",)),)),
        guarded("GET", f"/tenant{name}", limits=(rule(1, per=("tenant",)),), scope=TenantScope.OWN),
    )
    here, there = (
        connect(*table, db=db, settings=settings),
        connect(*table, db=db, settings=settings, peer="198.51.100.7"),
    )

    async def statuses(path, *callers):
        return [
            (await client.get(path, headers={"authorization": f"Bearer {who}"})).status_code for client, who in callers
        ]

    with frozen(NOON):
        assert await statuses(f"/ip{name}", (here, "user"), (here, "admin"), (there, "user")) == [200, 429, 200]
        assert await statuses(f"/user{name}", (here, "user"), (there, "user"), (here, "admin")) == [200, 429, 200]
        assert await statuses(f"/tenant{name}", (here, "user"), (there, "admin"), (here, "outsider")) == [200, 429, 200]


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A query, or a body, that may name a company."""

    tenant_id: UUID | None = None


@pytest.mark.parametrize("where", ["path", "query", "body"])
async def test_staffs_requests_across_companies_are_counted_for_the_company_that_they_name(
    connect, db, settings, where
):
    path = f"/internal/{uuid4().hex}" + ("/{tenant_id:uuid}" if where == "path" else "")
    fields = {"query": {"query": Named}, "body": {"body": Named}}.get(where, {})
    method = "POST" if where == "body" else "GET"
    limits = (rule(5, per=("user",)), rule(2, per=("tenant",)))
    one = guarded(method, path, limits=limits, scope=TenantScope.PLATFORM, **fields)
    client = connect(one, db=db, settings=settings)

    async def ask(tenant_id):
        named = {"query": {"params": {"tenant_id": tenant_id}}, "body": {"json": {"tenant_id": tenant_id}}}
        address = path.replace("{tenant_id:uuid}", tenant_id)
        headers = {"authorization": "Bearer staff"}
        return await client.request(method, address, headers=headers, **named.get(where, {}))

    mine, other = str(uuid4()), str(uuid4())
    with frozen(NOON):
        answers = [await ask(one) for one in (mine, mine, mine, other)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0", "1"]
        assert (await ask("x")).status_code == 400
        assert (await ask(str(uuid4()))).status_code == 429  # Their own limit, which each request was taken from.


async def test_a_block_of_a_companys_limit_is_lent_and_costs_no_further_query(connect, db, settings):
    path = f"/internal/{uuid4().hex}"
    limits = (rule(100, per=("tenant",)),)
    one = guarded("POST", path, limits=limits, scope=TenantScope.PLATFORM, body=Named)
    client, mine = connect(one, db=db, settings=settings), uuid4()
    with frozen(NOON):
        for _ in range(10):
            body = {"tenant_id": str(mine)}
            assert (await client.post(path, json=body, headers={"authorization": "Bearer staff"})).status_code == 200
    assert await stored(db, f"POST {path}|60|tenant:{mine.hex}") == 10


def test_a_limit_per_company_where_no_request_names_one_is_a_mistake():
    limits = (rule(2, per=("tenant",)),)
    with pytest.raises(ValueError, match="counts nothing where no request names one"):
        Plan(guarded("GET", "/internal/x", limits=limits, scope=TenantScope.PLATFORM), ())


async def test_a_refused_caller_does_not_use_the_quota(connect, db, settings):
    path = f"/r{uuid4().hex}"
    client = connect(guarded("GET", path, limits=(rule(1),)), db=db, settings=settings)
    with frozen(NOON):
        assert (await client.get(path)).status_code == 401
        assert (await client.get(path, headers={"authorization": "Bearer key"})).status_code == 403
        assert (await client.get(path, headers={"authorization": "Bearer user"})).status_code == 200


async def test_a_hit_counts_too(connect, db, settings):
    path = f"/r{uuid4().hex}"
    cache = Cache(ttl=60, max_age=60, topics=())
    one = guarded("GET", path, limits=(rule(2, per=("tenant",)),), scope=TenantScope.OWN, cache=cache)
    client = connect(one, db=db, settings=settings)
    with frozen(NOON):
        answers = [await client.get(path, headers={"authorization": "Bearer user"}) for _ in range(3)]
    assert [answer.headers.get("x-cache-status") for answer in answers] == ["MISS", "HIT", None]
    assert answers[1].headers["x-ratelimit-remaining"] == "0"
    assert answers[2].status_code == 429


async def test_a_limited_route_without_its_database_is_503(connect, impatient):
    answer = await connect(route("GET", "/x", limits=(rule(5),))).get("/x")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


async def test_limits_of_one_name_are_counted_together(connect, db, settings):
    shared = Limit(count=2, seconds=3600, per=("ip",), exact=True, name=f"shared{uuid4()}")
    table = [route("GET", path, limits=(shared,)) for path in ("/one", "/two")]
    client = connect(*table, db=db, settings=settings)
    answers = [(await client.get(path)).status_code for path in ("/one", "/two", "/one", "/two")]
    assert answers == [200, 200, 429, 429]
