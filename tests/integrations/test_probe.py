"""The probe: three failures are an error and an incident, one success ends both, and old results change nothing."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from alquimista import clock
from alquimista.clock import new_id, now
from alquimista.db.crypto import Sealer
from alquimista.db.tenancy import tenant_transaction
from alquimista.integrations import jobs, service
from alquimista.integrations.models.connections import DEMO, GoogleCredentials
from alquimista.integrations.models.failures import IntegrationFailure
from alquimista.integrations.models.integrations import (
    FAILURES_UNTIL_ERROR,
    Integration,
    IntegrationStatus,
    Standing,
    condition,
)
from support.connections import bodies
from support.published import published

URL = "/tenant/integrations"
LATER = timedelta(minutes=7)


@asynccontextmanager
async def later(times=1):
    """The code inside runs when everything is due again."""
    with clock.frozen(now() + LATER * times):
        yield


async def probe(worker, company, times=1):
    async with later(times):
        return await service.probe(worker, company.id)


async def row(sql, one):
    found = await sql(
        "SELECT status, failures, last_error IS NULL, sync_count, error_count"
        " FROM alquimista_platform.tenant_integrations WHERE id = %s",
        one,
    )
    return found[0]


async def open_incidents(sql, company):
    return await sql(
        "SELECT severity, source, dedupe_key, title FROM alquimista_platform.incidents"
        " WHERE tenant_id = %s AND resolved_at IS NULL",
        company.id,
    )


@given(
    st.lists(
        st.sampled_from(
            [None, IntegrationFailure.TIMED_OUT, IntegrationFailure.CREDENTIALS, IntegrationFailure.AUTHORIZATION_ENDED]
        )
    )
)
def test_the_standing_follows_from_the_last_results(results):
    standing = Standing(IntegrationStatus.ACTIVE, 0)
    for result in results:
        standing = standing.after(result)
    streak = next((n for n, result in enumerate(reversed(results)) if result is None), len(results))
    lost = streak >= FAILURES_UNTIL_ERROR or IntegrationFailure.AUTHORIZATION_ENDED in results[len(results) - streak :]
    assert standing.failures == streak
    assert (standing.status is IntegrationStatus.ERROR) == lost


async def test_a_connection_with_the_name_of_no_day_dies_like_any_other(company, worker, fake, sql):
    one = await company.connected(fake, name="2026-02-31")
    fake.refused = 500
    for number in (1, 2, 3):
        assert await probe(worker, company, number) == 1
    assert (await row(sql, one))[:2] == ("error", 3)
    assert [title for *_, title in await open_incidents(sql, company)] == ["2026-02-31 não responde"]


async def test_dead_is_told_from_connected_and_back(company, worker, fake, sql):
    one = await company.connected(fake)
    assert await service.probe(worker, company.id) == 0, "it was tested a moment ago"
    assert await probe(worker, company, 1) == 1
    fake.refused = 500
    for number in (2, 3):
        assert await probe(worker, company, number) == 1
        assert (await row(sql, one))[:3] == ("active", number - 1, False)
    assert await open_incidents(sql, company) == []
    await probe(worker, company, 4)
    assert await row(sql, one) == ("error", 3, False, 2, 3)
    title = "Caixa não responde"
    assert await open_incidents(sql, company) == [("warning", "integrations", condition(UUID(one)), title)]
    shown = (await company.owner.get("/tenant/incidents")).json()["incidents"]
    assert [incident["title"] for incident in shown] == ["Caixa does not answer"], "in the reader's language"
    assert [found.id for found in await service.failing(worker.db.tenant(company.id), company.id)] == [UUID(one)]
    await probe(worker, company, 5)
    assert len(await open_incidents(sql, company)) == 1
    fake.refused = None
    await probe(worker, company, 6)
    assert await row(sql, one) == ("active", 0, True, 3, 4)
    assert await open_incidents(sql, company) == []
    turns = await sql(
        "SELECT action, actor_kind FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action = ANY (%s)"
        " ORDER BY id",
        company.id,
        ["integration.failed", "integration.recovered"],
    )
    assert turns == [("integration.failed", "system"), ("integration.recovered", "system")]
    told = await published(worker.db, company.id, "integration.")
    assert [one.event_type for one in told] == [
        "integration.connected",
        "integration.failing",
        "integration.recovered",
    ]
    assert told[1].detail == {"integration_id": one, "name": "Caixa", "kind": "payment", "provider": "stripe"}


async def test_a_test_is_due_after_five_minutes_and_within_six(company, fake, sql):
    one = await company.connected(fake)
    ((wait,),) = await sql(
        "SELECT next_check_at - checked_at FROM alquimista_platform.tenant_integrations WHERE id = %s", one
    )
    assert timedelta(minutes=5) <= wait <= timedelta(minutes=6)


async def test_the_periodic_job_asks_where_something_is_due(company, worker, fake, sql, db):
    await company.connected(fake)
    quiet = await factories.make_tenant(db)
    demo = Integration(new_id(), "crm", "HubSpot", IntegrationStatus.ACTIVE, now(), None, DEMO)
    async with tenant_transaction(db, quiet.id) as conn:
        await service.store(conn, None, quiet.id, demo, None, Sealer(worker.settings), now())
    async with later():
        await jobs.due(worker, None, None)
        await jobs.due(worker, None, None)
        taken = await sql(
            "DELETE FROM alquimista_platform.job_queue WHERE entrypoint = 'integrations.probe' RETURNING payload"
        )
        asked = [msgspec.json.decode(bytes(payload))["tenant_id"] for (payload,) in taken]
        assert asked.count(str(company.id)) == 1
        assert str(quiet.id) not in asked
        await jobs.probe(worker, company.id, None)
        assert await service.probe(worker, company.id) == 0


async def during(worker, company, fake, act):
    """What an act leaves when it happens while the probe waits for the service, which then fails."""
    fake.faulty.seen.clear()
    fake.faulty.next("slow")
    probing = asyncio.create_task(probe(worker, company))
    while "GET /v1/account" not in fake.faulty.seen:  # noqa: ASYNC110 - Another's socket.
        await asyncio.sleep(0.01)
    answer = await act()
    assert answer is None or answer.status_code == 200, answer.text
    assert await probing == 1


@pytest.mark.parametrize("what", ["reset", "disconnect", "reconnect"])
async def test_a_result_that_comes_too_late_changes_nothing(company, worker, fake, sql, db, what):
    one = await company.connected(fake)
    await sql("UPDATE alquimista_platform.tenant_integrations SET failures = 2 WHERE id = %s", one)

    async def reset():
        async with tenant_transaction(db, company.id) as conn:
            await service.reset(conn, None, company.id, UUID(one), now())

    again = {"connection": {"provider": "stripe", **bodies(fake)["stripe"]}}
    acts = {
        "reset": reset,
        "disconnect": lambda: company.owner.post(f"{URL}/{one}/disconnect"),
        "reconnect": lambda: company.owner.post(f"{URL}/{one}/reconnect", json=again),
    }
    await during(worker, company, fake, acts[what])
    status = {"reset": "pending", "disconnect": "inactive", "reconnect": "active"}[what]
    assert (await row(sql, one))[:3] == (status, 0, True)
    assert await open_incidents(sql, company) == []


async def test_an_incident_ends_when_somebody_reconnects_or_disconnects(company, worker, fake, sql, db):
    ids = [await company.connected(fake, "stripe", name) for name in ("A", "B", "C")]
    fake.refused = 401
    for number in (1, 2, 3):
        await probe(worker, company, number)
    assert len(await open_incidents(sql, company)) == 3
    fake.refused = None
    again = {"connection": {"provider": "stripe", **bodies(fake)["stripe"]}}
    assert (await company.owner.post(f"{URL}/{ids[0]}/reconnect", json=again)).status_code == 200
    assert (await company.owner.post(f"{URL}/{ids[1]}/disconnect")).status_code == 200
    async with tenant_transaction(db, company.id) as conn:
        found = await service.reset(conn, None, company.id, UUID(ids[2]), now())
    assert found.status is IntegrationStatus.PENDING
    # It works again when it is connected, not when its credential is gone.
    assert [incident[2] for incident in await open_incidents(sql, company)] == [condition(UUID(ids[2]))]
    assert (await company.owner.post(f"{URL}/{ids[2]}/reconnect", json=again)).status_code == 200
    assert await open_incidents(sql, company) == []


async def test_credentials_that_do_not_open_are_an_error_at_once(company, worker, fake, sql):
    one = await company.connected(fake)
    await sql("UPDATE alquimista_platform.tenant_integrations SET credentials_key_id = 'lost' WHERE id = %s", one)
    await probe(worker, company)
    assert (await row(sql, one))[0] == "error"
    assert len(await open_incidents(sql, company)) == 1


async def google(worker, company, fake, sql, expires_in):
    """A calendar that was consented to a while ago; its id."""
    credentials = GoogleCredentials("ya29.old", "1//old", now() + expires_in)
    fake.tokens = {"ya29.old"}
    one = Integration(new_id(), "calendar", "Agenda", IntegrationStatus.ACTIVE, now(), None, "google")
    async with tenant_transaction(worker.db, company.id) as conn:
        await service.store(
            conn, None, company.id, one, msgspec.json.encode(credentials), Sealer(worker.settings), now()
        )
    await sql("UPDATE alquimista_platform.tenant_integrations SET next_check_at = now() WHERE id = %s", one.id)
    return one.id


async def stored(worker, company, one):
    clear = await service.credentials_of(worker.db.tenant(company.id), company.id, one, Sealer(worker.settings))
    return msgspec.json.decode(clear, type=GoogleCredentials)


async def test_a_token_that_ends_is_renewed_before_the_test_and_kept(company, worker, fake, sql):
    one = await google(worker, company, fake, sql, timedelta(minutes=1))
    assert await service.probe(worker, company.id) == 1
    assert (await row(sql, one))[0] == "active"
    kept = await stored(worker, company, one)
    assert kept.access_token in fake.tokens
    assert kept.refresh_token == "1//old"  # Google gives a new one only sometimes.
    granted = fake.granted
    await sql("UPDATE alquimista_platform.tenant_integrations SET next_check_at = now() WHERE id = %s", one)
    assert await service.probe(worker, company.id) == 1
    assert fake.granted == granted, "it lasts for an hour"


async def test_a_consent_that_was_withdrawn_asks_to_connect_again_at_once(company, worker, fake, sql):
    one = await google(worker, company, fake, sql, timedelta(minutes=1))
    fake.ended.add("1//old")
    assert await service.probe(worker, company.id) == 1
    shown = (await company.owner.get(f"{URL}/{one}")).json()
    assert shown["status"] == "error"
    assert shown["last_error"] == "A autorização terminou ou foi revogada. Conecte de novo."
    assert len(await open_incidents(sql, company)) == 1


async def test_google_s_own_bad_moment_is_no_end_of_the_consent(company, worker, fake, sql):
    one = await google(worker, company, fake, sql, timedelta(minutes=1))
    fake.faulty.next("500", "POST /token")
    assert await service.probe(worker, company.id) == 1
    assert (await row(sql, one))[:2] == ("active", 1)
    assert (await stored(worker, company, one)).access_token == "ya29.old"
