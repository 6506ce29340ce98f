"""Testing what is connected: when somebody asks, and every few minutes by itself. No transaction is open meanwhile."""

import asyncio
import random
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import structlog

from alquimista import clock
from alquimista.access import Actor
from alquimista.cache import store as cache
from alquimista.db.crypto import Sealer, SealError
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.i18n import DEFAULT_LOCALE
from alquimista.incidents import service as incidents
from alquimista.incidents.models import RuleName, by_rule
from alquimista.integrations.gateway import Gateways
from alquimista.integrations.models.connections import PROVIDERS
from alquimista.integrations.models.failures import (
    Demonstration,
    Failed,
    IntegrationFailure,
    NotConnected,
    UnknownIntegration,
)
from alquimista.integrations.models.integrations import (
    CHECK_EVERY,
    CHECK_JITTER_S,
    CONNECTED,
    IntegrationRecord,
    IntegrationStatus,
    Standing,
    condition,
)
from alquimista.integrations.queries import integrations as queries
from alquimista.integrations.service.notes import changed, note
from alquimista.integrations.service.reading import get
from alquimista.integrations.service.sealing import credentials_of, sealed_for
from alquimista.observability.masking import mask
from alquimista.wiring import Services

_AT_ONCE: Final = 4  # Tests of one company at the same time.
_ERROR_LIMIT: Final = 2000
_dice: Final = random.Random()  # noqa: S311 - It spreads work; nobody gains by guessing it.
_log = structlog.get_logger("alquimista.integrations")


class Tested(NamedTuple):
    """What a test found: no failure is a success. `renewed` are credentials that took the place of ending ones."""

    failed: Failed | None = None
    renewed: msgspec.Struct | None = None


def install(services: Services) -> Gateways:
    """Wire the gateways into a process."""
    gateways = Gateways(services.settings)
    services.add(gateways)
    return gateways


def next_check(now: datetime) -> datetime:
    """When an integration is tested next: what was connected together is spread over a minute."""
    return now + CHECK_EVERY + timedelta(seconds=_dice.uniform(0, CHECK_JITTER_S))


async def test(
    services: Services, actor: Actor, tenant_id: UUID, integration_id: UUID
) -> tuple[Failed | None, IntegrationRecord]:
    """Test an integration now and write down the result; why it failed, if it did, and how it stands.

    Raises:
        UnknownIntegration: there is none.
        NotConnected, Demonstration: there is nothing to test.
    """
    seen = await get(services.db.tenant(tenant_id), tenant_id, integration_id)
    if seen.provider not in PROVIDERS:
        raise Demonstration
    if seen.status not in CONNECTED:
        raise NotConnected
    tested = await _tested(services, tenant_id, seen)
    await _write_down(services, tenant_id, seen, tested, actor)
    return tested.failed, await get(services.db.tenant(tenant_id), tenant_id, integration_id)


async def tenants_due(conn: Conn, now: datetime) -> list[UUID]:
    """The tenants in which `probe` finds something to test; takes a connection of the internal role."""
    return await queries.tenants_due(conn, now)


async def probe(services: Services, tenant_id: UUID) -> int:
    """Test what is due in one tenant; how many. What was tested is not due again for minutes: safe to repeat."""
    due = await queries.due(services.db.tenant(tenant_id), tenant_id, clock.now())
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(seen: IntegrationRecord) -> None:
        async with gate:
            await _write_down(services, tenant_id, seen, await _tested(services, tenant_id, seen), None)

    async with asyncio.TaskGroup() as tasks:
        for seen in due:
            tasks.create_task(one(seen))
    return len(due)


async def send_mail(services: Services, tenant_id: UUID, integration_id: UUID, mail: EmailMessage) -> None:
    """Send a mail by the company's own server, in the name of its sender.

    Raises:
        UnknownIntegration: there is none, or it is of another provider.
        NotConnected: it has no credentials.
        Failed: the server did not take the mail.
    """
    seen = await get(services.db.tenant(tenant_id), tenant_id, integration_id)
    if seen.provider != "smtp":
        raise UnknownIntegration
    if seen.status not in CONNECTED:
        raise NotConnected
    provider = PROVIDERS["smtp"]
    clear = await credentials_of(services.db.tenant(tenant_id), tenant_id, seen.id, Sealer(services.settings))
    config = msgspec.convert(seen.config, type=provider.config)
    credentials = msgspec.json.decode(clear, type=provider.credentials)
    await services.get(Gateways).send_mail(config, credentials, mail)  # type: ignore[arg-type]


async def _tested(services: Services, tenant_id: UUID, seen: IntegrationRecord) -> Tested:
    gateways, renewed = services.get(Gateways), None
    provider = PROVIDERS[seen.provider]
    try:
        clear = await credentials_of(services.db.tenant(tenant_id), tenant_id, seen.id, Sealer(services.settings))
        config = msgspec.convert(seen.config, type=provider.config)
        credentials = msgspec.json.decode(clear, type=provider.credentials)
    except (SealError, msgspec.MsgspecError):
        return Tested(Failed(IntegrationFailure.UNREADABLE))
    except UnknownIntegration:
        return Tested()  # Its credentials went meanwhile, and the generation with them: nothing will be written.
    try:
        renewed = await gateways.renewed(credentials)
        await gateways.test(seen.provider, config, renewed or credentials)
    except Failed as failed:
        return Tested(failed, renewed)
    return Tested(None, renewed)


async def _write_down(
    services: Services, tenant_id: UUID, seen: IntegrationRecord, tested: Tested, actor: Actor | None
) -> None:
    """Keep a result, unless somebody did something to the integration since the test began."""
    db: Database = services.db
    failed = tested.failed
    async with tenant_transaction(db, tenant_id) as conn:
        found = await queries.lock(conn, tenant_id, seen.id)
        if actor is not None:
            await note(
                conn, actor, "integration.tested", tenant_id, seen.id, kind=seen.type, provider=seen.provider,
                result="failure" if failed else "success", **({"reason": failed.failure.value} if failed else {}),
            )  # fmt: skip
        if found is None or found.generation != seen.generation or found.status not in CONNECTED:
            return
        now = clock.now()
        standing = Standing(found.status, found.failures).after(failed.failure if failed else None)
        error = mask(failed.reason.render(DEFAULT_LOCALE))[:_ERROR_LIMIT] if failed else None
        await queries.checked(conn, tenant_id, seen.id, standing, error, now, next_check(now))
        if tested.renewed is not None:
            sealed = sealed_for(Sealer(services.settings), tenant_id, seen.id, tested.renewed)
            await queries.set_credentials(conn, tenant_id, seen.id, sealed, now)
        if standing.status is not found.status:
            await _turned(conn, tenant_id, found, standing, error or "", now)
        await cache.invalidate(conn, tenant_id, "integrations")
    if failed:
        _log.info("integration.test_failed", integration_id=str(seen.id), provider=seen.provider, reason=str(failed))


async def _turned(
    conn: Conn, tenant_id: UUID, found: IntegrationRecord, standing: Standing, error: str, now: datetime
) -> None:
    """The connection died, or lives again."""
    if standing.status is IntegrationStatus.ACTIVE:
        await incidents.resolve(conn, tenant_id, condition(found.id), now)
        await changed(conn, None, "integration.recovered", tenant_id, found)
        return
    failing = by_rule(
        RuleName.INTEGRATION_FAILING,
        source="integrations",
        subject=str(found.id),
        params={"integration": found.name, "failures": standing.failures},
        details={"integration_id": str(found.id), "kind": found.type, "provider": found.provider, "error": error},
    )
    await incidents.open_incident(conn, tenant_id, failing, now)
    await changed(conn, None, "integration.failed", tenant_id, found)
