"""The FastAPI peer: the dashboard's usage report, and events one at a time."""

from datetime import UTC, datetime
from typing import Literal

from fastapi import FastAPI

from benchmarks.peers.fastapi import events
from benchmarks.peers.fastapi.database import USAGE, tenant_transaction
from benchmarks.peers.fastapi.schemas import CloudEvent, IngestResult, UsageReport
from benchmarks.peers.fastapi.security import Member
from benchmarks.peers.report import PERIODS, usage_report

app = FastAPI(title="Usage")


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/tenant/usage", response_model=UsageReport)
async def tenant_usage(member: Member, period: Literal["7d", "30d", "90d"] = "30d") -> object:
    async with tenant_transaction(member.tenant_id) as connection:
        found = await connection.execute(
            USAGE,
            {
                "tenant_id": member.tenant_id,
                "days": PERIODS[period],
                "agent_id": None,
                "now": datetime.now(UTC),
                "back": 0,
            },
        )
        rows = found.all()
    return usage_report(rows, period)


@app.post("/v1/events")
async def post_event(member: Member, event: CloudEvent) -> IngestResult:
    return await events.record(member.tenant_id, event)
