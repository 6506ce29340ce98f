"""What the OpenAPI document promises, held against the application: generated requests, right and wrong.

Deterministic: the same document gives the same requests. Each goes to a real server on a real database twice: from
somebody whom the operation admits, and from a stranger, a company's administrator, the staff's and an API key in turn.
"""

import copy
import itertools
import uuid
from collections import defaultdict

import pytest
import schemathesis
from google.protobuf import json_format
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from support import documented
from support.fuzz import CALLERS, Caller, Scene, scene, without_streams

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
]
REACHED: dict[tuple[str, str], set[int]] = defaultdict(set)
# Only who knows a password, a mailed token, a refresh token, a code or a service's secret gets further; their own
# tests do.
NEED_A_SECRET = {
    "/api/billing/portal",
    "/api/billing/webhook",
    "/api/billing/webhook/{provider}",
    "/auth/login",
    "/auth/refresh",
    "/auth/invitations/accept",
    "/auth/invitations/read",
    "/auth/password/change",
    "/auth/password/reset",
    "/auth/signup/confirm",
    "/auth/totp/confirm",
    "/auth/totp/disable",
    "/tenant/integrations",
    "/tenant/integrations/oauth/google/start",
    "/tenant/integrations/{integration_id}/reconnect",
    "/tenant/integrations/{integration_id}/test",
}
TURNS = itertools.cycle(CALLERS)


@st.composite
def exports(draw) -> bytes:
    """An OTLP export in protobuf: the document's own example, whole or with some of its bytes changed, or any bytes."""
    content = documented.document()["paths"]["/v1/traces"]["post"]["requestBody"]["content"]
    good = json_format.ParseDict(content["application/json"]["example"], ExportTraceServiceRequest())
    body = bytearray(good.SerializeToString())
    for index, byte in draw(st.lists(st.tuples(st.integers(0, len(body) - 1), st.integers(0, 255)), max_size=8)):
        body[index] = byte
    return draw(st.just(bytes(body)) | st.binary(max_size=64))


SCHEMA = schemathesis.openapi.from_dict(without_streams(documented.document()))


@pytest.fixture(scope="module")
def fuzzed(migrated):
    with scene(migrated.settings) as running:
        yield running


def is_uuid(value) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except (ValueError, AttributeError, TypeError):
        return False


def parts(body) -> list[dict]:
    """The objects of a body that may name something: itself, its items, their data, and what is chosen."""
    items = [item for item in (body if isinstance(body, list) else [body]) if isinstance(item, dict)]
    return items + [item[name] for item in items for name in ("data", "choice") if isinstance(item.get(name), dict)]


def aim_part(part: dict, caller: Caller) -> None:
    """Let the right ids of an object lead to the caller's own things."""
    for name, thing in (caller.things | {"tenant_id": caller.tenant, "agent_id": caller.agent}).items():
        if is_uuid(part.get(name)):
            part[name] = thing
    mine = {"selectedAgents": caller.agent, **caller.things}
    for name in ("selectedAgents", "agents", "subnucleos"):
        chosen = part.get(name)
        if name in mine and isinstance(chosen, list) and all(map(is_uuid, chosen)):
            part[name] = [mine[name] for _ in chosen]


def aim(case: schemathesis.Case, caller: Caller) -> None:
    """Let the right ids of a request lead to the caller's own things: what is wrong with the rest then shows."""
    for name, thing in ({"tenant_id": caller.tenant} | caller.things).items():
        given = case.path_parameters.get(name)
        if is_uuid(given) or (name in {"slug", "name", "position"} and isinstance(given, str) and given.isalnum()):
            case.path_parameters[name] = thing
    if isinstance(case.body, dict | list):
        case.body = copy.deepcopy(case.body)  # It may be an example of the document itself.
    for part in parts(case.body):
        aim_part(part, caller)
    if isinstance(case.body, dict) and "name" in case.body and "name" in case.path_parameters:
        case.body["name"] = case.path_parameters["name"]
    if case.operation.query.get("tenant_id") is None:
        return
    if is_uuid(case.query.get("tenant_id")) or ("tenant_id" not in case.query and caller.internal):
        case.query["tenant_id"] = caller.tenant


def admitted(case: schemathesis.Case) -> str:
    """Whom the operation admits."""
    kinds = {name for alternative in case.operation.definition.raw["security"] for name in alternative}
    if case.path.startswith("/internal"):
        return "INTERNAL_ADMIN"
    return "API key" if case.path.startswith("/v1") else "TENANT_ADMIN" if kinds else "anonymous"


def each(case: schemathesis.Case) -> bool:
    """Whether the request is a list of events: each is then answered for itself."""
    return case.path.startswith("/v1") and isinstance(case.body, list)


def call(running: Scene, case: schemathesis.Case, kind: str) -> None:
    path, method = case.path, case.method
    caller = running.caller(kind, path)
    aim(case, caller)
    answer = case.call(base_url=running.url, session=running.session, headers=caller.headers)
    REACHED[method, path].add(answer.status_code)
    running.settle(kind, path, method, answer)
    assert answer.status_code != 429, "a limit hides what is behind it"
    case.validate_response(answer, checks=CHECKS, excluded_checks=[negative_data_rejection] if each(case) else [])


BOUNDED = settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.filterwarnings("ignore:Skipped test cases with unsupported payload media types")
@SCHEMA.parametrize()
@BOUNDED
def test_every_answer_is_documented_and_wrong_requests_are_refused(case, fuzzed):
    call(fuzzed, case, admitted(case))
    call(fuzzed, case, next(TURNS))


@settings(BOUNDED, max_examples=100)
@given(body=exports())
def test_damaged_exports_in_protobuf_are_answered_as_documented(fuzzed, body):
    headers = fuzzed.caller("API key", "/v1/traces").headers | {"content-type": "application/x-protobuf"}
    answer = fuzzed.session.post(f"{fuzzed.url}/v1/traces", data=body, headers=headers, timeout=10)
    media = answer.headers["content-type"]
    assert not documented.complaint("POST", "/v1/traces", answer.status_code, media, answer.content)
    assert answer.status_code in {200, 400}


def test_the_server_serves_the_document_that_was_tried(fuzzed):
    served = fuzzed.session.get(f"{fuzzed.url}/openapi.json", timeout=10).json()
    assert served["paths"] == documented.document()["paths"]
    assert served["components"]["schemas"] == documented.document()["components"]["schemas"]


def test_most_operations_did_their_work_too():
    """A request that is refused at the door tries nothing behind it."""
    operations = {(m.upper(), p) for p, item in documented.document()["paths"].items() for m in item}
    idle = {path for (m, path), seen in REACHED.items() if (m, path) in operations and min(seen) >= 300}
    assert idle <= NEED_A_SECRET
