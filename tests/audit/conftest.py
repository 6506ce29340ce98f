"""A company's chain, who may read it, and the hand of somebody who owns the whole database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from alquimista.access import Actor, ActorKind, Role
from alquimista.audit import service
from alquimista.audit.models.verifying import Report
from alquimista.config import Settings
from alquimista.db.pool import Database
from factories import make_tenant
from support.audit import anchors

Write = Callable[..., Awaitable[list[UUID]]]
Tamper = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]


@pytest.fixture
def anchored(settings: Settings, tmp_path: Path) -> Settings:
    """The settings of an installation with an anchor file of the test's own."""
    return replace(settings, audit_anchor=str(tmp_path / "anchors.jsonl"))


@pytest.fixture
async def tenant(db: Database) -> UUID:
    made = await make_tenant(db)
    await service.seal_all(db)  # What its making left.
    return made.id


@pytest.fixture
def ana(tenant: UUID) -> Actor:
    """An administrator of the company, who acts in a session."""
    return Actor(
        ActorKind.SESSION,
        frozenset(),
        role=Role.TENANT_ADMIN,
        user_id=uuid4(),
        tenant_id=tenant,
        email="ana@example.com",
        name="Ana Prado",
        session_id=uuid4(),
    )


@pytest.fixture
def write(db: Database, tenant: UUID, ana: Actor) -> Write:
    """Write so many entries of Ana's, and seal them; their ids."""

    async def make(count: int, *, seal: bool = True) -> list[UUID]:
        ids = [
            await service.record(
                db.tenant(tenant),
                ana,
                "agent.configured",
                category="agent",
                resource_type="agent",
                resource_id=str(number),
                details={"number": number, "text": "ação “n” 😀"},
                before={"limit": number},
                after={"limit": number + 1.5},
                ip="203.0.113.7",
                user_agent="pytest",
            )
            for number in range(count)
        ]
        if seal:
            await service.seal(db, tenant)
        return ids

    return make


@pytest.fixture
def tamper(migrated: Any) -> Tamper:
    """A superuser without triggers and foreign keys."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        async with await psycopg.AsyncConnection.connect(migrated.admin_url) as conn:
            await conn.execute("SET session_replication_role = replica")
            yield conn

    return connect


@pytest.fixture
def verified(db: Database, anchored: Settings, tenant: UUID) -> Callable[..., Awaitable[Report]]:
    """What verifying the company's chain finds, with the anchor file if there is one."""

    async def run(**options: Any) -> Report:
        return await service.verify(db, anchored, tenant, anchors=anchors(anchored), **options)

    return run
