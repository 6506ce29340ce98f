"""The OpenAPI document: complete, consistent, and true of what the application does."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
import schemathesis
from msgspec import Meta

from alquimista.access import ActorKind, Permission
from alquimista.errors import Conflict
from alquimista.http import health, openapi
from alquimista.http.pagination import Page
from alquimista.http.routes import Cache, Limit, TenantScope
from alquimista.i18n import N_
from support.web import guarded, route


class Filter(Page, frozen=True):
    status: Literal["open", "closed"] = "open"
    agent_id: UUID | None = None


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing."""

    name: Annotated[str, Meta(min_length=1, description="What it is called.")]
    count: int = 0


class Taken(Conflict):
    code = "taken"
    message = N_("The name {name} is taken.")


TABLE = (
    *health.ROUTES,
    guarded(
        "GET",
        "/items",
        tag="items",
        scope=TenantScope.OWN,
        query=Filter,
        response=list[Item],
        cache=Cache(ttl=1, max_age=1, topics=()),
        limits=(Limit(count=1, seconds=1, per=("ip",)),),
        example=[Item("a")],
    ),
    guarded(
        "POST", "/items", tag="items", body=Item, response=Item, status=201, problems=(Taken,), example=Item("a", 1)
    ),
    guarded("DELETE", "/items/{item_id:uuid}", tag="items", response=None, kinds=frozenset({ActorKind.API_KEY})),
    route("POST", "/raw", raw_body=True, media=("application/x-protobuf", "application/json"), response=Item),
    route("GET", "/page", page=True, documented=False),
)


@pytest.fixture
def document(plain_settings):
    return openapi.build(TABLE, plain_settings)


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_documented_route_is_there_and_no_other(document):
    operations = {(path, method) for path, item in document["paths"].items() for method in item}
    assert operations == {
        ("/health", "get"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
        ("/items", "get"),
        ("/items", "post"),
        ("/items/{item_id}", "delete"),
        ("/raw", "post"),
    }


def test_every_reference_leads_somewhere_and_names_are_unique(document):
    for reference in references(document):
        name = reference.removeprefix("#/components/schemas/")
        assert name in document["components"]["schemas"], reference
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def test_parameters_are_the_querys_fields_and_the_paths(document):
    parameters = {p["name"]: p for p in document["paths"]["/items"]["get"]["parameters"]}
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
    assert parameters["limit"]["description"] == "How many items to answer."
    assert parameters["status"]["schema"] == {"enum": ["closed", "open"], "default": "open"}
    assert parameters["tenant_id"]["schema"]["format"] == "uuid"
    (item_id,) = document["paths"]["/items/{item_id}"]["delete"]["parameters"]
    assert (item_id["in"], item_id["required"], item_id["schema"]["format"]) == ("path", True, "uuid")


def test_problems_follow_from_a_routes_fields(document):
    read = document["paths"]["/items"]["get"]["responses"]
    assert set(read) == {"200", "304", "400", "401", "403", "404", "405", "429", "503"}
    write = document["paths"]["/items"]["post"]["responses"]
    assert set(write) == {"201", "400", "401", "403", "405", "408", "409", "413", "415", "503"}
    assert set(document["paths"]["/health/live"]["get"]["responses"]) == {"200", "400", "405"}
    assert set(document["paths"]["/health/ready"]["get"]["responses"]) == {"200", "400", "405", "503"}
    assert set(document["paths"]["/items/{item_id}"]["delete"]["responses"]) >= {"204", "404"}
    sample = write["409"]["content"]["application/problem+json"]["examples"]["taken"]["value"]
    assert (sample["status"], sample["error"], sample["detail"]) == (409, "taken", "The name <name> is taken.")


def test_examples_and_permissions_are_shown(document):
    read, write = document["paths"]["/items"]["get"], document["paths"]["/items"]["post"]
    assert read["responses"]["200"]["content"]["application/json"]["example"] == [{"name": "a", "count": 0}]
    assert write["requestBody"]["content"]["application/json"]["example"] == {"name": "a", "count": 1}
    assert read["x-permission"] == Permission.USAGE_READ.value
    assert write["security"] == [{"session": []}, {"accessToken": []}]
    assert document["paths"]["/items/{item_id}"]["delete"]["security"] == [{"apiKey": []}]
    assert document["paths"]["/health"]["get"]["security"] == []
    assert set(document["paths"]["/raw"]["post"]["requestBody"]["content"]) == {
        "application/x-protobuf",
        "application/json",
    }


def test_integers_are_bounded_as_they_are_accepted(document):
    item = document["components"]["schemas"]["Item"]
    assert item["properties"]["count"]["maximum"] == 2**63 - 1
    assert item["additionalProperties"] is False
    assert item["description"] == "One thing."


async def test_it_is_served_whole_and_may_be_stored(connect, plain_settings):
    client = connect(*TABLE, openapi.route(TABLE, plain_settings))
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.json() == openapi.build(TABLE, plain_settings)


async def test_a_schemathesis_reader_takes_the_document(document):
    schema = schemathesis.openapi.from_dict(document)
    assert sum(1 for _ in schema.get_all_operations()) == 7
    schema.validate()
