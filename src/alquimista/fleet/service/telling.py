"""Telling a company's people what happens to its agents, and that one asks for a person."""

from typing import Any, Final

from alquimista.db.tenancy import tenant_transaction
from alquimista.events import EventType
from alquimista.fleet.queries import controls as queries
from alquimista.i18n import N_
from alquimista.identity import service as identity
from alquimista.notifications import service as notifications
from alquimista.notifications.models import Recipient
from alquimista.orchestrator.models.events import Event
from alquimista.tenants import service as tenants
from alquimista.wiring import Services

TEMPLATES: Final[dict[str, str]] = {
    EventType.AGENT_PAUSED: "agent_paused",
    EventType.AGENT_RESUMED: "agent_resumed",
    EventType.AGENT_CONFIGURED: "agent_configured",
    EventType.SERVICE_WANTS_PERSON: "agent_handover",
}
_LIMIT: Final = 500
_NO_REASON: Final = N_("It gave no reason.")
_ABOUT: Final = ("conversation_id", "lead_id")  # What agents name a conversation by, the better name first.


async def tell(services: Services, event: Event) -> None:
    """Tell the company's administrators of an event about an agent: each of them once, however often it comes.

    The event names the `agent` by its slug, and who did it (`by`), who is not told. An agent that asks for a person
    may give a `reason`, and the `conversation_id` or `lead_id`; what it leaves out is told without.
    """
    async with tenant_transaction(services.db, event.tenant_id) as conn:
        tenant = await tenants.get(conn, event.tenant_id)
        slug = _text(event.data.get("agent"))
        agent = await queries.by_slug(conn, tenant.id, slug) if slug else None
        page = f"/{agent.agent_id}" if agent else ""
        about = next((found for one in _ABOUT if (found := _text(event.data.get(one)))), event.key)
        for member in await identity.administrators(conn, tenant.id):
            if str(member.id) == event.data.get("by"):
                continue
            await notifications.tell(
                conn,
                tenant.id,
                Recipient(member.id, member.email, member.full_name),
                TEMPLATES[event.event_type],
                tenant.locale,
                f"{services.settings.public_url}/app/dashboard/agents{page}",
                event.id,
                agent=agent.name if agent else slug or event.source,
                reason=_text(event.data.get("reason")) or _NO_REASON.render(tenant.locale),
                about=about,
            )


def _text(value: Any) -> str:  # noqa: ANN401 - Whatever an agent wrote.
    return value[:_LIMIT].strip() if isinstance(value, str) else ""
