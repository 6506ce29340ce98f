"""Array literals mean to PostgreSQL what the list meant to Python."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alquimista.clock import new_id
from alquimista.db.statement import Statement
from alquimista.usage.queries.arrays import plain, texts


class Back(msgspec.Struct, frozen=True):
    words: list[str]
    numbers: list[int | None]


BACK = Statement("SELECT %(words)s::text[] AS words, %(numbers)s::bigint[] AS numbers", Back)
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
awkward = st.sampled_from(["", '"', "\\", "NULL", "null", "{}", ",", '","', '""', " a ", "\n", "a\\", "ação"])


@given(st.lists(words | awkward, max_size=8), st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=8))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_literals_come_back_as_they_went(db, given_words, numbers):
    back = await db.tenant(new_id()).fetch_one(BACK, words=texts(given_words), numbers=plain(numbers))
    assert back == Back(given_words, numbers)
