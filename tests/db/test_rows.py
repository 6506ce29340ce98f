"""Values go in and come out the same through both kinds of Conn."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from psycopg.types.json import Jsonb

from alquimista.access import PLATFORM_TENANT
from alquimista.db.pool import Database
from alquimista.db.statement import Conn, NoRow, Statement
from alquimista.db.tenancy import tenant_transaction


class Color(StrEnum):
    GOLD = "gold"
    BLACK = "black"


class Value(msgspec.Struct, frozen=True):
    value: Any


class Painted(msgspec.Struct, frozen=True):
    color: Color
    other: Color | None
    all_colors: tuple[Color, ...]
    names: tuple[str, ...]
    plain: list[str]


@dataclass(frozen=True, slots=True)
class Pair:
    left: int
    right: str | None


@pytest.fixture(params=["single statement", "transaction"])
async def conn(request: pytest.FixtureRequest, db: Database) -> AsyncIterator[Conn]:
    if request.param == "single statement":
        yield db.tenant(PLATFORM_TENANT)
    else:
        async with tenant_transaction(db, PLATFORM_TENANT) as transaction:
            yield transaction


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("uuid", UUID("0198c5f0-0000-7000-8000-000000000001")),
        ("timestamptz", datetime(2026, 7, 4, 12, 30, 15, 123456, tzinfo=UTC)),
        ("date", date(2026, 2, 28)),
        ("interval", timedelta(days=1, seconds=5, microseconds=7)),
        ("text", "ação — ✓ 100% %(x)s %% $1 'quoted' \\"),
        ("text", ""),
        ("int4", -7),
        ("int8", 2**62),
        ("float8", 0.1),
        ("numeric", Decimal("12345678901234567890.12345")),
        ("bool", True),
        ("bytea", bytes(range(256))),
        ("jsonb", {"a": [1, None, {"b": "ç"}], "c": 1.5}),
        ("inet", IPv4Address("203.0.113.9")),
        ("uuid[]", [PLATFORM_TENANT, None]),
        ("text[]", ["a", 'with "quotes"', "NULL", "", None]),
        ("text[]", []),
        ("int8[]", [1, 2**40]),
        ("timestamptz[]", [datetime(2026, 1, 1, tzinfo=UTC)]),
        ("bytea[]", [b"\x00\xff", b""]),
    ],
)
async def test_a_value_comes_back_as_it_was_sent(conn: Conn, kind: str, value: object):
    echo = Statement(f"SELECT %(value)s::{kind} AS value", Value)
    assert await conn.fetch(echo, value=value) == [Value(value)]
    assert await conn.fetch(echo, value=None) == [Value(None)]


async def test_times_of_other_zones_come_back_in_utc(conn: Conn):
    local = datetime(2026, 7, 4, 9, 0, tzinfo=timezone(timedelta(hours=-3)))
    row = await conn.fetch_one(Statement("SELECT %(value)s::timestamptz AS value", Value), value=local)
    assert row is not None
    assert row.value == local
    assert row.value.utcoffset() == timedelta()


async def test_lists_of_documents_are_sent_as_jsonb(conn: Conn):
    statement = Statement("SELECT jsonb_agg(d ORDER BY d->'n') AS value FROM unnest(%(docs)s::jsonb[]) d", Value)
    documents = [{"n": 1}, {"n": 2, "m": None}]
    assert await conn.fetch(statement, docs=[Jsonb(document) for document in documents]) == [Value(documents)]
    assert await conn.fetch(statement, docs=documents) == [Value(documents)]


async def test_enum_and_tuple_fields_hold_what_they_declare(conn: Conn):
    statement = Statement(
        "SELECT 'gold' AS color, NULL::text AS other, array['black', 'gold'] AS all_colors, array['x'] AS names, "
        "array['y'] AS plain",
        Painted,
    )
    assert await conn.fetch(statement) == [Painted(Color.GOLD, None, (Color.BLACK, Color.GOLD), ("x",), ["y"])]
    row = await conn.fetch_one(statement)
    assert row is not None
    assert isinstance(row.color, Color)


async def test_a_dataclass_is_a_row_type_too_and_a_parameter_may_be_used_twice(conn: Conn):
    statement = Statement('SELECT %(n)s::int4 AS "left", NULLIF(%(n)s::text, \'1\') AS "right"', Pair)
    assert await conn.fetch(statement, n=1) == [Pair(1, None)]


async def test_the_number_of_rows_touched_is_told(conn: Conn):
    assert await conn.execute(Statement("SELECT n FROM generate_series(1, 3) n", NoRow)) == 3


async def test_a_text_that_the_server_cannot_hold_is_refused_before_it_is_sent(conn: Conn):
    with pytest.raises(psycopg.DataError):
        await conn.fetch(Statement("SELECT %(value)s::text AS value", Value), value="a\x00b")


async def test_thousands_of_rows_and_megabytes_come_whole(conn: Conn):
    many = await conn.fetch(Statement("SELECT n AS value FROM generate_series(1, 20000) n", Value))
    assert [row.value for row in many] == list(range(1, 20001))
    big = "x" * 5_000_000
    assert await conn.fetch(Statement("SELECT %(value)s::text AS value", Value), value=big) == [Value(big)]
