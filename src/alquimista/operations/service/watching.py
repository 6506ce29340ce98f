"""Commands that fail again and again: an incident of the platform while they do."""

from datetime import datetime, timedelta
from typing import Final

from alquimista.db.pool import Database
from alquimista.incidents import service as incidents
from alquimista.incidents.models import RuleName, by_rule
from alquimista.operations.queries import running

_RECENT: Final = timedelta(minutes=5)
_TOO_MANY: Final = 3


async def watch(db: Database, now: datetime) -> None:
    """Have one incident open for each kind of which three or more have failed within five minutes."""
    found = [
        by_rule(
            RuleName.COMMANDS_FAILING,
            source="operations",
            subject=one.command_type,
            params={"command": one.command_type, "count": one.count, "minutes": _RECENT // timedelta(minutes=1)},
        )
        for one in await running.failing(db.staff(), now - _RECENT, _TOO_MANY)
    ]
    await incidents.hold(db, RuleName.COMMANDS_FAILING, found, now)
