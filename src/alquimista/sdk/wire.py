"""What goes over the wire: reports and what becomes of them, control messages, and what a status means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Literal
from uuid import uuid4

Status = Literal["success", "error"]
_SUSPENDED = frozenset({"running_agent_suspended", "tenant_suspended"})
_STRANGE = re.compile(r"[^A-Za-z0-9._:-]+")


class AgentError(Exception):
    """The platform refused a question of the agent's: what it said, and the status."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({status} {code})")
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Report:
    """One request that the agent served. It is the same report as long as its key is the same."""

    status: Status
    response_time_ms: int
    input_tokens: int
    output_tokens: int
    model: str
    cost: int
    currency: str | None
    trace_id: str
    occurred_at: datetime
    key: str

    def record(self, agent: str) -> dict[str, Any]:
        """As POST /v1/agent-requests takes it."""
        record: dict[str, Any] = {
            "agent": agent,
            "status": self.status,
            "response_time_ms": self.response_time_ms,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "model": self.model,
            "cost": self.cost,
            "trace_id": self.trace_id,
            "occurred_at": self.occurred_at.isoformat(),
            "idempotency_key": self.key,
        }
        return record if self.currency is None else record | {"currency": self.currency}


def new_report(
    status: Status,
    response_time_ms: int,
    *,
    input_tokens: int = 0,
    output_tokens: int = 0,
    model: str = "",
    cost: int = 0,
    currency: str | None = None,
    trace_id: str = "",
    occurred_at: datetime | None = None,
    key: str | None = None,
) -> Report:
    """A report of now, with a key of its own, unless they are given. `cost` in millionths of the currency."""
    moment = occurred_at or datetime.now(UTC)
    return Report(
        status,
        response_time_ms,
        input_tokens,
        output_tokens,
        model,
        cost,
        currency,
        trace_id,
        moment,
        key or uuid4().hex,
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """A report that the platform did not take, and why. Sending it again would not help."""

    key: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Control:
    """A control message: restart, pause, resume or configuration_changed."""

    id: str
    kind: str
    reason: str


class Verdict(Enum):
    """What an answer means for what was sent."""

    TAKEN = "taken"
    AGAIN = "again"  # Later: it was not the sender's fault, or it may change.
    SMALLER = "smaller"  # Something in it cannot be read: send it in parts, and drop a part that is one report.


def verdict(status: int) -> Verdict:
    """What a status of POST /v1/agent-requests means for the batch. A refused key is no reason to lose reports."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    return Verdict.SMALLER if status in {400, 413, 422} else Verdict.AGAIN


def retry_after(headers: Mapping[str, str], now: datetime) -> float:
    """The seconds that the server asks for, as a number or as a date; 0 when it asks for none."""
    text = headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment - now).total_seconds()) if moment.tzinfo else 0.0


def problem(status: int, body: object) -> AgentError:
    """The error that a refusal's body describes."""
    said = body if isinstance(body, dict) else {}
    return AgentError(status, str(said.get("error", "")), str(said.get("detail", "The platform refused")))


def is_suspended(error: AgentError) -> bool:
    """Whether the agent or its company waits for the subscription."""
    return error.status == 403 and error.code in _SUSPENDED


def clean_instance(name: str) -> str:
    """The name with nothing in it that an instance_id may not hold."""
    return _STRANGE.sub("-", name).strip("-._:")[:64] or "agent"
