"""Clients as their makers ship them send to the running platform; within 5 seconds a company sees it."""

import time
import urllib.request
from uuid import uuid4

from cloudevents.core.bindings import http as binding
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode

from alquimista.clock import now
from support.installation import Browser, Installation

FRESH_S = 5  # A requirement: what is acknowledged is shown within so many seconds.


def converse(provider: TracerProvider, agent: str, *, fail: bool) -> None:
    """What an instrumented agent does for one person: it is invoked, and asks a model twice."""
    tracer = provider.get_tracer("shop")
    invoked = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
    with tracer.start_as_current_span(f"invoke_agent {agent}", attributes=invoked) as invocation:
        for tokens in (300, 500):
            asked = {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-5-mini",
                "gen_ai.usage.input_tokens": tokens,
                "gen_ai.usage.output_tokens": 100,
            }
            with tracer.start_as_current_span("chat gpt-5-mini", attributes=asked):
                pass
        if fail:
            invocation.set_status(Status(StatusCode.ERROR, "the booking system did not answer"))


def post(url: str, key: str, message: binding.HTTPMessage) -> int:
    headers = {**message.headers, "Authorization": f"Bearer {key}"}
    with urllib.request.urlopen(urllib.request.Request(url, message.body, headers, method="POST")) as answer:
        return answer.status


def event(agent: str, status: str) -> CloudEvent:
    attributes = {"specversion": "1.0", "type": "agent.request", "source": "/balcao", "id": uuid4().hex, "time": now()}
    data = {"agent": agent, "status": status, "response_time_ms": 740, "input_tokens": 210, "output_tokens": 90}
    return CloudEvent(attributes | {"datacontenttype": "application/json"}, data)


def test_what_real_clients_send_is_in_the_api_and_on_the_overview_within_five_seconds(home: Installation) -> None:
    url, demo = home.up.base_url, home.demo
    company, key = demo.api_keys[0]["tenant_id"], demo.api_keys[0]["key"]
    [(slug, name), *_] = home.sql(
        "SELECT a.slug, a.name FROM alquimista_platform.agents a"
        " JOIN alquimista_platform.tenant_agents t ON t.agent_id = a.id WHERE t.tenant_id = %s ORDER BY 1",
        company,
    )
    browser = Browser(url)
    browser.sign_in(demo.user("TENANT_ADMIN", company))
    neighbour = Browser(url)
    neighbour.sign_in(demo.user("TENANT_ADMIN", demo.api_keys[1]["tenant_id"]))
    next_door = neighbour.overview().requests

    def answered() -> tuple[int, int, int]:
        with demo.api() as api:
            told = api.get("/tenant/usage", params={"period": "7d"}).json()["summary"]
        return told["total_requests"], told["failed_requests"], told["total_tokens"]

    def arrives(requests: int, failed: int, tokens: int) -> None:
        """More requests, failures and tokens than before, by API and page, within the deadline from this moment."""
        deadline = time.monotonic() + FRESH_S
        wanted = (before[0] + requests, before[1] + failed, before[2] + tokens)
        while True:
            seen, page = answered(), browser.overview()
            if seen == wanted and (page.requests, page.failed) == wanted[:2]:
                assert page.agent(name) == table + requests
                return
            assert time.monotonic() < deadline, f"{wanted} acknowledged; {seen} answered, {page.requests} shown"
            time.sleep(0.05)

    # An agent instrumented with OpenTelemetry serves eight people, two of them badly.
    before, table = answered(), browser.overview().agent(name)
    exporter = OTLPSpanExporter(f"{url}/v1/traces", headers={"Authorization": f"Bearer {key}"})
    provider = TracerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    for number in range(8):
        converse(provider, slug, fail=number < 2)
    assert provider.force_flush()
    arrives(requests=8, failed=2, tokens=8 * 1000)
    provider.shutdown()

    # A counter terminal sends CloudEvents, in structured and in binary mode, and one of them a second time.
    before, table = answered(), browser.overview().agent(name)
    events = [event(slug, "error" if number == 0 else "success") for number in range(4)]
    for number, one in enumerate([*events, events[0]]):
        write = binding.to_structured if number % 2 else binding.to_binary
        assert post(f"{url}/v1/events", key, write(one, JSONFormat())) == 200
    arrives(requests=4, failed=1, tokens=4 * 300)

    assert neighbour.overview().requests == next_door
