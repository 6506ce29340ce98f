"""What the OpenAPI document promises, held against the application: generated requests, right and wrong.

Deterministic: the same document gives the same requests. Each goes to a real server on a real database twice: from
somebody whom the operation admits, and from a stranger, a company's administrator, the staff's and an API key in turn.
"""

import itertools
import uuid

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
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
from support.fuzz import CALLERS, Caller, Scene, scene

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
TURNS = itertools.cycle(CALLERS)
SCHEMA = schemathesis.openapi.from_dict(documented.document())


@pytest.fixture(scope="module")
def fuzzed(migrated):
    with scene(migrated.settings) as running:
        yield running


def is_uuid(value) -> bool:
    try:
        return str(uuid.UUID(value)) == value.lower()
    except (ValueError, AttributeError, TypeError):
        return False


def aim(case: schemathesis.Case, caller: Caller) -> None:
    """Let the right ids of a request lead to the caller's own things: what is wrong with the rest then shows."""
    for name, thing in caller.things.items():
        if is_uuid(case.path_parameters.get(name)):
            case.path_parameters[name] = thing
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
    running.settle(kind, path, method, answer)
    assert answer.status_code != 429, "a limit hides what is behind it"
    case.validate_response(answer, checks=CHECKS, excluded_checks=[negative_data_rejection] if each(case) else [])


@SCHEMA.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_documented_and_wrong_requests_are_refused(case, fuzzed):
    call(fuzzed, case, admitted(case))
    call(fuzzed, case, next(TURNS))
