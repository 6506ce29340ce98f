"""Identity's periodic jobs: keys rotate, and what has ended is forgotten in time."""

from datetime import timedelta

from alquimista import clock
from alquimista.identity.jobs import JOBS, PERIODIC, purge, rotate_keys
from factories import make_tenant, make_user


async def test_ended_sessions_and_links_are_forgotten_and_open_ones_stay(first, db, sql):
    user = await make_user(db, (await make_tenant(db)).id)
    await first.login(user)
    with clock.frozen(clock.now() + timedelta(days=20)):
        await first.login(user)
    with clock.frozen(clock.now() + timedelta(days=38)):
        await purge(first.services, None, None)
    rows = await sql("SELECT count(*) FROM alquimista_platform.sessions WHERE user_id = %s", user.id)
    assert rows == [(1,)]
    tokens = await sql(
        "SELECT count(*) FROM alquimista_platform.refresh_tokens r JOIN alquimista_platform.sessions s"
        " ON s.id = r.session_id WHERE s.user_id = %s",
        user.id,
    )
    assert tokens == [(1,)]


async def test_rotated_tokens_of_a_session_that_goes_on_are_forgotten(first, db, sql):
    user = await make_user(db, (await make_tenant(db)).id)
    token, moment = (await first.login(user))["refresh_token"], clock.now()
    for day in range(6, 61, 6):
        with clock.frozen(moment + timedelta(days=day)):
            answer = await first.client().post("/auth/refresh", json={"refresh_token": token})
            token = answer.json()["refresh_token"]
            await purge(first.services, None, None)
    kept = await sql(
        "SELECT count(*) FROM alquimista_platform.refresh_tokens r JOIN alquimista_platform.sessions s"
        " ON s.id = r.session_id WHERE s.user_id = %s",
        user.id,
    )
    assert 1 < kept[0][0] < 8


async def test_keys_rotate_monthly_and_dead_ones_are_deleted(first, sql):
    await first.kit.keys.signing_key()
    moment = clock.now()
    for days in (1, 31, 32, 63):
        with clock.frozen(moment + timedelta(days=days)):
            await rotate_keys(first.services, None, None)
    rows = await sql("SELECT retired_at IS NULL FROM alquimista_platform.signing_keys ORDER BY active_from")
    assert rows == [(False,), (True,)]


def test_jobs_are_named_after_their_room():
    names = [job.name for job in (*JOBS, *PERIODIC)]
    assert all(name.startswith("identity.") for name in names)
    assert len(set(names)) == len(names)
