"""The vocabulary of events: what may happen, who says so, and whether the company that it happens to is told.

Nigredo's names are the founding documents' (requirements 7.4 and 8), in their language and of version 1; they are
stored without the `@v1`. See docs/events.md.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """Everything that the platform publishes, and what it knows of what agents publish."""

    AGENT_ACTIVATED = "agent.activated"
    AGENT_DEACTIVATED = "agent.deactivated"
    AGENT_PAUSED = "agent.paused"
    AGENT_RESUMED = "agent.resumed"
    AGENT_CONFIGURED = "agent.configured"
    AGENT_OFFLINE = "agent.offline"
    AGENT_ONLINE = "agent.online"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_REJECTED = "approval.rejected"
    APPROVAL_CANCELLED = "approval.cancelled"
    APPROVAL_EXPIRED = "approval.expired"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_ACKNOWLEDGED = "incident.acknowledged"
    INCIDENT_RESOLVED = "incident.resolved"
    TICKET_OPENED = "ticket.opened"
    TICKET_ANSWERED = "ticket.answered"
    TICKET_CLOSED = "ticket.closed"
    INTEGRATION_CONNECTED = "integration.connected"
    INTEGRATION_FAILING = "integration.failing"
    INTEGRATION_RECOVERED = "integration.recovered"
    SUBSCRIPTION_ACTIVATED = "subscription.activated"
    SUBSCRIPTION_PAST_DUE = "subscription.past_due"
    SUBSCRIPTION_SUSPENDED = "subscription.suspended"
    SUBSCRIPTION_CANCELED = "subscription.canceled"
    INVOICE_ISSUED = "invoice.issued"
    INVOICE_PAID = "invoice.paid"
    WEBHOOK_TEST = "webhook.test"

    LEAD_RECEIVED = "lead.recebido"
    LEAD_CLEANED = "lead.higienizado"
    PLAN_MADE = "estrategia.plano_gerado"
    SEGMENT_READY = "estrategia.segmento_pronto"
    MESSAGE_PLANNED = "mensagem.planejada"
    MESSAGE_SENT = "mensagem.enviada"
    MESSAGE_DELIVERED = "mensagem.entregue"
    MESSAGE_FAILED = "mensagem.falha"
    MESSAGE_BOUNCED = "mensagem.bounce"
    REPLY_RECEIVED = "resposta.recebida"
    INTENT_DETECTED = "intencao.detectada"
    SENTIMENT_CLASSIFIED = "sentimento.classificado"
    MEETING_PROPOSED = "agendamento.sugerido"
    MEETING_CONFIRMED = "agendamento.confirmado"
    MEETING_MOVED = "agendamento.remarcado"
    MEETING_CANCELLED = "agendamento.cancelado"
    REPORT_MADE = "relatorio.gerado"
    EXPERIMENT_CONCLUDED = "experimento.concluido"
    POLICY_CHANGED = "politica.atualizada"
    TEMPLATE_PROMOTED = "template.promovido"
    TEMPLATE_DEMOTED = "template.rebaixado"

    RECEIVING_DONE = "recebimento.completed"
    STRATEGY_DONE = "estrategia.completed"
    DISPATCH_DONE = "disparo.sent"
    SERVICE_DONE = "atendimento.completed"
    SERVICE_WANTS_MEETING = "atendimento.schedule_requested"
    SERVICE_WANTS_PERSON = "atendimento.escalate_human"
    SERVICE_DISQUALIFIED = "atendimento.disqualified"
    SERVICE_OPTED_OUT = "atendimento.descadastro"
    SCHEDULING_DONE = "agendamento.confirmed"
    REPORTS_DONE = "relatorios.generated"


class Origin(StrEnum):
    """Who may say that it happened."""

    PLATFORM = "platform"  # The platform alone: never taken from outside.
    AGENTS = "agents"  # Agents and workflows too, through POST /events.


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known of a type. `told`: the company's webhooks may hear it. `completion`: an agent says it is done."""

    origin: Origin
    told: bool
    completion: bool = False


_PLATFORM: Final = Kind(Origin.PLATFORM, told=True)
_INTERNAL: Final = Kind(Origin.PLATFORM, told=False)
_AGENTS: Final = Kind(Origin.AGENTS, told=True)
_LEARNING: Final = Kind(Origin.AGENTS, told=False)
_DONE: Final = Kind(Origin.AGENTS, told=False, completion=True)
_HANDED: Final = Kind(Origin.AGENTS, told=True, completion=True)
_FIRST_OF_AGENTS: Final = EventType.LEAD_RECEIVED
_ORDER: Final = list(EventType)
_SPECIAL: Final = {
    # Commands are the vendor's own; what they do to a company is told by what happens to it.
    # How Nigredo decides is its own affair.
    EventType.INTENT_DETECTED: _LEARNING,
    EventType.SENTIMENT_CLASSIFIED: _LEARNING,
    EventType.EXPERIMENT_CONCLUDED: _LEARNING,
    EventType.POLICY_CHANGED: _LEARNING,
    EventType.TEMPLATE_PROMOTED: _LEARNING,
    EventType.TEMPLATE_DEMOTED: _LEARNING,
    **dict.fromkeys(_ORDER[_ORDER.index(EventType.RECEIVING_DONE) :], _DONE),
    # A person, or the company's own system, goes on from here.
    EventType.SERVICE_WANTS_MEETING: _HANDED,
    EventType.SERVICE_WANTS_PERSON: _HANDED,
    EventType.SERVICE_OPTED_OUT: _HANDED,
}
KINDS: Final[dict[EventType, Kind]] = {
    one: _SPECIAL.get(one) or (_AGENTS if index >= _ORDER.index(_FIRST_OF_AGENTS) else _PLATFORM)
    for index, one in enumerate(_ORDER)
}
# What a company's webhooks may ask for.
TOLD: Final = frozenset(one for one, kind in KINDS.items() if kind.told)


def kind_of(event_type: str) -> Kind | None:
    """What is known of a type; None for one outside the vocabulary."""
    try:
        return KINDS[EventType(event_type)]
    except ValueError:
        return None
