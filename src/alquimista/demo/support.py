"""The tickets of the demo companies, and an incident that staff have taken up, through the services of real ones."""

from datetime import datetime, timedelta
from typing import Final

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor, ActorKind, Role
from alquimista.db.statement import Conn
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import TENANTS, DemoTenant
from alquimista.identity.service.provision import find_person
from alquimista.incidents import service as incidents
from alquimista.incidents.models import Severity, Visibility
from alquimista.support import service
from alquimista.support.models import TicketSeverity
from alquimista.wiring import Services

_HELPER: Final = "suporte@alquimista.example"


async def converse(services: Services) -> None:
    """A conversation that waits for an answer and one that is settled, and an incident, once."""
    clinic, carrier, *_ = TENANTS
    _, known = await service.page(services.db.tenant(clinic.id), clinic.id, None, 1, 0)
    if known:
        return
    now = clock.now()
    helper = await _person(services, _HELPER, Role.INTERNAL_SUPPORT)
    asks = await _person(services, f"gestora@{clinic.slug}.example", Role.TENANT_ADMIN)
    async with tenant_transaction(services.db, clinic.id) as conn:
        await _settled(conn, clinic, asks, helper, now)
        await _waiting(conn, clinic, asks, helper, now)
    async with tenant_transaction(services.db, carrier.id) as conn:
        await _taken_up(conn, carrier, helper, now)


async def _person(services: Services, email: str, role: Role) -> Actor:
    user_id = await find_person(services, email)
    tenant_id = PLATFORM_TENANT if role.internal else None
    return Actor(kind=ActorKind.SYSTEM, permissions=frozenset(), role=role, user_id=user_id, tenant_id=tenant_id)


async def _settled(conn: Conn, tenant: DemoTenant, asks: Actor, helper: Actor, now: datetime) -> None:
    began = now - timedelta(days=6, hours=2)
    ticket = await service.open_ticket(
        conn,
        asks,
        tenant.id,
        "Como mudo o horário de atendimento do agente?",
        TicketSeverity.LOW,
        "A partir de dezembro abrimos também aos sábados. Onde digo isso ao agente de agendamento?",
        began,
    )
    said = (
        (helper, "Em Agentes, abra o agente e mude “Horário de atendimento”. Vale a partir da próxima conversa."),
        (asks, "Encontrei, funcionou. Obrigada!"),
    )
    for hours, (author, text) in enumerate(said, 1):
        await service.write_message(conn, author, tenant.id, ticket.id, text, began + timedelta(hours=hours))
    await service.close(conn, helper, tenant.id, ticket.id, began + timedelta(hours=3))


async def _waiting(conn: Conn, tenant: DemoTenant, asks: Actor, helper: Actor, now: datetime) -> None:
    found, _ = await incidents.page(conn, tenant.id, 1, 0, over=False)
    about = await incidents.shown_to(conn, tenant.id, found[0].id)
    ticket = await service.open_ticket(
        conn,
        asks,
        tenant.id,
        "Contatos novos não chegam ao CRM",
        TicketSeverity.HIGH,
        "Desde hoje cedo os contatos do WhatsApp não aparecem no CRM. A equipe comercial está sem a lista do dia.",
        now - timedelta(hours=2),
        incident=about,
    )
    note = "O endereço do CRM não responde aos testes. Não é a nossa fila: veja o incidente."
    answer = (
        "O endereço do CRM deixou de responder. Em Integrações, abra “CRM comercial”, clique em “Reconectar” e informe "
        "o endereço novo."
    )
    reply = "O TI troca o endereço hoje à tarde. Os contatos de hoje chegam sozinhos ou preciso importar?"
    await service.write_message(conn, helper, tenant.id, ticket.id, note, now - timedelta(minutes=100), internal=True)
    await service.write_message(conn, helper, tenant.id, ticket.id, answer, now - timedelta(minutes=95))
    await service.write_message(conn, asks, tenant.id, ticket.id, reply, now - timedelta(minutes=40))


async def _taken_up(conn: Conn, tenant: DemoTenant, helper: Actor, now: datetime) -> None:
    began = now - timedelta(minutes=75)
    incident_id = await incidents.open_by_hand(
        conn,
        helper,
        tenant.id,
        Severity.WARNING,
        "Respostas mais lentas no agente de cotações",
        "O provedor do modelo responde devagar. Nenhuma mensagem se perde.",
        Visibility.TENANT,
        [],
        began,
    )
    await incidents.acknowledge(conn, helper, tenant.id, incident_id, began + timedelta(minutes=6))
    said = "Abrimos um chamado no provedor do modelo. Avisamos aqui assim que a resposta voltar ao normal."
    await incidents.comment(conn, helper, tenant.id, incident_id, said, began + timedelta(minutes=15), public=True)
