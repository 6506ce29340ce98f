"""What an effect is: the part of a command that does something."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alquimista import clock
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Conn
from alquimista.i18n import Text
from alquimista.operations.models.commands import LEASE, STEP_LIMIT, Command, CommandCancelled, LeaseLost
from alquimista.operations.queries import running as queries
from alquimista.wiring import Services

Output = Mapping[str, Any]  # What a command found or did: JSON, told to staff.


class Foreseen(msgspec.Struct, frozen=True):
    """What a command would do, in words and in figures."""

    text: Text
    figures: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Run:
    """One try of a command, as its effect sees it."""

    services: Services
    command: Command
    parameters: Any
    changed: Callable[[], None]

    @property
    def db(self) -> Database:
        """The database."""
        return self.services.db

    @property
    def tenant(self) -> UUID:
        """The tenant whose command it is; the platform tenant when it is about none."""
        return self.command.tenant_id

    async def progress(self, done: int, total: int | None, text: str) -> None:
        """Say how far it is. Call it between steps, outside of transactions: here a cancelled command ends.

        Raises:
            CommandCancelled: somebody wants it cancelled.
            LeaseLost: it is another try's by now.
        """
        now = clock.now()
        held = await queries.progress(
            self.db.tenant(self.tenant), self.command, done, total, text[:STEP_LIMIT], now, now + LEASE
        )
        if held is None:
            raise LeaseLost
        self.changed()
        if held.cancelled:
            raise CommandCancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a kind does. One of `work` and `commit` is given.

    `work` runs outside of any transaction: it may take long, speak to others, and must bear to be done again. `commit`
    runs inside the transaction that ends the command, so that both happen or neither does. `foresee` says what would
    happen and changes nothing; it refuses what the work would refuse. `withdraw` runs inside the transaction that ends
    the command as cancelled: it takes back what others were asked and did not agree to yet, and says who did.
    """

    foresee: Callable[[Conn, UUID, Any, Settings, datetime], Awaitable[Foreseen]]
    work: Callable[[Run], Awaitable[Output]] | None = None
    commit: Callable[[Conn, Run], Awaitable[Output]] | None = None
    withdraw: Callable[[Conn, Command], Awaitable[Text | None]] | None = None
