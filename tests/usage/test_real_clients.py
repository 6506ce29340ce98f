"""Unmodified clients over a real socket: OpenTelemetry's OTLP exporter and the CloudEvents SDK."""

import asyncio
import urllib.request

import msgspec
import pytest
from cloudevents.core.bindings import http as binding
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode

from alquimista.clock import new_id, now
from alquimista.db.statement import Statement
from support.listening import listening
from support.usage import Count, totals

SPANS = Statement("SELECT count(*) AS count FROM fibonacci_core.traces WHERE tenant_id = %(tenant_id)s", Count)


def converse(provider, agent, *, slow=False):
    """What an instrumented agent does: an invocation, a tool, and two model calls, one below the tool."""
    tracer = provider.get_tracer("shop")
    with tracer.start_as_current_span("POST /chat"):
        attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
        with tracer.start_as_current_span("invoke_agent", attributes=attributes):
            with tracer.start_as_current_span("chat", attributes=chat(10, 5)):
                pass
            if slow:
                provider.force_flush()
            tool = {"gen_ai.operation.name": "execute_tool"}
            with (
                tracer.start_as_current_span("execute_tool", attributes=tool),
                tracer.start_as_current_span("chat", attributes=chat(20, 7)) as span,
            ):
                span.set_status(Status(StatusCode.ERROR, "overloaded"))


def chat(read, written):
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.usage.input_tokens": read,
        "gen_ai.usage.output_tokens": written,
        "gen_ai.input.messages": "[private words]",
    }


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
@pytest.mark.parametrize("processor", [BatchSpanProcessor, SimpleSpanProcessor])
async def test_opentelemetry_exports_become_requests_however_they_are_cut(api, usage_db, compression, processor):
    slug = (await usage_db.tenant(api.sender.tenant_id).fetch_one(SLUG, id=api.sender.agents[0])).slug
    async with listening(api.app) as url:
        exporter = OTLPSpanExporter(
            f"{url}/v1/traces", headers={"Authorization": f"Bearer {api.key}"}, compression=compression
        )
        provider = TracerProvider(resource=Resource({"service.name": "shop"}))
        provider.add_span_processor(processor(exporter))
        for slow in (False, True):
            await asyncio.to_thread(converse, provider, slug, slow=slow)
        assert await asyncio.to_thread(provider.force_flush)
        await asyncio.to_thread(provider.shutdown)
    total = await totals(usage_db, api.sender)
    assert (total.requests, total.failures) == (2, 0)
    assert (total.input_tokens, total.output_tokens) == (60, 24)
    stored = await usage_db.tenant(api.sender.tenant_id).fetch_one(SPANS, tenant_id=api.sender.tenant_id)
    assert stored.count == 10


async def test_cloudevents_sdk_in_every_mode(api, usage_db):
    data = {"agent_id": str(api.sender.agents[0]), "status": "error", "response_time_ms": 90}

    def event():
        attributes = {"specversion": "1.0", "id": new_id().hex, "source": "sdk", "type": "agent.request"}
        return CloudEvent(attributes | {"time": now(), "datacontenttype": "application/json"}, data)

    def post(url, message):
        headers = {**message.headers, "Authorization": f"Bearer {api.key}"}
        with urllib.request.urlopen(urllib.request.Request(url, message.body, headers, method="POST")) as answer:
            return answer.status

    async with listening(api.app) as url:
        for message in (
            binding.to_structured(event(), JSONFormat()),
            binding.to_binary(event(), JSONFormat()),
        ):
            assert await asyncio.to_thread(post, f"{url}/v1/events", message) == 200
    total = await totals(usage_db, api.sender)
    assert (total.requests, total.failures, total.response_ms) == (2, 2, 180)


class Slug(msgspec.Struct, frozen=True):
    slug: str


SLUG = Statement("SELECT slug FROM alquimista_platform.agents WHERE id = %(id)s", Slug)
