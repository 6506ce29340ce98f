"""What goes to the model and what comes back."""

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.config import variable
from alquimista.errors import Problem, Unavailable
from alquimista.i18n import N_
from alquimista.usage.models.events import Event, Measures, Status, event_key

MAX_MESSAGE: Final = 5_000
MAX_HISTORY: Final = 10
SOURCE: Final = "trials"

Message = Annotated[str, Meta(min_length=1, max_length=MAX_MESSAGE)]


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one side said earlier in the conversation."""

    role: Literal["user", "assistant"]
    content: Message


class Reply(msgspec.Struct, frozen=True):
    """What the model answered, and the tokens that it says it took."""

    text: str
    input_tokens: int
    output_tokens: int


class Served(msgspec.Struct, frozen=True):
    """One question to the model, for metering. The id makes counting it twice impossible."""

    event_id: str
    agent_id: UUID
    occurred_at: datetime
    status: Status
    response_time_ms: int
    input_tokens: int
    output_tokens: int
    model: str
    trace_id: str

    @property
    def event(self) -> Event:
        """The event that everything else also counts as."""
        return Event(
            index=0,
            key=event_key(SOURCE, SOURCE, self.event_id),
            source=SOURCE,
            event_id=self.event_id,
            occurred_at=self.occurred_at,
            agent=self.agent_id,
            measures=Measures(
                status=self.status,
                response_time_ms=self.response_time_ms,
                agent_id=self.agent_id,
                input_tokens=self.input_tokens,
                output_tokens=self.output_tokens,
                model=self.model,
                trace_id=self.trace_id,
            ),
        )


class ModelNotConfigured(Problem):
    status = 503
    code = "model_not_configured"
    title = N_("No model is configured")
    message = N_(
        "No model answers trials here. Whoever runs this installation sets {address} and {model}, and {key} if the "
        "endpoint asks for a key."
    )

    def __init__(self) -> None:
        super().__init__(
            address=variable("model_base_url"), model=variable("model_name"), key=variable("model_api_key")
        )


class ModelFailed(Problem):
    status = 502
    code = "model_failed"
    title = N_("The model failed")
    message = N_("The model did not give an answer that can be used. The message was not counted: try again.")


class ModelBusy(Unavailable):
    code = "model_busy"
    message = N_(
        "The model does not answer or is too busy. The message was not counted: try again in {retry_after} seconds."
    )


class Unmetered(Exception):  # noqa: N818 - It is told as a fact.
    """Usage did not take what was served; the job that says so is tried again, and kept when that is of no use."""
