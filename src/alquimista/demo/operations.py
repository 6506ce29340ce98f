"""A few commands of the demo's staff, and what waits for a second person, through the services that give real ones.

The worker of the demo runs them as it runs any other. What waits expires after 24 hours, so that each day has its own.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from alquimista.access import PLATFORM_TENANT, ROLE_PERMISSIONS, Actor, ActorKind, Role
from alquimista.agents import service as agents
from alquimista.approvals import service as approvals
from alquimista.approvals.models import PAGE, Audience, NewApproval
from alquimista.clock import new_id
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import TENANTS, ZONE, DemoTenant
from alquimista.identity import service as identity
from alquimista.operations import service
from alquimista.operations.models.commands import KeyReused
from alquimista.operations.models.kinds import KINDS, CommandType
from alquimista.operations.service import Wanted
from alquimista.wiring import Services

_GIVER: Final = "admin@alquimista.example"
_REASON: Final = "Não responde desde a troca de configuração."
_TEXT: Final = "Olá! Sentimos sua falta. Que tal marcar um retorno esta semana?"


async def add_commands(services: Services, now: datetime) -> None:
    """Give them, once; each day, ask again for what waits for approval."""
    clinic, *_ = TENANTS
    staff = await _person(services, None, _GIVER)
    day = now.astimezone(ZoneInfo(ZONE)).date()
    theirs = await agents.list_agents(services.db.tenant(clinic.id), clinic.id)
    await _give(services, staff, CommandType.HEALTH_CHECK, None, "platform", now)
    await _give(services, staff, CommandType.HEALTH_CHECK, clinic, "clinic", now)
    await _give(services, staff, CommandType.REPROCESS_QUEUE, clinic, "mails", now, queue="mails", count=100)
    for one in theirs[:1]:
        agent_id = str(one.agent_id)
        await _give(
            services, staff, CommandType.RESTART_AGENT, clinic, "restart", now, agent_id=agent_id, reason=_REASON
        )
    days = {"first_day": str(day - timedelta(days=3)), "last_day": str(day - timedelta(days=1))}
    await _give(services, staff, CommandType.RECOMPUTE_USAGE, clinic, f"recount-{day}", now, **days)
    await _ask(services, clinic, now)


async def _give(
    services: Services,
    actor: Actor,
    kind: CommandType,
    tenant: DemoTenant | None,
    name: str,
    now: datetime,
    **parameters: Any,  # noqa: ANN401 - Those of its kind.
) -> None:
    """Give a command, unless one of this name was given before."""
    shaped = msgspec.convert(parameters, KINDS[kind].parameters)
    wanted = Wanted(kind, tenant.id if tenant else None, shaped, f"demo-{name}")
    with suppress(KeyReused):  # The company's agents have changed since.
        async with tenant_transaction(services.db, wanted.tenant) as conn:
            await service.give(conn, actor, wanted, services.settings, now)


async def _ask(services: Services, tenant: DemoTenant, now: datetime) -> None:
    """One of the clinic's people asks for an approval that its administrator decides on, unless one waits already."""
    person = await _person(services, tenant, f"equipe@{tenant.slug}.example")
    approval_id = new_id()
    new = NewApproval(
        action_type="manual.texto_de_campanha",
        resource_type="campanha",
        resource_id="Reativação de pacientes",
        audience=Audience.TENANT,
        action_details={"texto": _TEXT, "destinatários": "312"},
        page=f"{PAGE}/{approval_id}",
    )
    async with tenant_transaction(services.db, tenant.id) as conn:
        found, _ = await approvals.page(conn, tenant.id, Audience.TENANT, None, 1, 0)
        if not found or found[0].expires_at <= now:
            await approvals.request(conn, person, tenant.id, new, now, approval_id=approval_id)


async def _person(services: Services, tenant: DemoTenant | None, email: str) -> Actor:
    """One of the demo's people, as they would act."""
    tenant_id = tenant.id if tenant else PLATFORM_TENANT
    people, _ = await identity.list_members(services.db.tenant(tenant_id), tenant_id, 100, 0)
    found = next(one for one in people if one.email == email)
    role = Role(found.role)
    return Actor(ActorKind.SYSTEM, ROLE_PERMISSIONS[role], role, found.id, tenant.id if tenant else None, email)
