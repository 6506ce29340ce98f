"""Packed arrays and rows mean to PostgreSQL what they meant to Python, on both kinds of connection."""

from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alquimista.clock import new_id
from alquimista.db.rows import Packed
from alquimista.db.statement import Statement
from alquimista.db.tenancy import tenant_transaction
from alquimista.usage.models.events import Row
from alquimista.usage.queries import ingest, packed


class Back(msgspec.Struct, frozen=True):
    texts: list[str]
    documents: list[object]
    uuids: list[UUID | None]
    int4s: list[int]
    int8s: list[int]
    booleans: list[bool]
    moments: list[datetime | None]
    days: list[date]


BACK = Statement(
    """
    SELECT %(texts)s::text[] AS texts, %(documents)s::jsonb[] AS documents, %(uuids)s::uuid[] AS uuids,
      %(int4s)s::integer[] AS int4s, %(int8s)s::bigint[] AS int8s, %(booleans)s::boolean[] AS booleans,
      %(moments)s::timestamptz[] AS moments, %(days)s::date[] AS days
    """,
    Back,
)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words, lambda inner: st.dictionaries(words, inner)
)


@given(
    st.builds(
        Back,
        st.lists(words | st.sampled_from(["", '"', "NULL", "{}", ",", "\\"])),
        st.lists(json),
        st.lists(st.none() | st.uuids()),
        st.lists(st.integers(-(2**31), 2**31 - 1)),
        st.lists(st.integers(-(2**63), 2**63 - 1)),
        st.lists(st.booleans()),
        st.lists(st.none() | st.datetimes(timezones=st.just(UTC))),
        st.lists(st.dates()),
    )
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_arrays_come_back_as_they_went(db, sent):
    given_lists = msgspec.structs.asdict(sent) | {"documents": list(map(msgspec.json.encode, sent.documents))}
    params = {name: getattr(packed, name)(values) for name, values in given_lists.items()}
    assert await db.tenant(new_id()).fetch_one(BACK, **params) == sent
    async with tenant_transaction(db, new_id()) as conn:
        assert await conn.fetch_one(BACK, **params) == sent


class Came(msgspec.Struct, frozen=True):
    id: UUID
    agent_id: UUID
    occurred_at: datetime
    cost_micros: int
    response_time_ms: int
    input_tokens: int
    output_tokens: int
    requests: int
    status: str
    currency: str
    model: str
    source: str
    trace_id: str
    span_id: str
    event_id: str


ROWS = Statement("SELECT * FROM unnest(%(rows)s::alquimista_platform.sent_request[])", Came)
SOUTH = timezone(timedelta(hours=-3))
int4s = st.integers(-(2**31), 2**31 - 1)
rows = st.builds(
    Row,
    st.binary(min_size=16, max_size=16),
    st.uuids(),
    st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.sampled_from([UTC, SOUTH])),  # noqa: DTZ001 - They get one.
    st.integers(-(2**63), 2**63 - 1),
    int4s,
    int4s,
    int4s,
    st.integers(-1, 1),
    *[words] * 7,
)


@given(st.lists(rows, max_size=4))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_rows_come_back_as_they_went(db, sent):
    array = Packed(ingest._ARRAY(1, 0, 0, len(sent), 1) + b"".join(map(ingest.packed, sent)))
    assert await db.tenant(new_id()).fetch(ROWS, rows=array) == [
        Came(UUID(bytes=row.key), *msgspec.structs.astuple(row)[1:]) for row in sent
    ]
