"""Use cases of dashboards: each composes one answer from sums."""

from alquimista.dashboards.service.client import (
    tenant_agents,
    tenant_incidents,
    tenant_integrations,
    tenant_me,
    tenant_usage,
)
from alquimista.dashboards.service.company import company_overview
from alquimista.dashboards.service.metrics import agent_metrics
from alquimista.dashboards.service.staff import installed_agents, platform_usage, tenant_detail, tenant_list

__all__ = [
    "agent_metrics",
    "company_overview",
    "installed_agents",
    "platform_usage",
    "tenant_agents",
    "tenant_detail",
    "tenant_incidents",
    "tenant_integrations",
    "tenant_list",
    "tenant_me",
    "tenant_usage",
]
