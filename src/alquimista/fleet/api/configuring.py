"""Setting an agent: what a company sets is told to the agent's running processes in the transaction of the change."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from alquimista.access import Permission
from alquimista.agents import service as agents
from alquimista.agents.models.agents import AgentSuspended, Configuration, UnknownAgent
from alquimista.agents.models.settings import ConfigurationChanged, Values
from alquimista.db.tenancy import tenant_transaction
from alquimista.fleet import service
from alquimista.fleet.guards import CONFIGURING
from alquimista.http.context import Context
from alquimista.http.routes import Route, TenantScope


class ConfigurationChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is not to be as the agent's defaults. `version` is that of the settings which you have read."""

    version: Annotated[int, Meta(ge=1, le=2_147_483_647)]
    config: Values


async def put_configuration(context: Context) -> Configuration:
    """Set it anew, as a whole. Nobody is told when nothing has changed."""
    change: ConfigurationChange = context.body
    agent_id = context.uuid("agent_id")
    async with tenant_transaction(context.db, context.tenant) as conn:
        after = await agents.configure(
            conn, context.who, context.tenant, agent_id, change.config, change.version, context.now
        )
        if after.version != change.version:
            await service.configuration_changed(conn, context.who, context.tenant, agent_id, context.now)
    return after


ROUTES: Final = (
    Route(
        method="PUT",
        path="/tenant/agents/{agent_id:uuid}/config",
        handler=put_configuration,
        summary="Set one of your agents, as a whole; its running processes are told",
        tag="agents",
        permission=Permission.AGENT_MANAGE,
        scope=TenantScope.OWN,
        body=ConfigurationChange,
        response=Configuration,
        limits=CONFIGURING,
        problems=(UnknownAgent, AgentSuspended, ConfigurationChanged),
        example=ConfigurationChange(version=1, config={"assinatura": "Equipe Aurora"}),
    ),
)
