"""RESET_TOKEN: the credential is gone, and whoever can connect it again is told, in one transaction."""

import pytest

import factories
from alquimista import clock
from alquimista.access import Role
from alquimista.notifications import service as notifications
from alquimista.operations import service
from alquimista.operations.models.kinds import CommandType

RESET = CommandType.RESET_TOKEN
INTEGRATION = """
INSERT INTO alquimista_platform.tenant_integrations (tenant_id, id, type, provider, name, status, credentials_key_id,
  credentials_ciphertext, created_at, updated_at)
VALUES (%s, %s, 'email', 'smtp', 'Correio', 'active', 'k', 'sealed'::bytea, now(), now())
"""
STATE = """
SELECT status, credentials_ciphertext IS NULL FROM alquimista_platform.tenant_integrations WHERE id = %s
"""
TOLD = "SELECT user_id, title, data->>'link' FROM alquimista_platform.notifications WHERE tenant_id = %s"
MAILS = "SELECT recipient, subject FROM alquimista_platform.mails WHERE tenant_id = %s ORDER BY recipient"


@pytest.fixture
async def company(db, sql):
    """A company with an integration, two administrators and a user: its id, the integration's, the administrators."""
    tenant, one = await factories.make_tenant(db), clock.new_id()
    await sql(INTEGRATION, tenant.id, one)
    people = [await factories.make_user(db, tenant.id) for _ in range(2)]
    await factories.make_user(db, tenant.id, role=Role.TENANT_USER)
    return tenant.id, one, people


async def test_the_credential_is_destroyed_and_the_administrators_are_told(
    services, give, line, sql, company, empty
) -> None:
    tenant_id, one, people = company
    command = await give(RESET, tenant_id, integration_id=str(one))
    await service.run(services, tenant_id, command.id)
    found = await line(command)
    assert found.output == {"integration_id": str(one), "status": "pending", "told": 2}
    assert await sql(STATE, one) == [("pending", True)]
    told = await sql(TOLD, tenant_id)
    assert {user for user, *_ in told} == {person.id for person in people}
    assert {title for _, title, _ in told} == {"Conecte Correio de novo"}
    assert all(link.endswith("/app/dashboard/integrations") for *_, link in told)
    assert await sql(MAILS, tenant_id) == sorted((person.email, "Conecte Correio de novo") for person in people)
    audit = "SELECT action FROM alquimista_platform.audit_logs WHERE tenant_id = %s AND action LIKE 'integration%%'"
    assert await sql(audit, tenant_id) == [("integration.reset",)]


async def test_when_telling_fails_the_credential_stays_and_the_next_try_does_both(
    services, give, line, sql, company, monkeypatch, empty
) -> None:
    tenant_id, one, _ = company
    tell, times = notifications.tell, []

    async def fails_once(*args, **more):
        times.append(1)
        if len(times) == 2:
            raise OSError("half-way")
        await tell(*args, **more)

    monkeypatch.setattr(notifications, "tell", fails_once)
    command = await give(RESET, tenant_id, integration_id=str(one))
    await service.run(services, tenant_id, command.id)
    assert ((await line(command)).status, await sql(STATE, one), await sql(TOLD, tenant_id)) == (
        "PENDING", [("active", False)], [],
    )  # fmt: skip
    await service.run(services, tenant_id, command.id)
    assert (await line(command)).status == "SUCCESS"
    assert (await sql(STATE, one), len(await sql(TOLD, tenant_id))) == ([("pending", True)], 2)


async def test_an_integration_of_another_company_is_none(services, db, give, line, sql, company, empty) -> None:
    other = await factories.make_tenant(db)
    command = await give(RESET, other.id, integration_id=str(company[1]))
    await service.run(services, other.id, command.id)
    found = await line(command)
    assert (found.status, found.attempts) == ("ERROR", 1)
    assert await sql(STATE, company[1]) == [("active", False)]
