"""Rules are data: what they say in each language, whom they tell, and what they do by themselves."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id, now
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents import service
from alquimista.incidents.models import (
    RULES,
    Incident,
    NewIncident,
    RuleName,
    Severity,
    State,
    Visibility,
    by_rule,
    rule_of,
    texts,
)
from alquimista.usage.models.failures import Recent, judged_since
from support import queued

DAY = date(2026, 3, 9)


def incident(new, rule):
    moment = datetime(2026, 3, 10, tzinfo=UTC)
    return Incident(
        tenant_id=new_id(),
        id=new_id(),
        severity=new.severity,
        status=State.OPEN,
        visibility=Visibility.TENANT,
        rule=rule,
        source=new.source,
        dedupe_key=new.dedupe_key,
        title=new.title,
        description=new.description,
        params=new.params,
        details={},
        created_at=moment,
        acknowledged_at=None,
        resolved_at=None,
        told_at=None,
        told_over_at=None,
        staff_told_at=None,
        escalated_at=None,
        parent_id=None,
    )


def test_every_rule_is_found_by_its_conditions():
    assert set(RULES) == set(RuleName)
    for name in RuleName:
        assert rule_of(name) is rule_of(f"{name.value}:of:something") is RULES[name]
    assert rule_of("test.down") is rule_of("usage.drifting:2026") is None


def test_a_rules_texts_are_in_the_readers_language_and_fall_back_to_what_is_stored():
    new = by_rule(RuleName.USAGE_DRIFT, source="usage", subject=str(DAY), params={"day": DAY})
    assert (new.dedupe_key, new.params) == ("usage.drift:2026-03-09", {"day": "2026-03-09"})
    assert new.title == "Os totais de uso divergem dos registros"
    assert "Em 09/03/2026" in new.description
    stored = incident(new, "usage.drift")
    assert texts(stored, "pt-BR") == (new.title, new.description)
    assert texts(stored, "en")[0] == "Usage totals differ from the records"
    assert "On Mar 9, 2026" in texts(stored, "en")[1]
    for other in (
        incident(new, "gone"),
        incident(by_hand(new, None), "usage.drift"),
        incident(by_hand(new, {}), "usage.drift"),
    ):
        assert texts(other, "en") == (new.title, new.description)


def test_a_name_that_only_looks_like_a_day_is_told_as_it_is():
    params = {"integration": "2026-02-31", "failures": 3}
    new = by_rule(RuleName.INTEGRATION_FAILING, source="integrations", subject="x", params=params)
    assert new.title == "2026-02-31 não responde"


def by_hand(new, params):
    return NewIncident(
        severity=new.severity, title=new.title, description=new.description, source="x", dedupe_key="x", params=params
    )


def test_numbers_are_written_as_the_reader_writes_them():
    params = {"percent": 33.3, "requests": 12_345, "since": "09:00"}
    new = by_rule(RuleName.ERROR_RATE, source="usage", params=params)
    assert new.description == "33,3 % de 12.345 requisições falharam desde 09:00 UTC."
    assert texts(incident(new, "usage.error_rate"), "en")[1] == "33.3 % of 12,345 requests have failed since 09:00 UTC."


def test_a_rule_without_what_its_texts_name_is_a_mistake():
    with pytest.raises(KeyError):
        by_rule(RuleName.AGENT_OFFLINE, source="fleet", subject="x", params={})


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 1000), st.integers(1, 99))
def test_too_many_failures_is_more_than_the_share_of_enough_requests(requests, failures, least, percent):
    failures = min(failures, requests)
    judged = Recent(requests, failures).too_many(least, percent)
    assert judged == (requests >= least and failures / max(requests, 1) > percent / 100)


def test_the_last_full_hour_and_this_one_are_judged():
    assert judged_since(datetime(2026, 3, 10, 0, 59, 59, 9, tzinfo=UTC)) == datetime(2026, 3, 9, 23, tzinfo=UTC)


async def test_a_command_is_asked_for_once_in_an_hour_however_often_a_condition_returns(db, migrated, company):
    tenant_id, *_ = company
    params = {"percent": 50, "requests": 100, "since": "09:00"}
    new, moment = by_rule(RuleName.ERROR_RATE, source="usage", params=params), now()
    for minutes in (0, 10, 20, 90):
        at = moment + timedelta(minutes=minutes)
        async with tenant_transaction(db, tenant_id) as conn:
            assert await service.open_incident(conn, tenant_id, new, at)
            assert await service.resolve(conn, tenant_id, RuleName.ERROR_RATE, at)
    asked = await queued.waiting(migrated.admin_url, "operations.react")
    assert [(whose, one["command_type"], one["tenant_id"]) for whose, one, _ in asked] == [
        (tenant_id, "HEALTH_CHECK", str(tenant_id))
    ] * 2


async def test_a_queue_that_lags_is_an_internal_incident_of_the_platform_and_ends_with_it(db, sql, admin):
    late = (
        "INSERT INTO alquimista_platform.job_queue (priority, status, entrypoint, execute_after)"
        " VALUES (0, 'queued', 'x.y', now() + %s) RETURNING 1"
    )

    async def found():
        page = (await admin.get("/internal/incidents", params={"source": "jobs", "status": "open"})).json()
        return [(one["severity"], one["visibility"], one["tenant_id"]) for one in page["incidents"]]

    await sql(late, timedelta(minutes=60))  # Not due yet.
    await service.watch_queue(db, 15, now())
    assert await found() == []
    await sql(late, timedelta(minutes=-16))
    for _ in range(2):
        await service.watch_queue(db, 15, now())
        assert await found() == [("critical", "internal", None)]
    await sql("DELETE FROM alquimista_platform.job_queue RETURNING 1")
    await service.watch_queue(db, 15, now())
    assert await found() == []
    page, total = await service.page(db.tenant(PLATFORM_TENANT), PLATFORM_TENANT, 10, 0)
    assert (page, total) == ([], 0), "what is internal is shown through no tenant's eyes"


async def test_staff_are_told_of_a_lagging_queue(db, sql, work):
    person = await factories.make_user(db)
    new = by_rule(RuleName.QUEUE_LAG, source="jobs", params={"job": "x.y", "minutes": 20, "waiting": 3})
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        assert await service.open_incident(conn, PLATFORM_TENANT, new, now())
    await work()
    rows = await sql("SELECT title FROM alquimista_platform.notifications WHERE user_id = %s", person.id)
    assert rows == [("Alquimista: Tarefas esperam demais",)]
    assert new.severity is Severity.CRITICAL
