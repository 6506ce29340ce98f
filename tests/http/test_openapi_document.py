"""The OpenAPI document of the real table: whole, valid, with examples that fit, and no promise that a route breaks."""

import json
import re
from collections import Counter

import jsonschema_rs
import msgspec
import pytest
import schemathesis

from alquimista.access import ActorKind
from alquimista.app import API
from alquimista.http.openapi_problems import refusals
from alquimista.http.problems import ProblemDocument
from support import documented

ROUTES = [route for route in API if route.documented]
DOCUMENT = documented.document()
OPERATIONS = {(p, m): operation for p, item in DOCUMENT["paths"].items() for m, operation in item.items()}


def operation_of(route):
    return OPERATIONS[re.sub(r":uuid\}", "}", route.path), route.method.lower()]


def fits(value, schema) -> list[str]:
    whole = {"allOf": [schema], "components": DOCUMENT["components"]}
    validator = jsonschema_rs.Draft202012Validator(whole, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def contents(operation):
    """Every media type's content of an operation, the body's and the answers'."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for answer in operation["responses"].values():
        yield from answer.get("content", {}).values()


def by_name(route):
    return f"{route.method} {route.path}"


def test_it_is_valid_openapi_3_1():
    assert DOCUMENT["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(json.loads(json.dumps(DOCUMENT))).validate()


def test_every_route_is_there_once_and_nothing_else_is():
    expected = Counter((re.sub(r":uuid\}", "}", route.path), route.method.lower()) for route in ROUTES)
    assert expected == Counter(OPERATIONS.keys())
    ids = Counter(operation["operationId"] for operation in OPERATIONS.values())
    assert set(ids.values()) == {1}


def test_only_pages_and_measurements_are_left_out():
    assert {route.path for route in API if not route.documented and not route.page} == {"/metrics"}


def test_every_schema_is_valid_and_every_one_is_used():
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
    assert used == set(DOCUMENT["components"]["schemas"])
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert name.isidentifier(), "two shapes share a name, so that their modules' names show"
        jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("route", ROUTES, ids=by_name)
class TestEveryOperation:
    def test_says_what_it_is_for(self, route):
        operation = operation_of(route)
        assert operation["summary"]
        assert not operation["summary"].endswith(".")
        assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}

    def test_asks_for_the_credentials_that_the_route_takes(self, route):
        schemes = {ActorKind.TOKEN: "accessToken", ActorKind.API_KEY: "apiKey", ActorKind.SESSION: "session"}
        expected = [{schemes[kind]: []} for kind in route.kinds] if route.permission else []
        shown = operation_of(route)["security"]
        assert sorted(shown, key=str) == sorted(expected, key=str)
        assert {name for one in shown for name in one} <= set(DOCUMENT["components"]["securitySchemes"])

    def test_shows_an_example_of_its_body_or_else_of_its_answer(self, route):
        operation = operation_of(route)
        if "requestBody" in operation:
            shown = [c for c in operation["requestBody"]["content"].values() if "schema" in c]
        else:
            shown = [
                content
                for status, answer in operation["responses"].items()
                if status.startswith("2")
                for content in answer.get("content", {}).values()
                if "schema" in content  # A file has neither.
            ]
        assert all("example" in content for content in shown)

    def test_shows_examples_that_fit_their_schemas(self, route):
        for content in contents(operation_of(route)):
            samples = [one["value"] for one in content.get("examples", {}).values()]
            for sample in [*samples, *([content["example"]] if "example" in content else [])]:
                assert fits(sample, content["schema"]) == []

    def test_documents_each_problem_with_its_code(self, route):
        responses = operation_of(route)["responses"]
        for status, classes in refusals(route).items():
            shown = responses[str(status)]["content"]["application/problem+json"]
            assert shown["schema"] == {"$ref": "#/components/schemas/ProblemDocument"}
            assert {kind.code for kind in classes} <= set(shown["examples"])
            for code, sample in shown["examples"].items():
                assert (sample["value"]["error"], sample["value"]["status"]) == (code, status)
                assert sample["value"]["type"] == f"urn:alquimista:problem:{code}"

    def test_names_every_path_parameter(self, route):
        declared = {p["name"] for p in operation_of(route)["parameters"] if p["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)", route.path))


def test_a_problem_has_the_fields_of_the_standard_and_of_the_founding_clients():
    problem = DOCUMENT["components"]["schemas"]["ProblemDocument"]
    names = {"type", "title", "status", "detail", "instance", "error", "message", "errors", "trace_id"}
    assert set(problem["properties"]) == set(problem["required"]) == names
    assert {field.encode_name for field in msgspec.structs.fields(ProblemDocument)} == names


def test_an_undocumented_answer_is_noticed():
    good = json.dumps({"ok": True}).encode()
    assert documented.complaint("GET", "/health/live", 200, "application/json", good) == ""
    assert "answers 418" in documented.complaint("GET", "/health/live", 418, "application/json", good)
    assert "text/html" in documented.complaint("GET", "/health/live", 200, "text/html", good)
    assert "boolean" in documented.complaint("GET", "/health/live", 200, "application/json", b'{"ok":1}')
    assert documented.complaint("GET", "/no/such/address", 404, "text/html", b"") == ""
