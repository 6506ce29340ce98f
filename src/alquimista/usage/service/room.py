"""Room for bodies of events and spans: how many bytes of them may be on their way through this process.

A body that finds no room is refused before anything of it is read. Refusing costs a hundredth of reading, so that a
process that is asked for more than it can do goes on doing what it can (docs/decisions/0033-room-for-bodies.md).
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from alquimista.usage.models.events import IngestBusy

MOST: Final = 8 * 1024 * 1024  # Written in about a second, so that nobody waits much longer for an answer.
MOST_OF_TENANT: Final = MOST // 2  # So that it cannot take the room of the others.


class Room:
    """The bytes of bodies between their arrival and their answer; one for each web process."""

    def __init__(self) -> None:
        self._taken = 0
        self._taken_of: Counter[UUID] = Counter()

    @contextmanager
    def take(self, tenant_id: UUID, size: int) -> Iterator[None]:
        """Hold room for a tenant's body. One body always finds room, however large it is.

        Raises:
            IngestBusy: there is no room for it now.
        """
        own = self._taken_of[tenant_id]
        if (own and own + size > MOST_OF_TENANT) or (self._taken and self._taken + size > MOST):
            raise IngestBusy(retry_after=1)
        self._taken += size
        self._taken_of[tenant_id] = own + size
        try:
            yield
        finally:
            self._taken -= size
            self._taken_of[tenant_id] -= size
            if not self._taken_of[tenant_id]:
                del self._taken_of[tenant_id]
