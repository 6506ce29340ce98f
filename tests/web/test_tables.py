"""Tables whose state lives in the address."""

from hypothesis import given
from hypothesis import strategies as st

from alquimista.web.tables import PAGE_SIZE, arrange

KEYS = {"name": lambda row: row[0], "value": lambda row: row[1]}
ROWS = st.lists(st.tuples(st.text(max_size=3), st.none() | st.integers()))


def table(rows, *, sort="value", descending=True, page=1):
    return arrange(
        rows, keys=KEYS, sort=sort, descending=descending, page=page, id="t", path="/x", query={"p": "7d"}, target="m"
    )


@given(ROWS, st.booleans())
def test_all_pages_together_hold_every_row_once_and_blanks_last(rows, descending):
    pages = table(rows).pages
    seen = [row for page in range(1, pages + 1) for row in table(rows, descending=descending, page=page).rows]
    assert sorted(seen, key=repr) == sorted(rows, key=repr)
    values = [value for _, value in seen]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=descending)
    assert values[: len(known)] == known


@given(ROWS, st.integers(-(10**9), 10**9))
def test_any_page_number_shows_a_page(rows, page):
    shown = table(rows, page=page)
    assert 1 <= shown.page <= shown.pages
    assert len(shown.rows) <= PAGE_SIZE


def test_links_turn_around_keep_the_query_and_escape():
    links = table([("a", 1)])
    assert "p=7d&amp;sort=value&amp;order=asc" in links.by("value")
    assert "sort=name&amp;order=asc" in links.by("name")
    assert 'hx-push-url="true"' in links.at(2)
