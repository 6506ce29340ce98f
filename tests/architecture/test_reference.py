"""The reference pages say what the code says."""

import pytest

from support.reference import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_code_says(name):
    assert (DOCS / name).read_text() == PAGES[name](), f"docs/{name} differs from the code: run make docs"
