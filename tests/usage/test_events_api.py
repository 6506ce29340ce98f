"""POST /v1/events and POST /v1/agent-requests: every mode, every refusal."""

import base64
import json
import threading
from datetime import timedelta

import pytest

import factories
from alquimista.clock import now
from alquimista.usage.api import reading
from alquimista.usage.models import cloudevents
from alquimista.usage.models.parsing import Parsed
from alquimista.usage.service import Ingest

DATA = {"status": "success", "response_time_ms": 250, "input_tokens": 7, "output_tokens": 3, "model": "m"}


def envelope(api, event_id="1", **changes):
    event = {
        "specversion": "1.0",
        "type": "agent.request",
        "source": "/loja",
        "id": event_id,
        "time": now().isoformat(),
        "data": DATA | {"agent_id": str(api.sender.agents[0])},
    }
    return event | changes


async def send(api, content, content_type, path="/v1/events", **headers):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    async with api.client() as client:
        return await client.post(path, content=body, headers={"Content-Type": content_type, **headers})


async def test_the_same_event_counts_once_in_every_mode(api):
    event = envelope(api)
    structured = await send(api, event, "application/cloudevents+json; charset=utf-8")
    assert (structured.status_code, structured.json()) == (200, {"accepted": 1, "duplicates": 0, "refused": []})
    batch = await send(api, [event, envelope(api, "2")], "application/cloudevents-batch+json")
    assert batch.json() == {"accepted": 1, "duplicates": 1, "refused": []}
    attributes = {f"ce-{name}": event[name] for name in ("specversion", "type", "source", "id", "time")}
    binary = await send(api, event["data"], "application/json", **attributes)
    assert binary.json() == {"accepted": 0, "duplicates": 1, "refused": []}


async def test_data_may_come_in_base64_and_headers_percent_encoded(api):
    data = base64.b64encode(json.dumps(DATA | {"agent_id": str(api.sender.agents[0])}).encode()).decode()
    event = envelope(api, "b64", data_base64=data)
    del event["data"]
    assert (await send(api, event, "application/cloudevents+json")).json()["accepted"] == 1
    attributes = {"ce-specversion": "1.0", "ce-type": "agent.request", "ce-source": "/caf%C3%A9", "ce-id": '"a%20b"'}
    binary = await send(api, DATA | {"agent_id": str(api.sender.agents[0])}, "application/json", **attributes)
    assert binary.json()["accepted"] == 1


async def test_a_batch_tells_what_became_of_each_event(api):
    late = (now() - timedelta(days=36)).isoformat()
    early = (now() + timedelta(minutes=6)).isoformat()
    stranger = DATA | {"agent": "ninguem"}
    batch = [
        envelope(api, "ok"),
        envelope(api, "late", time=late),
        envelope(api, "early", time=early),
        envelope(api, "stranger", data=stranger),
        envelope(api, "type", type="other.event"),
        envelope(api, "status", data=DATA | {"agent": "a", "status": "maybe"}),
        envelope(api, "negative", data=DATA | {"agent": "a", "input_tokens": -1}),
        envelope(api, "nobody", data=DATA),
        envelope(api, "currency", data=DATA | {"agent": "a", "currency": "QQQ"}),
        "not an event",
        {"id": "bare"},
    ]
    answer = await send(api, batch, "application/cloudevents-batch+json", **{"Accept-Language": "en"})
    assert answer.status_code == 200
    result = answer.json()
    assert (result["accepted"], result["duplicates"]) == (1, 0)
    assert [(r["index"], r["id"], r["code"], r["field"]) for r in result["refused"]] == [
        (1, "late", "too_late", "time"),
        (2, "early", "in_future", "time"),
        (3, "stranger", "unknown_agent", "data.agent"),
        (4, "type", "unsupported_type", "type"),
        (5, "status", "choice", "data.status"),
        (6, "negative", "too_small", "data.input_tokens"),
        (7, "nobody", "required", "data.agent_id"),
        (8, "currency", "currency", "data.currency"),
        (9, "", "type", ""),
        (10, "bare", "required", "specversion"),
    ]
    assert all(r["detail"] for r in result["refused"])


async def test_a_single_event_that_is_refused_is_a_400_that_names_the_field(api):
    event = envelope(api, "x", data=DATA | {"agent": "ninguem"})
    answer = await send(api, event, "application/cloudevents+json", **{"Accept-Language": "pt-BR"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0] == {
        "field": "data.agent",
        "code": "unknown_agent",
        "reason": "Sua empresa não ativou o agente ninguem.",
    }


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/cloudevents+json", 400),
        (b"", "application/cloudevents+json", 400),
        (b"\xff\xfe", "application/cloudevents+json", 400),
        (b'{"id": "\\ud800"}', "application/cloudevents+json", 400),
        (b"[" * 100_000, "application/cloudevents-batch+json", 400),
        (b"{}", "application/cloudevents-batch+json", 400),
        (b"[]", "application/cloudevents+json", 400),
        (b"[" + b"1," * 10_000 + b"1]", "application/cloudevents-batch+json", 400),
        (b"{}", "application/json", 415),
        (b"<x/>", "application/cloudevents+xml", 415),
        (b" " * (4 * 1024 * 1024 + 1), "application/cloudevents+json", 413),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_as_a_whole(api, body, content_type, status):
    answer = await send(api, body, content_type)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_plain_requests_count_once_by_their_idempotency_key(api):
    request = DATA | {"agent_id": str(api.sender.agents[0]), "cost": 1900, "currency": "BRL"}
    path = "/v1/agent-requests"
    first = await send(api, request, "application/json", path, **{"Idempotency-Key": "k1"})
    assert first.json() == {"accepted": 1, "duplicates": 0, "refused": []}
    many = await send(
        api,
        [request | {"idempotency_key": "k1"}, request | {"idempotency_key": "k2", "occurred_at": now().isoformat()}],
        "application/json",
        path,
    )
    assert many.json() == {"accepted": 1, "duplicates": 1, "refused": []}
    without = await send(api, [request, request | {"idempotency_key": "k3", "typo": 1}], "application/json", path)
    assert [(r["code"], r["field"]) for r in without.json()["refused"]] == [
        ("required", "idempotency_key"),
        ("unknown", "typo"),
    ]
    assert (await send(api, request, "application/json", path)).status_code == 400


async def test_texts_at_their_bounds_are_stored_and_beyond_them_refused(api):
    agent = {"agent_id": str(api.sender.agents[0])}
    fits = envelope(api, "i" * 256, source="é" * 1024, data=DATA | agent | {"model": "m" * 200, "cost": 10**10})
    assert (await send(api, fits, "application/cloudevents+json")).status_code == 200
    for changes in (
        {"id": "i" * 257},
        {"id": ""},
        {"source": "s" * 1025},
        {"data": DATA | agent | {"model": "m" * 201}},
        {"data": DATA | agent | {"model": "a\0b"}},
        {"data": DATA | agent | {"cost": 10**10 + 1}},
        {"data": DATA | agent | {"response_time_ms": 2**31}},
        {"data": DATA | agent | {"response_time_ms": 1.5}},
        {"data": DATA | agent | {"trace_id": "t" * 65}},
        {"time": "yesterday"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59-14:00"},
        {"data_base64": "%%%"},
        {"data_base64": base64.b64encode(b"\xff").decode()},
    ):
        answer = await send(api, envelope(api, **changes), "application/cloudevents+json")
        assert answer.status_code == 400, (changes, answer.text)


async def test_a_nul_character_is_refused_and_its_field_named(api):
    data = DATA | {"agent_id": str(api.sender.agents[0])}
    batch = [
        envelope(api, "n\0"),
        envelope(api, "n1", source="/a\0"),
        envelope(api, "n2", data=data | {"model": "\0"}),
        envelope(api, "n3", data=DATA | {"agent": "a\0b"}),
        envelope(api, "n4", data=data),
    ]
    answer = await send(api, batch, "application/cloudevents-batch+json")
    assert answer.json()["accepted"] == 1
    refused = [(r["index"], r["code"], r["field"]) for r in answer.json()["refused"]]
    assert refused == [(0, "nul", "id"), (1, "nul", "source"), (2, "nul", "data.model"), (3, "nul", "data.agent")]
    attributes = {"ce-specversion": "1.0", "ce-type": "agent.request", "ce-source": "/loja", "ce-id": "a%00b"}
    binary = await send(api, data, "application/json", **attributes)
    assert (binary.status_code, binary.json()["errors"][0]["field"]) == (400, "id")


async def test_only_a_key_with_the_scope_may_write(api, usage_db):
    reading = await factories.make_api_key(usage_db, api.sender.tenant_id, scopes=("read",))
    async with api.client() as client:
        event = json.dumps(envelope(api))
        headers = {"Content-Type": "application/cloudevents+json"}
        denied = await client.post(
            "/v1/events", content=event, headers=headers | {"Authorization": f"Bearer {reading}"}
        )
        unknown = await client.post("/v1/events", content=event, headers=headers | {"Authorization": "Bearer nope"})
        client.headers.pop("Authorization")
        anonymous = await client.post("/v1/events", content=event, headers=headers)
    assert (denied.status_code, unknown.status_code, anonymous.status_code) == (403, 401, 401)


async def test_events_refused_on_sight_cost_the_limit_like_any_other(api, monkeypatch):
    taken = []

    async def admit(_ingest, _tenant_id, count):
        taken.append(count)

    monkeypatch.setattr(Ingest, "admit", admit)
    good = envelope(api, "limit-1", data=DATA | {"agent_id": str(api.sender.agents[0])})
    for events in ([{"id": "x"}, good, {}], [{}] * 7):
        assert (await send(api, events, "application/cloudevents-batch+json")).status_code == 200
    assert taken == [3, 7]


async def test_a_large_body_is_read_beside_the_event_loop(api, monkeypatch):
    threads = []

    def read(_body, _now):
        threads.append(threading.current_thread())
        return Parsed()

    monkeypatch.setattr(cloudevents, "read_batch", read)
    for body in (b"[]", b"[" + b" " * reading.LARGE + b"]"):
        assert (await send(api, body, "application/cloudevents-batch+json")).status_code == 200
    assert [thread is threading.main_thread() for thread in threads] == [True, False]
