"""What a browser says of itself, in two words that its owner recognises: Firefox, Windows."""

from dataclasses import dataclass
from typing import Final, Literal

from alquimista.i18n import N_, Text

# In this order: browsers also claim to be those that they are built on or like.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("HeadlessChrome", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python", "Python"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_IN_A_HAND: Final = frozenset({"iPhone", "Android"})


@dataclass(frozen=True, slots=True)
class Device:
    """Where a session is, as well as it can be told."""

    name: Text
    kind: Literal["program", "phone", "computer"]


def device_of(user_agent: str, *, program: bool) -> Device:
    """The device behind a User-Agent (RFC 9110, section 10.1.5); `program` for one that holds an access token."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    kind: Literal["program", "phone", "computer"]
    kind = "program" if program else "phone" if system in _IN_A_HAND else "computer"
    if browser and system:
        return Device(N_("{browser} on {system}", browser=browser, system=system), kind)
    if known := browser or system:
        return Device(Text(known), kind)
    return Device(N_("A program") if program else N_("Unknown device"), kind)


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    folded = text.lower()
    return next((name for mark, name in known if mark.lower() in folded), "")
