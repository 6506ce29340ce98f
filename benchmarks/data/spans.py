"""OpenTelemetry exports as an SDK sends them: 512 spans of 64 conversations with agents, and where their ids stand."""

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from alquimista import clock

TRACES: Final = 64  # The batch of an SDK is 512 spans.
_SECOND: Final = 10**9
_RESOURCE: Final = {
    "service.name": "atendimento",
    "service.version": "3.11.2",
    "service.namespace": "vendas",
    "service.instance.id": "7f1c9e0a-77a1-4b0d-9a7f-0c4a4b6d2b11",
    "deployment.environment.name": "production",
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.38.0",
    "host.name": "ip-10-0-3-17",
    "process.pid": 4711,
}


class Kind(NamedTuple):
    """One span of a conversation: the number of the one above it (-1 for none), and who reports it."""

    name: str
    kind: int
    above: int
    scope: str


# What serves a message: of these eight spans, one is a request, three are its model calls, three are no gen_ai spans.
CONVERSATION: Final = (
    Kind("POST /conversas/{id}/mensagens", 2, -1, "opentelemetry.instrumentation.fastapi"),
    Kind("invoke_agent", 1, 0, "opentelemetry.instrumentation.openai_agents"),
    Kind("chat gpt-5-mini", 3, 1, "opentelemetry.instrumentation.openai_agents"),
    Kind("POST", 3, 2, "opentelemetry.instrumentation.httpx"),
    Kind("execute_tool", 1, 1, "opentelemetry.instrumentation.openai_agents"),
    Kind("SELECT loja.pedidos", 3, 4, "opentelemetry.instrumentation.psycopg"),
    Kind("chat gpt-5-mini", 3, 1, "opentelemetry.instrumentation.openai_agents"),
    Kind("chat gpt-5-mini", 3, 1, "opentelemetry.instrumentation.openai_agents"),
)
SPANS: Final = TRACES * len(CONVERSATION)
REQUESTS: Final = TRACES  # In one export.
TOKENS: Final = (400, 90)  # Read and written by each model call.


class Export(NamedTuple):
    """An ExportTraceServiceRequest, with each id in it: its offset, its length, and the number of its trace."""

    body: bytes
    places: list[tuple[int, int, int]]


def export(agents: Sequence[str], seed: int) -> Export:
    """An export of this moment. The same seed gives the same ids."""
    chance = random.Random(seed)  # noqa: S311 - Ids of a load, no secrets.
    now = int(clock.now().timestamp()) * _SECOND
    scopes: dict[str, list[dict[str, Any]]] = {}
    owners: dict[bytes, int] = {}
    for trace in range(TRACES):
        trace_id, ids = chance.randbytes(16), [chance.randbytes(8) for _ in CONVERSATION]
        owners |= dict.fromkeys((trace_id, *ids), trace)
        start = now - chance.randrange(1, 300) * _SECOND
        conversation = f"conv_{chance.randbytes(8).hex()}"
        for number, (kind, span_id) in enumerate(zip(CONVERSATION, ids, strict=True)):
            begun = start + number * _SECOND // 30
            scopes.setdefault(kind.scope, []).append(
                {
                    "trace_id": trace_id,
                    "span_id": span_id,
                    "parent_span_id": ids[kind.above] if kind.above >= 0 else b"",
                    "name": kind.name,
                    "kind": kind.kind,
                    "start_time_unix_nano": begun,
                    "end_time_unix_nano": begun + chance.randrange(5_000_000, 4 * _SECOND),
                    "flags": 257,
                    "attributes": _pairs(_attributes(kind.name, agents[trace % len(agents)], conversation, chance)),
                }
            )
    scoped = [{"scope": {"name": name, "version": "0.59b0"}, "spans": spans} for name, spans in scopes.items()]
    groups: list[Any] = [{"resource": {"attributes": _pairs(_RESOURCE)}, "scope_spans": scoped}]
    body = ExportTraceServiceRequest(resource_spans=groups).SerializeToString()
    pattern = re.compile(b"|".join(map(re.escape, owners)), re.DOTALL)
    return Export(body, [(found.start(), len(found[0]), owners[found[0]]) for found in pattern.finditer(body)])


def write(made: Export, body: Path, places: Path) -> None:
    """An export as two files: its bytes, and a line for each id."""
    body.write_bytes(made.body)
    places.write_text("".join(f"{offset} {length} {trace}\n" for offset, length, trace in made.places))


def _attributes(name: str, agent: str, conversation: str, chance: random.Random) -> dict[str, Any]:
    """What a span of that name tells, by the semantic conventions."""
    agentic = {"gen_ai.provider.name": "openai", "gen_ai.agent.name": agent, "gen_ai.conversation.id": conversation}
    model = {"gen_ai.request.model": "gpt-5-mini", "server.address": "api.openai.com", "server.port": 443}
    match name.split(maxsplit=1)[0]:
        case "invoke_agent":
            return {
                "gen_ai.operation.name": "invoke_agent",
                **agentic,
                **model,
                "gen_ai.agent.id": f"asst_{agent}",
                "gen_ai.output.type": "text",
                "gen_ai.usage.input_tokens": 3 * TOKENS[0],
                "gen_ai.usage.output_tokens": 3 * TOKENS[1],
            }
        case "chat":
            return {
                "gen_ai.operation.name": "chat",
                **agentic,
                **model,
                "gen_ai.response.model": "gpt-5-mini-2025-08-07",
                "gen_ai.response.id": f"chatcmpl-{chance.randbytes(12).hex()}",
                "gen_ai.request.temperature": 0.2,
                "gen_ai.request.max_tokens": 1024,
                "gen_ai.response.finish_reasons": ["stop"],
                "gen_ai.usage.input_tokens": TOKENS[0],
                "gen_ai.usage.output_tokens": TOKENS[1],
            }
        case "execute_tool":
            return {
                "gen_ai.operation.name": "execute_tool",
                **agentic,
                "gen_ai.tool.name": "buscar_pedido",
                "gen_ai.tool.type": "function",
                "gen_ai.tool.call.id": f"call_{chance.randbytes(12).hex()}",
                "gen_ai.tool.description": "Busca um pedido pelo número",
                "code.function.name": "loja.pedidos.buscar",
                "thread.id": 140_245,
            }
        case "SELECT":
            return {
                "db.system.name": "postgresql",
                "db.namespace": "loja",
                "db.operation.name": "SELECT",
                "db.collection.name": "pedidos",
                "db.query.text": "SELECT id, estado, total FROM pedidos WHERE id = $1",
                "server.address": "db.loja.internal",
                "server.port": 5432,
            }
        case _:
            return {
                "http.request.method": "POST",
                "url.full": "https://api.openai.com/v1/chat/completions",
                "server.address": "api.openai.com",
                "server.port": 443,
                "http.response.status_code": 200,
                "network.protocol.version": "2",
                "http.request.body.size": chance.randrange(500, 9000),
            }


def _pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: Any) -> dict[str, Any]:  # noqa: ANN401 - Any attribute.
    if isinstance(value, list):
        return {"array_value": {"values": [_value(item) for item in value]}}
    return {{str: "string_value", int: "int_value", float: "double_value"}[type(value)]: value}
