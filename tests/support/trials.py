"""What tests do in trials."""

from typing import Any
from uuid import UUID

import httpx


async def begin(client: httpx.AsyncClient, kind: str, target: UUID) -> str:
    """The id of a trial that is new."""
    answer = await client.post("/api/trials/start", json={"target_type": kind, "target_id": str(target)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["trial_id"])


async def say(client: httpx.AsyncClient, trial_id: str, message: str = "Olá", **more: Any) -> httpx.Response:
    """One message."""
    return await client.post("/api/trials/invoke", json={"trial_id": trial_id, "message": message, **more})
