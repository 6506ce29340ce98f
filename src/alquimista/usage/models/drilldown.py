"""What lies under a sum of usage: its days by agent, the events of a day, and the proof that they agree."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class AgentDay(msgspec.Struct, frozen=True):
    """What an agent did on a local day."""

    day: date
    agent_id: UUID
    agent: str
    requests: int
    failures: int
    input_tokens: int
    output_tokens: int


class UsageEvent(msgspec.Struct, frozen=True):
    """An event as it was counted: 1 request; 0 of tokens alone; -1 takes back one that was part of another."""

    id: UUID
    occurred_at: datetime
    received_at: datetime
    agent_id: UUID
    agent: str
    requests: int
    status: str
    model: str
    response_time_ms: int
    input_tokens: int
    output_tokens: int


class Place(msgspec.Struct, frozen=True):
    """Where a page of events ended."""

    occurred_at: datetime
    id: UUID


class Evidence(msgspec.Struct, frozen=True):
    """The requests of days: by the events, and by the rollups with what waits to be folded into them.

    `raw` is None when events of some of the days are no longer kept. `after` counts what was received after each of the
    moments that were asked about.
    """

    raw: int | None
    rollup: int
    after: tuple[int, ...]
