"""POST /v1/traces: encodings, partial success, statuses, and whatever bytes come."""

import json
import secrets
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from alquimista.clock import now
from alquimista.db.statement import Statement
from alquimista.usage.models.otlp import write_status
from alquimista.usage.service import traces

PROTOBUF, JSON = "application/x-protobuf", "application/json"


class Kept(msgspec.Struct, frozen=True):
    span_name: str
    status: str
    metadata: dict[str, object]
    annotations: list[object]
    error_message: str | None


EVENTFUL = ExportTraceServiceRequest(
    resource_spans=[{"scope_spans": [{"spans": [{"events": [{}] * 100_001}, {"attributes": [{}] * 100_000}]}]}]
)
# An attribute that is no message, in an export that is one but for that.
LAZY = (
    ExportTraceServiceRequest(resource_spans=[{"scope_spans": [{"spans": [{"attributes": [{"key": "xyz"}]}]}]}])
    .SerializeToString()
    .replace(b"\n\x03xyz", b"\xff\xff\xff\xff\xff")
)
KEPT = Statement(
    """
    SELECT span_name, status, metadata, annotations, error_message FROM fibonacci_core.traces
    WHERE tenant_id = %(tenant_id)s ORDER BY start_time
    """,
    Kept,
)


def nanoseconds(moment):
    return str(int(moment.timestamp() * 1_000_000) * 1000)


def span(name="chat", *, age=timedelta(), agent="", **fields):
    end = now() - age
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5} | fields.pop("attributes", {})
    if agent:
        attributes["gen_ai.agent.name"] = agent
    return {
        "traceId": secrets.token_hex(16),
        "spanId": secrets.token_hex(8),
        "name": name,
        "kind": 3,
        "startTimeUnixNano": nanoseconds(end - timedelta(milliseconds=40)),
        "endTimeUnixNano": nanoseconds(end),
        "attributes": [{"key": k, "value": value_of(v)} for k, v in attributes.items()],
    } | fields


def value_of(value):
    if isinstance(value, dict):
        return value
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}


def export(*spans, resource=None):
    attributes = [{"key": k, "value": value_of(v)} for k, v in (resource or {}).items()]
    return {"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": list(spans)}]}]}


async def send(api, body, media=JSON):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with api.client() as client:
        return await client.post(
            "/v1/traces", content=content, headers={"Content-Type": media, "Accept-Language": "en"}
        )


async def test_refused_spans_are_counted_and_told_in_partial_success(api):
    mine = {"gen_ai.agent.id": str(api.sender.agents[0])}
    answer = await send(
        api,
        export(
            span(attributes=mine),
            span(agent="stranger"),
            span(attributes=mine, age=timedelta(days=36)),
            span(attributes=mine, traceId="00" * 16),
            span(attributes=mine, endTimeUnixNano="0"),
            span(attributes=mine | {"gen_ai.usage.input_tokens": "many"}),
            span(),
        ),
    )
    assert answer.status_code == 200
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedSpans"] == "6"
    assert "has not activated the agent stranger" in partial["errorMessage"]


async def test_a_trace_ends_at_its_bound_and_another_one_goes_on(api, monkeypatch):
    monkeypatch.setattr(traces, "MAX_TRACE_SPANS", 3)
    mine = {"gen_ai.agent.id": str(api.sender.agents[0])}
    trace_id = secrets.token_hex(16)
    filled = await send(api, export(*(span(attributes=mine, traceId=trace_id) for _ in range(3))))
    assert filled.json() == {}
    answer = await send(api, export(span(attributes=mine, traceId=trace_id), span(attributes=mine)))
    partial = answer.json()["partialSuccess"]
    assert partial["rejectedSpans"] == "1"
    assert "holds 3 spans already" in partial["errorMessage"]


async def test_all_accepted_is_an_empty_answer_in_the_request_encoding(api):
    body = export(span(), resource={"gen_ai.agent.id": str(api.sender.agents[0])})
    accepted = await send(api, body)
    assert (accepted.json(), accepted.headers["content-type"]) == ({}, JSON)
    empty = await send(api, ExportTraceServiceRequest().SerializeToString(), PROTOBUF)
    assert (empty.status_code, empty.content, empty.headers["content-type"]) == (200, b"", PROTOBUF)
    assert ExportTraceServiceResponse.FromString(empty.content) == ExportTraceServiceResponse()


async def test_words_of_people_and_models_are_not_kept(api, usage_db):
    private = {"gen_ai.input.messages": "my secret", "gen_ai.prompt.0.content": "mine", "http.route": "/x\0y"}
    event = {"name": "said", "timeUnixNano": nanoseconds(now()), "attributes": []}
    event["attributes"] = [{"key": "gen_ai.content.prompt", "value": {"stringValue": "secret too"}}]
    body = export(
        span(
            attributes=private | {"gen_ai.agent.id": str(api.sender.agents[0])},
            events=[event],
            status={"code": 2, "message": "over\0loaded"},
            name="n" * 600,
        ),
        resource={"service.name": "shop"},
    )
    assert (await send(api, body)).json() == {}
    (kept,) = await usage_db.tenant(api.sender.tenant_id).fetch(KEPT, tenant_id=api.sender.tenant_id)
    assert kept.metadata["http.route"] == "/xy"
    assert kept.metadata["resource.service.name"] == "shop"
    assert "secret" not in str(kept)
    assert "mine" not in str(kept.metadata)
    assert (kept.status, kept.error_message, len(kept.span_name)) == ("error", "overloaded", 500)


async def test_huge_attributes_are_cut_and_the_span_kept(api, usage_db):
    many = {f"k{n}": "v" * 3000 for n in range(40)} | {"gen_ai.agent.id": str(api.sender.agents[0])}
    assert (await send(api, export(span(attributes=many)))).json() == {}
    (kept,) = await usage_db.tenant(api.sender.tenant_id).fetch(KEPT, tenant_id=api.sender.tenant_id)
    assert 10 < len(kept.metadata) < 20


async def test_numbers_that_are_long_when_written_out_are_cut_too(api, usage_db):
    many = {"arrayValue": {"values": [{"doubleValue": 1e300}] * 100}}
    attributes = {f"k{n}": many for n in range(10)} | {"gen_ai.agent.id": str(api.sender.agents[0]), "n": 1e-7}
    assert (await send(api, export(span(attributes=attributes)))).json() == {}
    (kept,) = await usage_db.tenant(api.sender.tenant_id).fetch(KEPT, tenant_id=api.sender.tenant_id)
    assert list(map(float, kept.metadata["k0"])) == [1e300] * 100
    assert "k9" not in kept.metadata


async def test_repeated_attributes_are_the_last_one_and_equal_ones_of_many_spans_are_all_kept(api, usage_db):
    mine = {"gen_ai.agent.id": str(api.sender.agents[0]), "a": 1}
    doubled = span(attributes=mine)
    doubled["attributes"].append({"key": "a", "value": value_of(2)})
    assert (await send(api, export(doubled, span(attributes=mine), resource={"a": 3}))).json() == {}
    kept = await usage_db.tenant(api.sender.tenant_id).fetch(KEPT, tenant_id=api.sender.tenant_id)
    assert [(row.metadata["a"], row.metadata["resource.a"]) for row in kept] == [(2, 3), (1, 3)]


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"\xff\xff\xff", PROTOBUF),
        (LAZY, PROTOBUF),
        (b"{", JSON),
        (b"[]", JSON),
        (b"", JSON),
        (b"[" * 100_000, JSON),
        (json.dumps(export(span(traceId="zz"))).encode(), JSON),
        (json.dumps(export(span(traceId="é"))).encode(), JSON),
        (json.dumps({"resourceSpans": 7}).encode(), JSON),
        (json.dumps(export(span(startTimeUnixNano="-5"))).encode(), JSON),
    ],
)
async def test_what_is_no_export_is_a_status_and_not_tried_again(api, body, media):
    answer = await send(api, body, media)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == media
    if media == JSON:
        assert answer.json()["code"] == 3
    else:
        assert answer.content == write_status(PROTOBUF, 3, answer.content[4:].decode())


async def test_no_body_and_no_type_is_refused(api):
    async with api.client() as client:
        answer = await client.post("/v1/traces")
    assert answer.status_code == 415


@given(st.binary(max_size=400) | st.binary(min_size=1, max_size=200).map(lambda b: b"\n" + bytes([len(b) % 128]) + b))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_bytes_get_an_answer_that_is_not_a_failure(api, body):
    assert (await send(api, body, PROTOBUF)).status_code in {200, 400}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["resourceSpans", "scopeSpans", "spans", "traceId", "spanId", "attributes", "value"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_gets_an_answer_that_is_not_a_failure(api, document):
    assert (await send(api, {"resourceSpans": document})).status_code in {200, 400}
    body = json.dumps(document).encode()
    async with api.client() as client:
        for path, media in (
            ("/v1/events", "application/cloudevents+json"),
            ("/v1/events", "application/cloudevents-batch+json"),
            ("/v1/agent-requests", JSON),
        ):
            answer = await client.post(path, content=body, headers={"Content-Type": media})
            assert answer.status_code in {200, 400}, answer.text


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b'{"resourceSpans":[' + b"{}," * 250_000 + b"{}]}", JSON),
        (b'{"resourceSpans":[' + b"{}," * 10_000 + b"{}]}", JSON),
        (export(*[{"traceId": "1" * 32}] * 10_001), JSON),
        (ExportTraceServiceRequest(resource_spans=[{}] * 10_001).SerializeToString(), PROTOBUF),
        (ExportTraceServiceRequest(resource_spans=[{"scope_spans": [{}] * 10_001}]).SerializeToString(), PROTOBUF),
        (EVENTFUL.SerializeToString(), PROTOBUF),
    ],
)
async def test_an_export_that_would_take_long_to_read_is_refused(api, body, media):
    assert (await send(api, body, media)).status_code == 400
