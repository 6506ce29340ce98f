"""A tenant that sends usage events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alquimista.clock import new_id, now
from alquimista.usage.models.events import Event, Measures, event_key


@dataclass(frozen=True)
class Sender:
    """A tenant that sends events of its agents."""

    tenant_id: UUID
    agents: tuple[UUID, ...]

    def event(self, event_id: str | None = None, **fields: object) -> Event:
        """A plausible event; fields of Measures, and `at`, `agent`, `index`, may be given."""
        event_id = event_id or new_id().hex
        at = fields.pop("at", None) or now()
        assert isinstance(at, datetime)
        index, agent = fields.pop("index", 0), fields.pop("agent", self.agents[0])
        values = {"status": "success", "response_time_ms": 120, "input_tokens": 10, "output_tokens": 5} | fields
        return Event(
            index=index,
            key=event_key("test", "tests", event_id),
            source="tests",
            event_id=event_id,
            occurred_at=at,
            agent=agent,
            measures=Measures(**values),
        )
