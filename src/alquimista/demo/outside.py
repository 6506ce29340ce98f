"""What the demo has to do with the world outside: a webhook that is not ready yet, and who asks for a proposal."""

from datetime import datetime, timedelta
from typing import Final

from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.commercial import service as commercial
from alquimista.commercial.models import CommercialContact, RequestStatus
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import TENANTS, DemoTenant
from alquimista.events import EventType
from alquimista.identity.service.provision import find_person
from alquimista.webhooks import service as webhooks
from alquimista.wiring import Services

_TYPES: Final = (EventType.INVOICE_PAID, EventType.INCIDENT_OPENED)
_ASKING: Final = (
    CommercialContact(
        "Padaria Pão de Ouro",
        "Vera Lúcia Campos",
        "vera@padaria-pao-de-ouro.example",
        "(31) 98800-1122",
        message="Queremos receber encomendas de fim de ano pelo WhatsApp. Quanto custa para duas lojas?",
    ),
    CommercialContact(
        "Imobiliária Horizonte",
        "Caio Menezes",
        "caio@imobiliaria-horizonte.example",
        "(11) 97700-3344",
        message="Hoje respondemos às visitas no dia seguinte. Vocês atendem fora do horário?",
    ),
)


async def face(services: Services, now: datetime) -> None:
    """Write them, once, through the services of real ones."""
    await _webhook(services, TENANTS[0], now)
    async with tenant_transaction(services.db, PLATFORM_TENANT) as conn:
        if (await commercial.page(conn, None, 1, 0))[1] == 0:
            await _requests(services, conn, now)


async def _webhook(services: Services, tenant: DemoTenant, now: datetime) -> None:
    """An endpoint that was tried once and turned off since: nobody answers there, and nothing is to fail for weeks."""
    boss = await find_person(services, f"gestora@{tenant.slug}.example")
    actor = Actor(ActorKind.SYSTEM, frozenset(), role=Role.TENANT_ADMIN, user_id=boss, tenant_id=tenant.id)
    async with tenant_transaction(services.db, tenant.id) as conn:
        if await webhooks.list_endpoints(conn, tenant.id):
            return
        made, _ = await webhooks.create(
            conn, actor, tenant.id, url=f"https://sistema.{tenant.slug}.example/alquimista",
            description="Sistema da recepção", event_types=_TYPES,
            settings=services.settings, now=now,
        )  # fmt: skip
        await webhooks.send_test(conn, actor, tenant.id, made.id, now)
        await webhooks.change(
            conn, actor, tenant.id, made.id, url=None, description=None, event_types=None, enabled=False,
            settings=services.settings, now=now,
        )  # fmt: skip


async def _requests(services: Services, conn: Conn, now: datetime) -> None:
    """Two strangers; the sales team has called the first one back."""
    seller = await find_person(services, "admin@alquimista.example")
    actor = Actor(ActorKind.SYSTEM, frozenset(), role=Role.INTERNAL_ADMIN, user_id=seller)
    for days, contact in zip((3, 1), _ASKING, strict=True):
        asked = await commercial.receive(conn, contact, services.settings.sales_email, now - timedelta(days=days))
        if contact is _ASKING[0]:
            await commercial.change_status(conn, actor, asked.id, RequestStatus.CONTACTED, now - timedelta(days=2))
