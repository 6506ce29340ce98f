"""What the composition roots wire once, and every request and job may use."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from alquimista.config import Settings
from alquimista.db.pool import Database

T = TypeVar("T")


@dataclass(slots=True)
class Services:
    """The settings, the database, and the services that a process holds in memory, by their class."""

    settings: Settings
    db: Database
    extras: dict[type, Any] = field(default_factory=dict)

    def add(self, service: object) -> None:
        """Wire a service under its own class."""
        self.extras[type(service)] = service

    def get(self, kind: type[T]) -> T:
        """A wired service, such as the ingest gatherer.

        Raises:
            KeyError: the composition root did not wire it.
        """
        service: T = self.extras[kind]
        return service
