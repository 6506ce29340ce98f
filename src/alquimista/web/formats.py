"""Figures, money, dates and spans of time as a reader of a locale and time zone writes them."""

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers

_BABEL: Final = {"pt-BR": Locale("pt", "BR"), "en": Locale("en", "US")}
_MARKS: Final = {
    name: str.maketrans(",.", numbers.get_group_symbol(locale) + numbers.get_decimal_symbol(locale))
    for name, locale in _BABEL.items()
}
NOTHING: Final = "–"
_WHOLE: Final = re.compile(r"[0-9]{1,18}|[0-9]{1,3}(?:\.[0-9]{3}){1,5}")
_AMOUNT: Final = re.compile(r"(?:R\$\s*)?([0-9]{1,12}|[0-9]{1,3}(?:\.[0-9]{3}){1,3})(?:,([0-9]{1,2}))?")

Number = int | float


def babel(locale: str) -> Locale:
    """Babel's locale for one of i18n.LOCALES."""
    return _BABEL[locale]


def number(value: Number | None, locale: str, *, places: int = 0) -> str:
    """A figure with grouping; a dash when there is none."""
    if value is None:
        return NOTHING
    # As Babel writes and rounds it, without parsing a pattern each time: 1 µs instead of 33, a hundred times in a page.
    text = f"{value:,}" if isinstance(value, int) and not places else f"{Decimal(str(value)):,.{places}f}"
    return text.translate(_MARKS[locale])


def compact(value: Number | None, locale: str) -> str:
    """A short figure for axes and tight cards: 71,4 mil; 1.2M. Below ten thousand it is written in full."""
    if value is None:
        return NOTHING
    if abs(value) < 10_000:
        return number(value, locale)
    return numbers.format_compact_decimal(value, fraction_digits=1, locale=babel(locale))


def percent(value: Number | None, locale: str, *, places: int = 1) -> str:
    """A percentage given as 0 to 100. A rate just short of 100 is never rounded up to it: failures stay visible."""
    if value is None:
        return NOTHING
    rate, step = float(value), 10.0**-places
    shown = 100 - step if 100 - step / 2 <= rate < 100 else rate
    return number(shown, locale, places=0 if shown in {0, 100} else places) + "%"


def change(value: Number | None, locale: str) -> str:
    """A relative change given as percent, with its sign."""
    if value is None:
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value), locale, places=1)}%"


def points(value: Number | None, locale: str) -> str:
    """A difference of two percentages, in percentage points, with its sign."""
    if value is None:
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value), locale, places=1)}\u00a0{'p.p.' if locale == 'pt-BR' else 'pts'}"


@lru_cache(maxsize=8192)  # Of a company's agents few have a new cost when its page is made anew: 60 µs for each other.
def money(value: Number | Decimal | None, locale: str, *, currency: str = "BRL") -> str:
    """An amount in units of the currency (reais, not cents)."""
    return NOTHING if value is None else numbers.format_currency(value, currency, locale=babel(locale))


def in_cents(value: int | None, locale: str, *, currency: str = "BRL") -> str:
    """An amount in cents of the currency."""
    return NOTHING if value is None else money(Decimal(value) / 100, locale, currency=currency)


def cnpj(value: str) -> str:
    """A CNPJ as it is written: 11.222.333/0001-81. What has another length is left as it is."""
    if len(value) != 14:
        return value
    return f"{value[:2]}.{value[2:5]}.{value[5:8]}/{value[8:12]}-{value[12:]}"


def reais(cents: int) -> str:
    """Cents as they are typed into a form, in Brazilian notation whatever the reader's language: 1.234,56."""
    return f"{number(cents // 100, 'pt-BR')},{cents % 100:02}"


def cents(text: str) -> int | None:
    """What is typed as an amount in reais, exactly: 1.234,56, R$ 1234,5 or 1.234; None when it is no such amount.

    A point only groups thousands, so that 12.34 is refused instead of being taken for a hundred times as much.
    """
    typed = _AMOUNT.fullmatch(text.strip())
    if typed is None:
        return None
    return int(typed[1].replace(".", "")) * 100 + int((typed[2] or "").ljust(2, "0"))


def count(text: str) -> int | None:
    """A whole number as it is typed, with or without its thousands grouped; None when it is none."""
    typed = text.strip()
    return int(typed.replace(".", "")) if _WHOLE.fullmatch(typed) else None


def duration(milliseconds: Number | None, locale: str) -> str:
    """A response time: 840 ms; 1,8 s; 2,5 min."""
    if milliseconds is None:
        return NOTHING
    if milliseconds < 1000:
        return f"{number(round(milliseconds), locale)}\u00a0ms"
    seconds = float(milliseconds) / 1000
    if seconds < 60:
        return f"{number(seconds, locale, places=1)}\u00a0s"
    return f"{number(seconds / 60, locale, places=1)}\u00a0min"


def day(value: date, locale: str) -> str:
    """A calendar day: 21 de nov. de 2026."""
    return dates.format_date(value, "medium", locale=babel(locale))


@lru_cache(
    maxsize=2048
)  # The days of two years in two languages: 30 µs each otherwise, and a page has a month of them.
def short_day(value: date, locale: str) -> str:
    """A calendar day of this year, for axes and narrow tables: 21 de nov."""
    return dates.format_skeleton("MMMd", value, locale=babel(locale))


def day_of(value: datetime, zone: str) -> date:
    """The calendar day that a moment is in."""
    return value.astimezone(tz(zone)).date()


def moment(value: datetime | None, locale: str, zone: str) -> str:
    """A date and time in the reader's zone, which has no default: a time in another would look as right."""
    if value is None:
        return NOTHING
    return dates.format_datetime(value, "medium", tzinfo=tz(zone), locale=babel(locale))


def ago(value: datetime | None, locale: str, now: datetime) -> str:
    """How long ago, in words: há 3 minutos. Less than a minute is shown as the first minute, never as the future."""
    if value is None:
        return NOTHING
    seconds = min((value - now).total_seconds(), -1.0)
    if seconds > -60:
        return {"pt-BR": "agora", "en": "just now"}[locale]
    return dates.format_timedelta(
        value - now, granularity="minute", threshold=1, add_direction=True, locale=babel(locale)
    )


def span(began: datetime, locale: str, ended: datetime) -> str:
    """How long something lasted, in its two largest units: 4 min; 2 h 5 min; 1.203 d 4 h."""
    minutes = max(0, int((ended - began).total_seconds()) // 60)
    hours, days = minutes // 60, minutes // 1440
    if days:
        return f"{number(days, locale)}\u00a0d {hours % 24}\u00a0h"
    if hours:
        return f"{hours}\u00a0h {minutes % 60}\u00a0min"
    return f"{minutes}\u00a0min" if minutes else "<\u00a01\u00a0min"


def tz(zone: str) -> tzinfo:
    """The zone by its IANA name. Tenants hold checked names; an empty one is UTC."""
    return ZoneInfo(zone) if zone else UTC
