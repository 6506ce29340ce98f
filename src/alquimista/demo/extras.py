"""The people, integrations and incidents of the demo companies."""

from datetime import datetime, time, timedelta
from typing import Final
from uuid import uuid5
from zoneinfo import ZoneInfo

import msgspec

from alquimista.db.crypto import Sealer
from alquimista.db.statement import Conn
from alquimista.demo.story import ZONE, DemoTenant, bad_afternoon
from alquimista.incidents import service as incidents
from alquimista.incidents.models import NewIncident, Severity
from alquimista.integrations import service as integrations
from alquimista.integrations.models.connections import DEMO, CrmCredentials
from alquimista.integrations.models.failures import REASONS, IntegrationFailure
from alquimista.integrations.models.integrations import Integration, IntegrationStatus, condition
from alquimista.webhooks.models.signing import new_secret

PEOPLE: Final = {
    "admin@alquimista.example": "Marina Costa",
    "diretoria@alquimista.example": "Otávio Prado",
    "suporte@alquimista.example": "Lia Fontes",
    "gestora@clinica-vitoria-regia.example": "Dra. Helena Moura",
    "equipe@clinica-vitoria-regia.example": "Bruno Sales",
    "gestora@transportes-aurora.example": "Camila Rocha",
    "equipe@transportes-aurora.example": "Diego Nunes",
    "gestora@escola-ipe-amarelo.example": "Sônia Barros",
    "equipe@escola-ipe-amarelo.example": "Rafael Dias",
}
_SILENT: Final = str(REASONS[IntegrationFailure.UNREACHABLE].render("pt-BR"))
_CRM: Final = "CRM comercial"
# Type, name, state, and how many minutes ago it last synchronised.
_INTEGRATIONS: Final = (
    ("whatsapp", "WhatsApp Business", IntegrationStatus.ACTIVE, 4),
    ("calendar", "Google Agenda", IntegrationStatus.ACTIVE, 11),
)


async def add_integrations(conn: Conn, tenant: DemoTenant, sealer: Sealer, now: datetime) -> None:
    """Two that lead nowhere and are called so, and a real one whose address no test reaches, now or later."""
    for kind, name, status, minutes in _INTEGRATIONS:
        integration = Integration(
            id=uuid5(tenant.id, kind),
            type=kind,
            name=name,
            status=status,
            last_sync_at=now - timedelta(minutes=minutes),
            last_error=None,
            provider=DEMO,
        )
        await integrations.store(conn, None, tenant.id, integration, None, sealer, now)
    address = CrmCredentials(f"https://crm.{tenant.slug}.example/contatos", new_secret())
    failing = Integration(
        id=uuid5(tenant.id, "crm"),
        type="crm",
        name=_CRM,
        status=IntegrationStatus.ERROR,
        last_sync_at=now - timedelta(minutes=190),
        last_error=_SILENT,
        provider="webhook",
    )
    await integrations.store(conn, None, tenant.id, failing, msgspec.json.encode(address), sealer, now)


async def add_incidents(conn: Conn, tenant: DemoTenant, now: datetime) -> None:
    """The last bad afternoon, resolved, and the connection that fails since this morning."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    bad_day = next(day for back in range(1, 18) if bad_afternoon(day := today - timedelta(days=back)))
    began = datetime.combine(bad_day, time(14, 10), ZoneInfo(ZONE))
    slow = NewIncident(
        severity=Severity.ERROR,
        title="Taxa de erro acima do normal",
        description="Mais de 20 % das requisições falharam entre 14 h e 16 h; o provedor do modelo estava instável.",
        source="demo",
        dedupe_key="demo.error-rate",
    )
    await incidents.open_incident(conn, tenant.id, slow, began)
    await incidents.resolve(conn, tenant.id, slow.dedupe_key, began + timedelta(hours=2))
    failing = NewIncident(
        severity=Severity.WARNING,
        title=f"{_CRM} não responde",
        description=f"{_SILENT} Reconecte a integração para que os contatos voltem a chegar.",
        source="demo",
        dedupe_key=condition(uuid5(tenant.id, "crm")),
    )
    await incidents.open_incident(conn, tenant.id, failing, now - timedelta(hours=3))
