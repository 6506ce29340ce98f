"""When a silent agent is missed, and when the silence may be the platform's own."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from alquimista.fleet.models.states import OFFLINE_AFTER

AWAY_AFTER: Final = timedelta(minutes=3)  # A watch that runs every minute and did not for so long was away.
GRACE: Final = timedelta(minutes=3)  # For agents to come back after the platform has.
MANY: Final = 10  # Agents that fall silent together: a deploy, or the platform's own doors.
TOGETHER_WITHIN: Final = timedelta(minutes=5)


class Watch(msgspec.Struct, frozen=True):
    """When the platform last looked, and until when it misses nobody."""

    watched_at: datetime
    quiet_until: datetime


class Silent(msgspec.Struct, frozen=True):
    """An agent that should be heard of and is not, without an incident that says so."""

    tenant_id: UUID
    agent_id: UUID
    seen_at: datetime


class Verdict(msgspec.Struct, frozen=True):
    """What a look comes to: agents last seen before `missed_before` are missed; nobody is when it is None.

    `together`: companies whose agents are missed only before `together_before`. `blackout`: nobody at all is heard of,
    though many were.
    """

    missed_before: datetime | None
    quiet_until: datetime
    blackout: bool
    together_before: datetime | None = None
    together: frozenset[UUID] = frozenset()

    def before(self, tenant_id: UUID) -> datetime | None:
        """Agents of this company that were last seen before then are missed."""
        return self.together_before if tenant_id in self.together else self.missed_before


def judge(before: Watch | None, silent: Sequence[Silent], newest: datetime | None, now: datetime) -> Verdict:
    """What to make of silence. `newest` is the last sign of life of any agent.

    Nobody is missed while the platform may be to blame: when it has not looked for a while (its worker was away), when
    of many agents none at all is heard (its doors are closed), and for a grace period after either. Many agents of a
    company that fall silent together while others are heard are taken for a deploy of its own, and are missed after
    five minutes; so are those of many companies. What one company does never delays another's.
    """
    away = before is None or now - before.watched_at > AWAY_AFTER
    blackout = len(silent) >= MANY and newest is not None and now - newest > OFFLINE_AFTER
    quiet_until = now + GRACE if away or blackout or before is None else before.quiet_until
    if now < quiet_until:
        return Verdict(None, quiet_until, blackout)
    counts = Counter(one.tenant_id for one in silent if now - one.seen_at <= TOGETHER_WITHIN)
    together = frozenset(counts if len(counts) >= MANY else (one for one, count in counts.items() if count >= MANY))
    return Verdict(now - OFFLINE_AFTER, quiet_until, blackout, now - TOGETHER_WITHIN, together)
