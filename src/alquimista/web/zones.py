"""Time zones and languages as forms offer them: Brazil's zones first, then the world's, by continent."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global
from babel.dates import get_timezone_location

from alquimista.i18n import N_, Text
from alquimista.tenants.models import time_zones, whole_hours
from alquimista.web import formats

LANGUAGES: Final = {"pt-BR": "Português (Brasil)", "en": "English"}
_BRAZIL: Final = "BR"
_PLACES: Final = {
    _BRAZIL: N_("Brazil"),
    "America": N_("Americas"),
    "Europe": N_("Europe"),
    "Africa": N_("Africa"),
    "Asia": N_("Asia"),
    "Australia": N_("Australia"),
    "Pacific": N_("Pacific Ocean"),
    "Atlantic": N_("Atlantic Ocean"),
    "Indian": N_("Indian Ocean"),
}
Group = tuple[Text, Sequence[tuple[str, str]]]


def choices(chosen: str, locale: str, now: datetime) -> Sequence[Group]:
    """The zones to choose from, in groups of a name and what is shown for it; the chosen one is always among them."""
    groups = _groups(locale, now.date())
    if any(chosen == name for _, zones in groups for name, _ in zones):
        return groups
    return [(N_("Now"), [(chosen, chosen)]), *groups]


@lru_cache(maxsize=8)
def _groups(locale: str, day: date) -> Sequence[Group]:
    noon = datetime.combine(day, time(12), UTC)
    found: dict[str, list[tuple[timedelta, str, str]]] = {}
    for name, territory in get_global("zone_territories").items():
        place = _BRAZIL if territory == _BRAZIL else name.partition("/")[0]
        if place not in _PLACES or name not in time_zones() or not whole_hours(name):
            continue
        zone = ZoneInfo(name)
        offset = zone.utcoffset(noon.astimezone(zone)) or timedelta()
        city = get_timezone_location(zone, locale=formats.babel(locale), return_city=True)
        found.setdefault(place, []).append((offset, city, name))
    return [
        (label, [(name, f"{city} ({_offset(offset)})") for offset, city, name in sorted(found[place])])
        for place, label in _PLACES.items()
    ]


def _offset(offset: timedelta) -> str:
    hours = offset // timedelta(hours=1)
    return f"UTC{'−' if hours < 0 else '+'}{abs(hours)}"
