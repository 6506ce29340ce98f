"""What each type of command does. A type without an effect here does not exist for callers."""

from typing import Final

from alquimista.operations.models.kinds import CommandType
from alquimista.operations.service.effects import health_check, recompute_usage, reprocess_queue
from alquimista.operations.service.effects.effect import Effect

EFFECTS: Final[dict[CommandType, Effect]] = {
    CommandType.HEALTH_CHECK: health_check.EFFECT,
    CommandType.REPROCESS_QUEUE: reprocess_queue.EFFECT,
    CommandType.RECOMPUTE_USAGE: recompute_usage.EFFECT,
}
