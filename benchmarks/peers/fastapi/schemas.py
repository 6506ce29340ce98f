"""What goes in and out."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, field_validator, model_validator

_Count = Annotated[int, Field(ge=0, lt=2**31)]


class Money(BaseModel):
    currency: str
    amount: float


class Figures(BaseModel):
    total_requests: int
    successful_requests: int
    failed_requests: int
    success_rate: float | None
    avg_response_time_ms: float | None
    p95_response_time_ms: float | None
    total_tokens: int
    cost: list[Money]


class DayFigures(Figures):
    date: date


class AgentFigures(Figures):
    agent_id: UUID
    agent_name: str


class UsageReport(BaseModel):
    period: str
    summary: Figures
    daily_data: list[DayFigures]
    by_agent: list[AgentFigures]


class AgentRequest(BaseModel):
    status: Literal["success", "error"]
    response_time_ms: _Count
    agent_id: UUID | None = None
    agent: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    input_tokens: _Count = 0
    output_tokens: _Count = 0
    model: Annotated[str, Field(max_length=200)] = ""
    cost: Annotated[int, Field(ge=0, le=10**10)] = 0
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    trace_id: Annotated[str, Field(max_length=64, pattern="^[!-~]*$")] = ""

    @model_validator(mode="after")
    def _names_an_agent(self) -> Self:
        if self.agent_id is None and self.agent is None:
            raise ValueError("Name the agent: agent_id, or agent with its slug.")
        return self


class CloudEvent(BaseModel):
    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=256)]
    source: Annotated[str, Field(min_length=1, max_length=1024)]
    type: Literal["agent.request"]
    time: AwareDatetime | None = None
    data: AgentRequest

    @field_validator("time")
    @classmethod
    def _in_time(cls, time: datetime | None) -> datetime | None:
        if time is not None and not timedelta(days=-35) <= time - datetime.now(time.tzinfo) <= timedelta(minutes=5):
            raise ValueError("The event is more than 35 days old, or more than 5 minutes ahead.")
        return time


class IngestResult(BaseModel):
    accepted: int
    duplicates: int
    refused: list[Any] = []
