"""Bodies: bounded, decompressed, parsed strictly."""

import gzip
import json
import zlib
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

from alquimista.errors import TooLarge
from alquimista.http.body import gunzip
from alquimista.http.plan import FORM
from alquimista.http.refusals import MalformedBody
from support.web import route


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=10)]
    price: Annotated[int, Meta(ge=0)] = 0
    tags: dict[str, str] = {}


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    items: Annotated[list[Item], Meta(min_length=1, max_length=3)]
    note: str | None = None
    weight: float = 0.0
    count: int = 1


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str
    remember: bool = False


GOOD = {"items": [{"name": "é"}], "note": None}


@pytest.fixture
def client(connect):
    return connect(
        route("POST", "/orders", body=Order, body_limit=2000),
        route("POST", "/raw", raw_body=True, media=("application/x-protobuf", "application/json"), body_limit=100),
        route("POST", "/none"),
        route("POST", "/login", body=Login, media=("application/json", FORM)),
    )


async def test_a_good_body_reaches_the_handler(client):
    answer = await client.post("/orders", json=GOOD)
    assert answer.status_code == 200
    assert answer.json()["body"]["items"] == [{"name": "é", "price": 0, "tags": {}}]
    with_charset = {"content-type": "Application/JSON; charset=utf-8"}
    assert (await client.post("/orders", content=json.dumps(GOOD), headers=with_charset)).status_code == 200


async def test_every_wrong_field_is_named_by_its_path(client):
    body = {
        "items": [{"name": ""}, {"price": -1, "colour": 1}, {"name": "x", "tags": {"a": 1}}],
        "count": "1",
        "extra": 2,
    }
    answer = await client.post("/orders", json=body)
    assert answer.status_code == 400
    found = {error["field"]: (error["code"], error["reason"]) for error in answer.json()["errors"]}
    assert found == {
        "extra": ("unknown", "Unknown field: remove it."),
        "items[0].name": ("too_short", "Write at least 1 characters."),
        "items[1].colour": ("unknown", "Unknown field: remove it."),
        "items[1].name": ("required", "This field is required."),
        "items[1].price": ("too_small", "Give 0 or more."),
        "items[2].tags[...]": ("type", "Give a text."),
        "count": ("type", "Give a whole number."),
    }


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ('{"items": []}', "items", "Give at least 1 items."),
        ('{"items": [{"name":"a"},{"name":"a"},{"name":"a"},{"name":"a"}]}', "items", "Give at most 3 items."),
        ("{}", "items", "This field is required."),
        ("[]", "", "Give an object."),
        ("null", "", "Give an object."),
        ('{"items": {}}', "items", "Give a list."),
        ('{"items": [{"name":"a"}], "note": 1}', "note", "Give a text or null."),
        ('{"items": [{"name":"a"}], "weight": 1e999}', None, None),
        ('{"items": [{"name":"a"}], "count": 9223372036854775808}', "count", "The number is too large or too small."),
        ('{"items": [{"name":"a"}], "count": -9223372036854775809}', "count", "The number is too large or too small."),
        ('{"items": [{"name":"a\\u0000"}]}', "items[0].name", "Remove the NUL character."),
        ('{"items": [{"name":"a","tags":{"k\\u0000":"v"}}]}', "items[0].tags", "Remove the NUL character."),
    ],
)
async def test_a_wrong_value_is_refused_with_how_to_mend_it(client, body, field, reason):
    answer = await client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    if field is not None:
        assert answer.json()["errors"] == [{**answer.json()["errors"][0], "field": field, "reason": reason}]


async def test_int64s_bounds_themselves_are_taken(client):
    for count in (2**63 - 1, -(2**63)):
        assert (await client.post("/orders", json={**GOOD, "count": count})).json()["body"]["count"] == count


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"items": [{"name":"a"}]} x',
        b'{"items": [{"name":"\\ud800"}]}',
        b'{"items": [{"name":"\xff"}]}',
        b'\xef\xbb\xbf{"items": []}',
        b'{"weight": NaN}',
        b"name=a",
    ],
)
async def test_what_is_no_json_is_called_so(client, body):
    answer = await client.post("/orders", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed_body")
    assert "cannot be read" in answer.json()["detail"]


async def test_json_nested_without_end_is_refused(client, connect):
    class Open(msgspec.Struct, forbid_unknown_fields=True):
        value: object

    deep = connect(route("POST", "/open", body=Open, body_limit=10**6))
    for body in (
        b'{"value":' + b"[" * 10**5 + b"]" * 10**5 + b"}",
        b'{"value":' + b'{"a":' * 10**4 + b"1" + b"}" * 10**4 + b"}",
    ):
        answer = await deep.post("/open", content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed_body")


@pytest.mark.parametrize("media", [None, "text/plain", "application/xml", "multipart/form-data; boundary=x", FORM])
async def test_another_media_type_is_415_and_names_the_right_one(client, media):
    headers = {"content-type": media} if media else {}
    answer = await client.post("/orders", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


async def test_a_body_above_the_limit_is_413_by_its_length_or_by_its_stream(client):
    async def endless():
        while True:
            yield b"x" * 500

    for body in (b"x" * 2001, endless()):
        answer = await client.post("/orders", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 413
        assert "2000 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("length", ["-1", "x", "9" * 50, "1_0", "²"])
async def test_a_length_that_is_no_length_is_413(client, length):
    headers = {"content-type": "application/json", "content-length": length.encode("utf-8")}
    assert (await client.post("/orders", content=b"{}", headers=headers)).status_code == 413


async def test_gzip_is_understood_in_several_members_too(client):
    whole = json.dumps(GOOD).encode()
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    for body in (gzip.compress(whole), gzip.compress(whole[:9]) + gzip.compress(whole[9:])):
        assert (await client.post("/orders", content=body, headers=headers)).status_code == 200


def test_gzip_is_read_in_windows_wherever_its_members_end():
    texts = [b"a" * length for length in (0, 1, 20_000, 0, 9_000)] * 20 + [bytes(range(256)) * 100]
    packed = b"".join(gzip.compress(text) for text in texts) + gzip.compress(b"") * 2_000
    whole = b"".join(texts)
    assert gunzip(packed, len(whole)) == whole
    with pytest.raises(TooLarge):
        gunzip(packed, len(whole) - 1)
    with pytest.raises(MalformedBody):
        gunzip(packed[:-1], len(whole))


async def test_a_gzip_bomb_is_413_before_it_unfolds(client):
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) > 2000
    small = gzip.compress(bytes(1_000_000))
    assert len(small) < 2000
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    for body in (bomb, small, gzip.compress(b"") * 10 + small):
        assert (await client.post("/orders", content=body, headers=headers)).status_code == 413


@pytest.mark.parametrize(
    "damaged",
    # Without the time of day, by which the two runners of the tests would name them differently.
    [b"not gzip", gzip.compress(b"{}" * 50, mtime=0)[:-9], zlib.compress(b"{}"), gzip.compress(b"{}", mtime=0) + b"x"],
)
async def test_damaged_gzip_is_400(client, damaged):
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = await client.post("/orders", content=damaged, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed_body")


async def test_another_content_encoding_is_415(client):
    headers = {"content-type": "application/json", "content-encoding": "br"}
    answer = await client.post("/orders", content=b"{}", headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")


async def test_a_raw_body_is_left_to_the_handler(client):
    answer = await client.post("/raw", content=b"\x00\x01", headers={"content-type": "application/x-protobuf"})
    assert answer.json()["raw"] == "\x00\x01"
    too_much = await client.post("/raw", content=b"x" * 101, headers={"content-type": "application/x-protobuf"})
    assert too_much.status_code == 413
    assert (await client.post("/raw", content=b"x", headers={"content-type": "text/csv"})).status_code == 415


async def test_a_route_without_a_body_ignores_one(client):
    assert (await client.post("/none", content=b"{}")).status_code == 200


async def test_a_form_is_read_into_the_same_shape(client):
    answer = await client.post("/login", data={"email": "a@b", "password": "p", "remember": "true"})
    assert answer.json()["body"] == {"email": "a@b", "password": "p", "remember": True}
    assert (await client.post("/login", json={"email": "a@b", "password": "p"})).status_code == 200
    wrong = await client.post("/login", data={"email": "", "passwort": "p"})
    assert wrong.status_code == 400
    empty = await client.post("/login", data={"email": "", "password": "p"})
    assert empty.json()["errors"] == [{"field": "email", "code": "required", "reason": "This field is required."}]
    bad = await client.post("/login", content=b"email=%ff", headers={"content-type": FORM})
    assert bad.json()["error"] == "malformed_body"


def test_a_body_must_be_closed_to_unknown_fields(make_app):
    class Inner(msgspec.Struct):
        x: int

    class Outer(msgspec.Struct, forbid_unknown_fields=True):
        inners: dict[str, list[Inner | None]]

    with pytest.raises(ValueError, match="Inner must be declared with forbid_unknown_fields=True"):
        make_app(route("POST", "/x", body=Outer))
