"""How figures, money, time and change are written."""

from datetime import UTC, date, datetime, timedelta

import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from alquimista.i18n import LOCALES
from alquimista.web import formats, views
from alquimista.web.charts import LineChart, Quota, Series, sparkline

NOW = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "portuguese", "english"),
    [(0, "0", "0"), (9_999, "9.999", "9,999"), (71_400, "71,4 mil", "71.4K"), (1_234_567, "1,2 mi", "1.2M")],
)
def test_compact_figures(value, portuguese, english):
    assert plain(formats.compact(value, "pt-BR")) == portuguese
    assert plain(formats.compact(value, "en")) == english


@given(st.integers(-(10**15), 10**15) | st.floats(-1e12, 1e12), st.sampled_from(LOCALES), st.integers(0, 3))
def test_figures_are_written_and_rounded_as_babel_does(value, locale, places):
    pattern = "#,##0" + ("." + "0" * places if places else "")
    expected = format_decimal(value, pattern, locale=formats.babel(locale))
    assert formats.number(value, locale, places=places) == expected


@pytest.mark.parametrize(
    ("value", "shown"),
    [(100, "100%"), (99.99, "99,9%"), (99.4, "99,4%"), (0, "0%"), (0.04, "0,0%"), (None, "–")],
)
def test_a_rate_short_of_everything_is_never_shown_as_everything(value, shown):
    assert formats.percent(value, "pt-BR") == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"), [(0, "0 ms"), (839.6, "840 ms"), (1_840, "1,8 s"), (150_000, "2,5 min"), (None, "–")]
)
def test_response_times(milliseconds, shown):
    assert plain(formats.duration(milliseconds, "pt-BR")) == shown


def test_money():
    assert plain(formats.money(1234.5, "pt-BR")) == "R$ 1.234,50"
    assert plain(formats.money(1234.5, "en")) == "R$1,234.50"
    assert plain(formats.money(3, "en", currency="USD")) == "$3.00"


def test_changes_carry_their_sign_in_typography():
    assert formats.change(-7.14, "pt-BR") == "−7,1%"
    assert formats.change(12.0, "en") == "+12.0%"
    assert plain(formats.points(-0.3, "pt-BR")) == "−0,3 p.p."


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(seconds=5), "agora"),
        (timedelta(seconds=-40), "agora"),
        (timedelta(minutes=3), "há 3 minutos"),
        (timedelta(hours=1), "há 1 hora"),
        (timedelta(days=2), "há 2 dias"),
    ],
)
def test_how_long_ago(age, shown):
    assert formats.ago(NOW - age, "pt-BR", NOW) == shown


def test_moments_are_in_the_tenants_zone():
    assert "15:30" in formats.moment(NOW, "pt-BR", "America/Sao_Paulo")


def test_a_change_needs_something_to_compare_with():
    assert views.change(5, 0) is None
    assert views.change(None, 5) is None
    assert views.change(6, 5) == pytest.approx(20)
    assert views.better(0.9, "up") is None
    assert views.better(0.9, "up", noise=0.2) is True
    assert views.better(-3, "down") is True


@pytest.mark.parametrize(
    ("used", "limit", "width", "tone"),
    [
        (0, 10, 0, None),
        (8, 10, 80, "warn"),
        (10, 10, 100, "bad"),
        (15, 10, 100, "bad"),
        (5, None, 0, None),
        (0, 0, 0, None),
    ],
)
def test_quotas(used, limit, width, tone):
    quota = Quota(used, limit)
    assert (quota.width, quota.tone) == (width, tone)


def test_sparklines_stay_in_their_box_and_draw_nothing_of_nothing():
    assert sparkline([]) == sparkline([4.0]) == sparkline([0.0, 0.0]) == ""
    points = [tuple(map(float, p.split(","))) for p in sparkline([3, 1, 2], 96, 28).split()]
    assert [x for x, _ in points] == [0, 48, 96]
    assert all(0 <= y <= 28 for _, y in points)


def test_a_charts_data_cannot_leave_its_element():
    chart = LineChart((date(2026, 11, 20),), (Series("</script><b>", (3,)),))
    assert "<" not in chart.data()
    assert chart.path(0).startswith("M0.0 ")


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("1.234,56", 123_456),
        ("R$ 1.234,5", 123_450),
        (" 1234 ", 123_400),
        ("1.234", 123_400),
        ("0,01", 1),
        ("1.000.000,00", 100_000_000),
        ("12.34", None),
        ("1,234.56", None),
        ("1.23,4", None),
        ("-1", None),
        ("1,234", None),
        ("", None),
        ("٣", None),
    ],
)
def test_amounts_are_read_exactly_or_not_at_all(typed, cents):
    assert formats.cents(typed) == cents
    if cents is not None:
        assert formats.cents(formats.reais(cents)) == cents


@pytest.mark.parametrize(("typed", "number"), [("10.000", 10_000), ("999999", 999_999), ("1,5", None), ("1.00", None)])
def test_whole_numbers_are_read(typed, number):
    assert formats.count(typed) == number
