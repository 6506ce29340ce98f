"""Three visits a page are enough, since neighbouring pages are looked at in other ways."""

from itertools import combinations, product

import pytest

from support.ways import WIDTHS, of_page

THEMES, LANGUAGES = ("light", "dark"), ("pt-BR", "en")


@pytest.mark.parametrize("start", range(8))
def test_four_neighbouring_pages_are_seen_in_every_width_theme_and_language(start):
    seen = [way for index in range(start, start + 4) for _, *way in of_page(index, ["one"])]
    assert sorted(map(tuple, seen)) == sorted(product(WIDTHS, THEMES, LANGUAGES))


@pytest.mark.parametrize("index", range(8))
def test_a_page_is_seen_in_each_width_both_themes_and_both_languages(index):
    _, *rest = zip(*of_page(index, ["one"]), strict=True)
    assert [set(values) for values in rest] == [set(WIDTHS), set(THEMES), set(LANGUAGES)]


def test_each_pair_of_width_theme_and_language_is_met_by_half_of_the_pages():
    for one, other in combinations((1, 2, 3), 2):
        pages = [{(way[one], way[other]) for way in of_page(index, ["one"])} for index in range(8)]
        assert all(sum(pair in met for met in pages) >= 4 for pair in set.union(*pages))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_every_reader_is_seen_in_every_way_over_the_pages(count):
    readers = list(range(count))
    seen = {way for index in range(4 * count) for way in of_page(index, readers)}
    assert seen == set(product(readers, WIDTHS, THEMES, LANGUAGES))
