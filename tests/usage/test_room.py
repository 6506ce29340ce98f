"""What finds no room is refused before it is read, and room is given back whatever becomes of a body."""

import asyncio
import json
from uuid import UUID

import pytest

from alquimista.usage.models.events import MAX_BODY, IngestBusy
from alquimista.usage.service import Ingest, Room, SpanIngest
from alquimista.usage.service.room import MOST, MOST_OF_TENANT

A, B, C = (UUID(int=number) for number in range(3))
WAYS = (
    ("/v1/events", "application/cloudevents-batch+json"),
    ("/v1/events", "application/cloudevents+json"),
    ("/v1/agent-requests", "application/json"),
    ("/v1/traces", "application/x-protobuf"),
    ("/v1/traces", "application/json"),
)


def room_is_free(room):
    with room.take(A, MOST_OF_TENANT), room.take(B, MOST_OF_TENANT):
        return True


def test_one_tenant_cannot_take_the_room_of_the_others():
    room = Room()
    with room.take(A, MOST_OF_TENANT):
        with pytest.raises(IngestBusy) as refused, room.take(A, 1):
            pass
        assert refused.value.headers["Retry-After"] == "1"
        with room.take(B, MOST - MOST_OF_TENANT), pytest.raises(IngestBusy), room.take(C, 1):
            pass
    assert room_is_free(room)


def test_the_largest_body_always_finds_room_in_the_end():
    assert MAX_BODY <= MOST_OF_TENANT
    room = Room()
    with room.take(A, MOST + 1):
        pass
    assert room_is_free(room)


@pytest.mark.parametrize(("path", "media"), WAYS)
async def test_without_room_a_body_is_refused_unread_and_taken_later(api, path, media):
    room = api.app.services.get(Room)
    async with api.client() as client:
        with room.take(api.sender.tenant_id, MOST_OF_TENANT):
            refused = await client.post(path, content=b"unreadable", headers={"Content-Type": media})
        later = await client.post(path, content=b"unreadable", headers={"Content-Type": media})
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert later.status_code == 400
    assert room_is_free(room)


@pytest.mark.parametrize(("way_in", "path", "media", "body"), [
    (Ingest, "/v1/events", "application/cloudevents-batch+json", b"[]"),
    (SpanIngest, "/v1/traces", "application/json", json.dumps({"resourceSpans": []}).encode()),
])  # fmt: skip
async def test_room_is_held_until_the_answer(api, monkeypatch, way_in, path, media, body):
    held, go = asyncio.Event(), asyncio.Event()

    async def submit(*_args, **_kwargs):
        held.set()
        await go.wait()
        raise RuntimeError("whatever happens")

    monkeypatch.setattr(way_in, "submit", submit)
    room = api.app.services.get(Room)
    async with api.client() as client:
        sent = asyncio.create_task(client.post(path, content=body, headers={"Content-Type": media}))
        await held.wait()
        with pytest.raises(IngestBusy), room.take(api.sender.tenant_id, MOST_OF_TENANT):
            pass
        go.set()
        assert (await sent).status_code == 500
    assert room_is_free(room)
