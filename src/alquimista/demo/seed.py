"""Writes the demo companies, once, and tops up their traffic at every start."""

import asyncio
import base64
from contextlib import suppress
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.agents import service as agents
from alquimista.cache.bus import Bus
from alquimista.config import Settings
from alquimista.db.crypto import Sealer, derive
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo import agents as running
from alquimista.demo import billing, extras, operations, outside, support
from alquimista.demo import settings as company_settings
from alquimista.demo.story import HISTORY_DAYS, TENANTS, ZONE, DemoRequest, DemoTenant, requests_of
from alquimista.http.limits import Limiter
from alquimista.identity.models.problems import AlreadyMember
from alquimista.identity.service.api_keys import create_api_key, list_api_keys, revoke_api_key
from alquimista.identity.service.kit import install
from alquimista.identity.service.provision import create_person
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant, UnknownTenant
from alquimista.usage.models.events import Event, Measures, event_key
from alquimista.usage.service import rollups, upkeep
from alquimista.usage.service.ingest import Ingest
from alquimista.wiring import Services

SOURCE: Final = "demo"
_BATCH: Final = 2_000
_CREDENTIALS: Final = "demo-credentials.json"
_STATE: Final = "demo-state.json"
_KEY_NAME: Final = "Demo"
_EVERY: Final = 1_000
S = TypeVar("S", bound=msgspec.Struct)


class User(msgspec.Struct, frozen=True):
    """A login of demo-credentials.json; `tenant_id` is null for staff."""

    role: Role
    email: str
    password: str
    tenant_id: UUID | None


class Key(msgspec.Struct, frozen=True):
    """An API key of a demo company, for ingest and reading."""

    tenant_id: UUID
    key: str


class Credentials(msgspec.Struct, frozen=True):
    """DIR/demo-credentials.json."""

    base_url: str
    users: list[User]
    api_keys: list[Key]


class State(msgspec.Struct, frozen=True):
    """Up to when the demo traffic has been written."""

    until: datetime


def seed(settings: Settings, data_dir: Path, base_url: str) -> None:
    """Make the demo companies if they are not there yet, and write their traffic up to this moment.

    Safe to repeat and to interrupt: ids, logins and events are the same each time, and an event counts once. What
    `data_dir` says is believed only of the database that it was written for.
    """
    asyncio.run(_seed(settings, data_dir, base_url))


async def _seed(settings: Settings, data_dir: Path, base_url: str) -> None:
    logins, state = data_dir / _CREDENTIALS, data_dir / _STATE
    known = _read(logins, Credentials)
    now = clock.now()
    services = Services(settings, await Database.open(settings))
    bus = Bus(settings)
    kit = install(services, bus)
    ingest = Ingest(services.db, bus, Limiter(services.db))
    try:
        await upkeep.make_partitions(services.db, now)
        if known and await _opens(services.db, known.api_keys):
            users, keys, until = known.users, known.api_keys, _read(state, State)
        else:
            users, keys = await _provision(services, now)
            until = None
        _write(logins, Credentials(base_url, users, keys))
        await billing.subscribe(services)
        await running.run(services.db, now)
        await support.converse(services)
        await outside.face(services, now)
        await operations.add_commands(services, now)
        await _top_up(services.db, ingest, until.until if until else None, now)
        _write(state, State(now))
    finally:
        await ingest.close()
        await kit.close()
        await services.db.close()


async def _opens(db: Database, keys: list[Key]) -> bool:
    """Whether the database knows every one of the keys."""
    for one in keys:
        found, _ = await list_api_keys(db.tenant(one.tenant_id), one.tenant_id, _EVERY, 0)
        if not any(key.prefix in one.key for key in found):
            return False
    return True


def _read(path: Path, kind: type[S]) -> S | None:
    return msgspec.json.decode(path.read_bytes(), type=kind) if path.exists() else None


def _write(path: Path, content: msgspec.Struct) -> None:
    """All of it or nothing, for the owner's eyes only: these are working passwords."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2))
    draft.replace(path)


def people(settings: Settings) -> list[User]:
    """Each role at least once. Passwords derive from the secret key, so that no two installations share them."""
    found: list[tuple[Role, str, UUID | None]] = [
        (Role.INTERNAL_ADMIN, "admin@alquimista.example", None),
        (Role.INTERNAL_ADMIN, "diretoria@alquimista.example", None),
        (Role.INTERNAL_SUPPORT, "suporte@alquimista.example", None),
    ]
    for tenant in TENANTS:
        found.append((Role.TENANT_ADMIN, f"gestora@{tenant.slug}.example", tenant.id))
        found.append((Role.TENANT_USER, f"equipe@{tenant.slug}.example", tenant.id))
    return [User(role, email, _password(settings, email), tenant_id) for role, email, tenant_id in found]


def _password(settings: Settings, email: str) -> str:
    letters = base64.b32encode(derive(settings, f"demo password of {email}")).decode()
    return f"Ouro-{letters[:4].lower()}-{letters[4:8].lower()}-{letters[8:12].lower()}7"


async def _provision(services: Services, now: datetime) -> tuple[list[User], list[Key]]:
    catalogue = await _catalogue(services.db)
    for tenant in TENANTS:
        await _tenant(services, tenant, catalogue, now)
    users = people(services.settings)
    for user in users:
        name = extras.PEOPLE[user.email]
        with suppress(AlreadyMember):
            await create_person(services, user.tenant_id or PLATFORM_TENANT, user.email, name, user.role, user.password)
    keys = [await _key(services, tenant.id) for tenant in TENANTS]
    await company_settings.settle(services, TENANTS[0], now)
    return users, keys


async def _key(services: Services, tenant_id: UUID) -> Key:
    """A new key, instead of one whose secret an interrupted start took with it."""
    lost, _ = await list_api_keys(services.db.tenant(tenant_id), tenant_id, _EVERY, 0)
    for key in lost:
        if key.name == _KEY_NAME:
            await revoke_api_key(services, None, tenant_id, key.id)
    async with tenant_transaction(services.db, tenant_id) as conn:
        _, secret = await create_api_key(conn, None, tenant_id, _KEY_NAME, ["ingest", "read"])
    return Key(tenant_id, secret)


async def _catalogue(db: Database) -> dict[str, UUID]:
    """The agents of the catalogue, which the first start has loaded; their ids by slug."""
    return {agent.slug: agent.id for agent in await agents.catalogue(db.staff())}


async def _tenant(services: Services, tenant: DemoTenant, catalogue: dict[str, UUID], now: datetime) -> None:
    """One company with its agents, integrations and past incidents, unless it is there already."""
    began = now - timedelta(days=HISTORY_DAYS + 1)
    new = NewTenant(
        name=tenant.name,
        cnpj=tenant.cnpj,
        segment=tenant.segment,
        plan=tenant.plan,
        time_zone=ZONE,
        demo=True,
    )
    async with tenant_transaction(services.db, tenant.id) as conn:
        with suppress(UnknownTenant):
            await tenants.get(conn, tenant.id)
            return
        await tenants.create(conn, None, tenants.prepare(new, tenant.id, began))
        for slug in tenant.agents:
            await agents.activate(conn, None, tenant.id, catalogue[slug], began)
        await extras.add_integrations(conn, tenant, Sealer(services.settings), now)
        await extras.add_incidents(conn, tenant, now)


async def _top_up(db: Database, ingest: Ingest, since: datetime | None, now: datetime) -> None:
    """Write each company's requests since the last start, or of the whole history, and fold them."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    for tenant in TENANTS:
        batch: list[Event] = []
        for days_ago in range(HISTORY_DAYS, -1, -1):
            day = today - timedelta(days=days_ago)
            day_ends = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(ZONE))
            if since is not None and day_ends <= since:
                continue
            for request in requests_of(tenant, day):
                if request.at <= now and (since is None or request.at > since):
                    batch.append(_event(len(batch), request))
                if len(batch) == _BATCH:
                    await ingest.submit(tenant.id, batch)
                    batch = []
        await ingest.submit(tenant.id, batch)
        while await rollups.fold(db, tenant.id):
            pass


def _event(index: int, request: DemoRequest) -> Event:
    return Event(
        index=index,
        key=event_key("demo", SOURCE, request.key),
        source=SOURCE,
        event_id=request.key,
        occurred_at=request.at,
        agent=request.agent,
        measures=Measures(
            status="error" if request.failed else "success",
            response_time_ms=request.latency_ms,
            agent=request.agent,
            input_tokens=request.input_tokens,
            output_tokens=request.output_tokens,
            model=request.model,
            cost=request.cost_micros,
        ),
    )
