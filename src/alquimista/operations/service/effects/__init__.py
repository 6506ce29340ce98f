"""What each type of command does."""

from typing import Final

from alquimista.operations.models.kinds import CommandType
from alquimista.operations.service.effects import (
    export_tenant,
    health_check,
    recompute_usage,
    reprocess_queue,
    reset_token,
    restart_agent,
)
from alquimista.operations.service.effects.effect import Effect

EFFECTS: Final[dict[CommandType, Effect]] = {
    CommandType.HEALTH_CHECK: health_check.EFFECT,
    CommandType.RESET_TOKEN: reset_token.EFFECT,
    CommandType.RESTART_AGENT: restart_agent.EFFECT,
    CommandType.REPROCESS_QUEUE: reprocess_queue.EFFECT,
    CommandType.RECOMPUTE_USAGE: recompute_usage.EFFECT,
    CommandType.EXPORT_TENANT: export_tenant.EFFECT,
}
