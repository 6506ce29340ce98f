"""One message to one endpoint: its states, its tries, and when it is tried again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from alquimista.errors import Conflict, NotFound
from alquimista.i18n import N_

# Pauses after a failed try, as Standard Webhooks recommends them: ten tries over a little more than three days.
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MOST_TRIES: Final = len(PAUSES) + 1
LEASE: Final = timedelta(minutes=2)  # A worker that says nothing for so long after it began to send is dead.
SLACK: Final = timedelta(seconds=2)  # By how much the clocks of two machines may differ.
KEPT: Final = timedelta(days=30)
MOST_REPLAYED: Final = 500  # At once: each wakes a worker up, and a receiver that was away comes back slowly.
_JITTER: Final = 0.1
_GONE: Final = 410


class DeliveryState(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Failure(StrEnum):
    """Why a try did not end with a 2xx."""

    STATUS = "status"
    REDIRECT = "redirect"  # None is followed: it could lead anywhere.
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    UNRESOLVED = "unresolved"
    FORBIDDEN_ADDRESS = "forbidden_address"
    INSECURE = "insecure"
    PROTOCOL = "protocol"
    DISABLED = "disabled"  # The endpoint, before its turn came.
    LOST = "lost"  # The workers that sent it died, to the last try.


class WebhookDelivery(msgspec.Struct, frozen=True):
    """A message and how it stands. `event_id` is its `webhook-id`."""

    id: UUID
    event_id: UUID
    event_type: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime | None
    last_status: int | None
    last_failure: Failure | None
    occurred_at: datetime
    created_at: datetime
    delivered_at: datetime | None


class WebhookAttempt(msgspec.Struct, frozen=True):
    """One try. `response` is the beginning of what was answered."""

    number: int
    started_at: datetime
    duration_ms: int
    status_code: int | None
    failure: Failure | None
    response: str


class Told(msgspec.Struct, frozen=True):
    """One try to tell an event, for its trace."""

    tenant_id: UUID
    event_id: UUID
    delivery_id: UUID
    endpoint_id: UUID
    number: int
    started_at: datetime
    duration_ms: int
    status_code: int | None
    failure: Failure | None


class Claimed(msgspec.Struct, frozen=True):
    """A delivery that this worker sends now, and all it needs for that."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    payload: dict[str, Any]
    occurred_at: datetime
    attempts: int
    step: int
    url: str
    secret_key_id: str
    secret_ciphertext: bytes
    previous_key_id: str | None
    previous_ciphertext: bytes | None
    previous_until: datetime | None


class Outcome(msgspec.Struct, frozen=True):
    """What became of one request."""

    duration_ms: int
    status: int | None = None
    failure: Failure | None = None
    response: str = ""

    @property
    def gone(self) -> bool:
        """Whether the endpoint asks not to be told any more."""
        return self.status == _GONE


class Health(msgspec.Struct, frozen=True):
    """How tries went: all, those that failed, and of how many companies these are."""

    tries: int
    failures: int
    companies: int


class SendDelivery(msgspec.Struct, frozen=True):
    """Which delivery a job sends."""

    delivery_id: UUID
    endpoint_id: UUID


class UnknownDelivery(NotFound):
    code = "webhook_delivery_not_found"
    message = N_("This webhook has no delivery with this id.")


class DeliveryInFlight(Conflict):
    code = "webhook_delivery_in_flight"
    message = N_("This delivery is being sent just now. Look at how it ends, then replay it if it must be.")


def next_attempt(step: int, now: datetime, dice: float) -> datetime | None:
    """When a delivery is tried again after its try number `step` failed; None when that was the last.

    Args:
        step: tries since it was made or replayed.
        now: when the try ended.
        dice: 0 to 1, at random: what failed together is not tried again all at once.
    """
    if step >= MOST_TRIES:
        return None
    return now + PAUSES[step - 1] * (1 + _JITTER * dice)


def message(delivery: Claimed) -> bytes:
    """The body, the same at each try."""
    return msgspec.json.encode(
        {
            "id": delivery.event_id,
            "type": delivery.event_type,
            "timestamp": delivery.occurred_at,
            "data": delivery.payload,
        }
    )
