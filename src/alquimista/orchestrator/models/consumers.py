"""Who acts upon events. The worker names them all; the web processes need not know them."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from alquimista.events import KINDS, EventType
from alquimista.orchestrator.models.events import Event
from alquimista.wiring import Services

# Opens its own transactions. May be called again for the same event: see Event.key.
Handler = Callable[[Services, Event], Awaitable[None]]

# The types that some consumer of ours acts upon: all that processes which publish know of consumers. An event of any
# other type is done with once it is told: no job looks for who wants it.
CONSUMED: Final[frozenset[EventType]] = frozenset(
    {EventType.AGENT_PAUSED, EventType.AGENT_RESUMED, EventType.AGENT_CONFIGURED, EventType.SERVICE_WANTS_PERSON}
)

_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class Consumer:
    """Gets each event of its types, at least once, and none that it published itself.

    `name` stays the same for ever: deliveries are kept under it.
    """

    name: str
    types: frozenset[EventType]
    handler: Handler
    timeout_s: float = 30  # Less than models.events.LEASE by far.


class Consumers:
    """All of them."""

    def __init__(self, consumers: Iterable[Consumer]) -> None:
        """Raises ValueError: two of one name, or one that would get no events, or those which say that it is done."""
        self._by_name: dict[str, Consumer] = {}
        for one in consumers:
            if one.name in self._by_name or not 0 < len(one.name) <= _LONGEST:
                raise ValueError(f"Consumers need names of their own: {one.name}")
            if not one.types <= CONSUMED:
                raise ValueError(f"{one.name} would not get {sorted(one.types - CONSUMED)}: see CONSUMED")
            own = [each for each in one.types if KINDS[each].completion and each.split(".")[0] == one.name]
            if own:
                raise ValueError(f"{one.name} would begin again whenever it is done: {own}")
            self._by_name[one.name] = one

    def get(self, name: str) -> Consumer | None:
        """The one of a name."""
        return self._by_name.get(name)

    def wanting(self, event: Event) -> list[str]:
        """The names of those that an event goes to."""
        return [
            one.name
            for one in self._by_name.values()
            if event.event_type in one.types and one.name != event.produced_by
        ]
