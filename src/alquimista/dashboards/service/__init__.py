"""Use cases of dashboards: each composes one answer from sums."""

from alquimista.dashboards.service.agents import agent_owners, catalogue_agent, catalogue_agents
from alquimista.dashboards.service.client import (
    tenant_agents,
    tenant_home,
    tenant_incidents,
    tenant_integrations,
    tenant_me,
    tenant_usage,
    usage_report,
)
from alquimista.dashboards.service.company import company_overview
from alquimista.dashboards.service.connections import integrations_map, platform_integrations
from alquimista.dashboards.service.failures import failures
from alquimista.dashboards.service.metrics import agent_metrics, metrics_of
from alquimista.dashboards.service.spreadsheets import usage_csv
from alquimista.dashboards.service.staff import installed_agents, platform_usage, tenant_detail, tenant_list
from alquimista.dashboards.service.subnucleos import fibonacci
from alquimista.dashboards.service.system import migrations, system
from alquimista.dashboards.service.tenant import running_agents, tenant_choices, tenant_head
from alquimista.dashboards.service.views import delete_view, save_view, saved_views

__all__ = [
    "agent_metrics",
    "agent_owners",
    "catalogue_agent",
    "catalogue_agents",
    "company_overview",
    "delete_view",
    "failures",
    "fibonacci",
    "installed_agents",
    "integrations_map",
    "metrics_of",
    "migrations",
    "platform_integrations",
    "platform_usage",
    "running_agents",
    "save_view",
    "saved_views",
    "system",
    "tenant_agents",
    "tenant_choices",
    "tenant_detail",
    "tenant_head",
    "tenant_home",
    "tenant_incidents",
    "tenant_integrations",
    "tenant_list",
    "tenant_me",
    "tenant_usage",
    "usage_csv",
    "usage_report",
]
