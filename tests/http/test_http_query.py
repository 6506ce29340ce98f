"""Query strings: read strictly, every mistake named."""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from msgspec import Meta

from alquimista.http.pagination import Page
from support.web import ACME, route


class Kind(StrEnum):
    A = "a"
    B = "b"


class Search(msgspec.Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=50)] = 20
    period: Literal["7d", "30d"] = "30d"
    agent_id: UUID | None = None
    kinds: list[Kind] = []
    ratio: float | None = None
    text: Annotated[str, Meta(max_length=3)] = ""
    big: int = 0
    open_only: bool = False


@pytest.fixture
def client(connect):
    return connect(route("GET", "/s", query=Search), route("GET", "/none"))


async def test_values_are_read_into_their_types(client):
    query = f"limit=5&period=7d&agent_id={ACME}&kinds=a&kinds=b&ratio=0.5&text=%C3%A9+x&big=-7&open_only=true"
    assert (await client.get(f"/s?{query}")).json()["query"] == {
        "limit": 5,
        "period": "7d",
        "agent_id": str(ACME),
        "kinds": ["a", "b"],
        "ratio": 0.5,
        "text": "é x",
        "big": -7,
        "open_only": True,
    }


@pytest.mark.parametrize(
    ("query", "field", "reason"),
    [
        ("limit=0", "limit", "Give 1 or more."),
        ("limit=51", "limit", "Give 50 or less."),
        ("limit=x", "limit", "Give a whole number."),
        ("limit=", "limit", "Give a whole number."),
        ("limit=1&limit=2", "limit", "Give this parameter once."),
        ("period=90d", "period", "Give one of: 7d, 30d."),
        ("agent_id=7", "agent_id", "Give a UUID, such as 01890a5d-ac96-774b-bcce-b302099a8057."),
        ("kinds=a&kinds=z", "kinds[1]", "Give one of: a, b."),
        ("ratio=nan", "ratio", "Give a number."),
        ("ratio=-Infinity", "ratio", "Give a number."),
        ("ratio=1e999", "ratio", "The number is too large or too small."),
        ("text=long", "text", "Write at most 3 characters."),
        ("text=%00", "text", "Remove the NUL character."),
        ("big=9223372036854775808", "big", "The number is too large or too small."),
        ("big=-9223372036854775809", "big", "The number is too large or too small."),
        ("open_only=yes", "open_only", "Give true or false."),
        ("tenant_id=x", "tenant_id", "Unknown parameter"),
        ("LIMIT=1", "LIMIT", "Unknown parameter"),
    ],
)
async def test_a_wrong_parameter_is_named_with_how_to_mend_it(client, query, field, reason):
    answer = await client.get(f"/s?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == "validation_error"
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert error["reason"].startswith(reason)


async def test_all_wrong_parameters_are_named_at_once(client):
    errors = (await client.get("/s?limit=x&period=x&agent_id=x")).json()["errors"]
    assert {error["field"] for error in errors} == {"limit", "period", "agent_id"}
    errors = (await client.get("/s?" + "&".join(f"p{n}=1" for n in range(60)))).json()["errors"]
    assert len(errors) == 20


async def test_an_unknown_parameter_is_refused_and_the_known_ones_listed(client):
    (error,) = (await client.get("/none?debug=1")).json()["errors"]
    assert error == {"field": "debug", "code": "unknown", "reason": "Unknown parameter; this address takes: none."}
    answer = await client.get("/none?debug=1", headers={"accept-language": "pt-BR"})
    assert answer.json()["errors"][0]["reason"] == "Parâmetro desconhecido; este endereço aceita: nenhum."


@pytest.mark.parametrize("query", ["text=%ff", "text=%ed%a0%80", "&".join(["a=1"] * 101)])
async def test_a_query_that_is_no_utf8_or_endless_is_refused(client, query):
    answer = await client.get(f"/s?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed_query")


async def test_equal_bytes_are_read_once_and_answered_alike(client):
    first, second = await client.get("/s?limit=7"), await client.get("/s?limit=7")
    assert first.json() == second.json()
    assert (await client.get("/s?limit=x")).status_code == (await client.get("/s?limit=x")).status_code == 400


async def test_a_page_is_bounded(connect):
    client = connect(route("GET", "/list", query=Page))
    assert (await client.get("/list")).json()["query"] == {"limit": 50, "offset": 0}
    assert (await client.get("/list?limit=101")).status_code == 400
    assert (await client.get("/list?offset=-1")).status_code == 400
    assert (await client.get("/list?offset=100001")).status_code == 400
