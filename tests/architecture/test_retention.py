"""docs/retention.md leaves out nothing that the code deletes because it is old."""

import pytest

from support.data_model import PAGE
from support.retention import KEPT, deleted_by_age

NAMED = {table for one in KEPT for table in one.tables}


def test_what_is_deleted_by_age_is_found():
    assert ("fibonacci_core.traces", "traces.py") in deleted_by_age()


@pytest.mark.parametrize(("table", "file"), [*deleted_by_age()])
def test_every_table_that_forgets_has_a_row(table, file):
    assert table in NAMED, f"{file} deletes old rows of {table}: tell for how long in tests/support/retention.py"


def test_every_table_that_is_named_exists():
    model = PAGE.read_text()
    full = [table if "." in table else f"alquimista_platform.{table}" for table in NAMED]
    assert [table for table in full if f"### {table}\n" not in model] == []
