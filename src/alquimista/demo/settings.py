"""What the settings of the first demo company show besides its people: an invitation, a permission, another key."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.access import Actor, ActorKind, Permission, Role
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import DemoTenant
from alquimista.identity.models.grants import Grant
from alquimista.identity.models.problems import AlreadyInvited, AlreadyMember, GrantExists
from alquimista.identity.service.api_keys import create_api_key, list_api_keys
from alquimista.identity.service.grants import give
from alquimista.identity.service.invitations import invite
from alquimista.identity.service.provision import find_person
from alquimista.wiring import Services

_KEY: Final = "Painel da recepção"
_WORKDAYS: Final = (1, 2, 3, 4, 5)


async def settle(services: Services, tenant: DemoTenant, now: datetime) -> None:
    """Write them once, in the name of the company's administrator. Safe to repeat after an interruption."""
    boss = await find_person(services, f"gestora@{tenant.slug}.example")
    teammate = await find_person(services, f"equipe@{tenant.slug}.example")
    nothing: frozenset[Permission] = frozenset()
    actor = Actor(ActorKind.SYSTEM, nothing, role=Role.TENANT_ADMIN, user_id=boss, tenant_id=tenant.id)
    with suppress(AlreadyInvited, AlreadyMember):
        email = f"recepcao@{tenant.slug}.example"
        await invite(services, actor, tenant.id, email, Role.TENANT_USER, "pt-BR")
    with suppress(GrantExists):
        await give(services, actor, tenant.id, _grant(boss, teammate, now))
    async with tenant_transaction(services.db, tenant.id) as conn:
        keys, _ = await list_api_keys(conn, tenant.id, 100, 0)
        if all(key.name != _KEY for key in keys):
            await create_api_key(conn, actor, tenant.id, _KEY, ["read"], now + timedelta(days=10))


def _grant(giver: UUID, user_id: UUID, now: datetime) -> Grant:
    """To see plan and invoices, in working hours, for three months."""
    return Grant(
        id=clock.new_id(),
        user_id=user_id,
        permission=Permission.BILLING_READ.value,
        resource_type=None,
        resource_id=None,
        days=_WORKDAYS,
        from_minute=8 * 60,
        until_minute=18 * 60,
        expires_at=now + timedelta(days=90),
        granted_by=giver,
        created_at=now,
    )
