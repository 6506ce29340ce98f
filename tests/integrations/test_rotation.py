"""`alquimista secrets rotate`: everything sealed by an old key is sealed by the new one, and still opens."""

import asyncio
import base64
import os
from dataclasses import replace

import pytest

import factories
from alquimista.cli.main import run
from alquimista.clock import new_id, now
from alquimista.config import variable
from alquimista.db.crypto import Sealed, Sealer, SealError
from alquimista.db.tenancy import tenant_transaction
from alquimista.identity.queries import sealed as identity_queries
from alquimista.integrations import service
from alquimista.integrations.models.failures import UnknownIntegration
from alquimista.integrations.models.integrations import Integration, IntegrationStatus, seal_context
from alquimista.integrations.queries import integrations as queries
from support.identity import process


async def store(db, tenant_id, sealer, clear=b"a very secret token"):
    integration = Integration(new_id(), "crm", "RD Station", IntegrationStatus.ACTIVE, None, None, "webhook")
    async with tenant_transaction(db, tenant_id) as conn:
        await service.store(conn, None, tenant_id, integration, clear, sealer, now())
    return integration.id


async def read(db, tenant_id, integration_id, sealer):
    async with tenant_transaction(db, tenant_id) as conn:
        return await service.credentials_of(conn, tenant_id, integration_id, sealer)


async def test_rotation_seals_everything_again_and_nobody_is_locked_out(db, settings, monkeypatch, capsys):
    tenants = [await factories.make_tenant(db) for _ in range(2)]
    old = Sealer(settings)
    stored = [(tenant.id, await store(db, tenant.id, old)) for tenant in tenants]
    person = await factories.make_user(db)
    async with process(settings) as running:  # Makes a signing key, sealed with the old key.
        token = (await running.login(person))["access_token"]
    key = base64.b64encode(os.urandom(32)).decode()
    rotated = replace(settings, encryption_keys=(("k2", base64.b64decode(key)),))
    monkeypatch.setenv(variable("database_url"), settings.database_url)
    monkeypatch.setenv(variable("secret_key"), settings.secret_key)
    monkeypatch.setenv(variable("encryption_keys"), f"k2:{key}")
    assert await run_aside(["secrets", "rotate"]) == 0
    assert "now sealed with the key k2" in capsys.readouterr().out
    for tenant_id, integration_id in stored:
        row = await queries.get_credentials(db.tenant(tenant_id), tenant_id, integration_id)
        assert row is not None
        assert row.credentials_key_id == "k2"
        assert await read(db, tenant_id, integration_id, Sealer(rotated)) == b"a very secret token"
    assert await identity_queries.old_signing_keys(db.login(), "k2") == []
    async with process(rotated) as running:
        assert (await running.me(token)).status_code == 200


async def test_a_key_that_is_missing_is_named_in_a_sentence(db, settings, monkeypatch, capsys):
    tenant = await factories.make_tenant(db)
    await store(db, tenant.id, Sealer(replace(settings, encryption_keys=(("lost", os.urandom(32)),))))
    monkeypatch.setenv(variable("database_url"), settings.database_url)
    monkeypatch.setenv(variable("secret_key"), settings.secret_key)
    assert await run_aside(["secrets", "rotate"]) == 2
    assert capsys.readouterr().err.startswith("No encryption key has the id ")


async def run_aside(arguments: list[str]) -> int:
    """The command in a thread of its own, since it starts a loop of its own."""
    return await asyncio.to_thread(run, arguments)


async def test_a_ciphertext_does_not_open_in_another_row_or_company(db, settings):
    sealer = Sealer(settings)
    one, other = await factories.make_tenant(db), await factories.make_tenant(db)
    integration = await store(db, one.id, sealer)
    row = await queries.get_credentials(db.tenant(one.id), one.id, integration)
    assert row is not None
    sealed = Sealed(row.credentials_key_id, row.credentials_ciphertext)
    for context in (seal_context(other.id, integration), seal_context(one.id, new_id())):
        with pytest.raises(SealError):
            sealer.open(sealed, context)
    with pytest.raises(UnknownIntegration):
        await read(db, other.id, integration, sealer)
