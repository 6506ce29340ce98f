"""Refresh tokens: one use each, a short grace for races, and the end of the family on reuse."""

import asyncio
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from alquimista import clock
from alquimista.access import Role
from alquimista.identity.models.sessions import (
    REFRESH_GRACE,
    REFRESH_LIFE,
    Verdict,
    judge,
    successor_of,
    token_hash,
)
from alquimista.identity.queries import sessions as queries
from factories import add_member, make_tenant, make_user
from support.identity import bearer


@pytest.fixture(scope="module")
async def user(db):
    return await make_user(db, (await make_tenant(db)).id)


async def exchange(process, token):
    return await process.client().post("/auth/refresh", json={"refresh_token": token})


async def test_a_refresh_token_is_exchanged_for_its_successor(first, second, user):
    tokens = await first.login(user)
    answer = await exchange(second, tokens["refresh_token"])
    assert answer.status_code == 200
    fresh = answer.json()
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert fresh["refresh_expires_in"] == 604800
    assert (await first.me(fresh["access_token"])).status_code == 200


async def test_nothing_of_a_token_is_stored_but_its_hash(first, user, sql):
    tokens = await first.login(user)
    dump = str(await sql("SELECT * FROM alquimista_platform.refresh_tokens"))
    dump += str(await sql("SELECT * FROM alquimista_platform.sessions"))
    assert tokens["refresh_token"] not in dump


async def test_two_refreshes_at_once_get_the_same_successor(first, second, user):
    token = (await first.login(user))["refresh_token"]
    answers = await asyncio.gather(*(exchange(p, token) for p in (first, second, first, second)))
    assert [a.status_code for a in answers] == [200] * 4
    assert len({a.json()["refresh_token"] for a in answers}) == 1
    assert (await exchange(first, answers[0].json()["refresh_token"])).status_code == 200


async def test_reuse_after_the_grace_ends_the_whole_family(first, second, user, sql):
    tokens = await first.login(user)
    other_device = await first.login(user)
    successor = (await exchange(first, tokens["refresh_token"])).json()
    with clock.frozen(clock.now() + REFRESH_GRACE + timedelta(seconds=1)):
        answer = await exchange(second, tokens["refresh_token"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_refresh_token")
        assert (await exchange(first, successor["refresh_token"])).status_code == 401
        assert (await first.me(successor["access_token"])).status_code == 401
        assert (await exchange(first, other_device["refresh_token"])).status_code == 200, "other devices go on"
    rows = await sql(
        "SELECT result FROM alquimista_platform.audit_logs WHERE actor_id = %s AND action = 'auth.refresh_reused'",
        user.id,
    )
    assert rows == [("failure",)]


async def test_within_the_grace_a_token_whose_successor_was_used_is_reuse(first, user):
    token = (await first.login(user))["refresh_token"]
    successor = (await exchange(first, token)).json()["refresh_token"]
    last = (await exchange(first, successor)).json()["refresh_token"]
    assert (await exchange(first, token)).status_code == 401
    assert (await exchange(first, last)).status_code == 401


async def test_a_refresh_token_lasts_seven_days_and_each_use_renews_it(first, user):
    token, moment = (await first.login(user))["refresh_token"], clock.now()
    for day in (6, 12, 18):
        with clock.frozen(moment + timedelta(days=day)):
            answer = await exchange(first, token)
            assert answer.status_code == 200
            token = answer.json()["refresh_token"]
    with clock.frozen(moment + timedelta(days=25, minutes=1)):
        assert (await exchange(first, token)).status_code == 401


async def test_what_changed_after_it_was_read_is_not_exchanged(first, user):
    """The exchange is one statement without a lock before it: whatever came in between must stop it."""
    elsewhere = (await make_tenant(first.services.db)).id
    await add_member(first.services.db, elsewhere, user.id, Role.TENANT_USER)
    for path, body in (
        ("/auth/logout", {}),
        ("/auth/refresh", {"refresh_token": ...}),
        ("/auth/switch-tenant", {"tenant_id": str(elsewhere)}),
    ):
        tokens = await first.login(user)
        hashed = token_hash(tokens["refresh_token"])
        seen = await queries.presented(first.services.db.login(), hashed)
        sent = {name: tokens["refresh_token"] if value is ... else value for name, value in body.items()}
        answer = await first.client().post(path, json=sent, headers=bearer(tokens["access_token"]))
        assert answer.status_code in {200, 204}, path
        now = clock.now()
        assert not await queries.exchange(
            first.services.db.login(), seen, hashed, token_hash("next"), now, now + REFRESH_LIFE
        ), path


@pytest.mark.parametrize("token", ["", "x", "é", "a" * 256])
async def test_unknown_refresh_tokens_are_refused(first, token):
    assert (await exchange(first, token)).status_code == 401


async def test_an_access_token_is_no_refresh_token_and_the_reverse(first, user):
    tokens = await first.login(user)
    assert (await exchange(first, tokens["access_token"])).status_code in {400, 401}
    assert (await first.me(tokens["refresh_token"])).status_code == 401


async def test_logging_out_ends_the_family(first, user):
    tokens = await first.login(user)
    answer = await first.client().post("/auth/logout", headers=bearer(tokens["access_token"]))
    assert answer.status_code == 204
    assert (await exchange(first, tokens["refresh_token"])).status_code == 401
    assert (await first.me(tokens["access_token"])).status_code == 401


async def test_logging_out_works_with_the_refresh_token_alone(first, user):
    tokens = await first.login(user)
    body = {"refresh_token": tokens["refresh_token"]}
    for _ in range(2):
        assert (await first.client().post("/auth/logout", json=body)).status_code == 204
    assert (await exchange(first, tokens["refresh_token"])).status_code == 401


class Row(NamedTuple):
    """A refresh token, as it is kept."""

    expires_at: datetime
    rotated_at: datetime | None = None


class Family(RuleBasedStateMachine):
    """One family of refresh tokens against the rule in words, over any order of uses and any passing of time."""

    tokens = Bundle("tokens")

    @initialize(target=tokens)
    def sign_in(self):
        self.now, self.alive, self.rows = clock.now(), True, {}
        self.rows["t"] = Row(self.now + REFRESH_LIFE)
        self.chain = ["t"]
        return "t"

    @rule(seconds=st.sampled_from([0, 1, 5, 10, 11, 3600, 6 * 86400, 8 * 86400]))
    def wait(self, seconds):
        self.now += timedelta(seconds=seconds)

    @rule(target=tokens, token=tokens)
    def use(self, token):
        row, successor = self.rows[token], successor_of(token, b"k" * 32)
        used = self.rows[successor].rotated_at if successor in self.rows else None
        verdict = judge(row.expires_at, row.rotated_at, used, self.now) if self.alive else Verdict.DEAD
        position = self.chain.index(token)
        newest, last_but_one = position == len(self.chain) - 1, position == len(self.chain) - 2
        if verdict is Verdict.ROTATE:
            assert newest
            assert row.expires_at > self.now
            self.rows[token] = Row(row.expires_at, self.now)
            self.rows[successor] = Row(self.now + REFRESH_LIFE)
            self.chain.append(successor)
            return successor
        if verdict is Verdict.REPEAT:
            assert last_but_one
            assert self.now - row.rotated_at <= REFRESH_GRACE
            assert successor == self.chain[-1]
            return multiple()
        if verdict is Verdict.REUSE:
            assert not newest
            self.alive = False
        else:
            assert not self.alive or row.expires_at <= self.now
        return multiple()

    @invariant()
    def exactly_one_token_is_unused(self):
        assert sum(row.rotated_at is None for row in self.rows.values()) == 1


TestFamily = Family.TestCase
TestFamily.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
