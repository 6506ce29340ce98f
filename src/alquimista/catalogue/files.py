"""A catalogue folder, read and checked."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from alquimista.agents.models.definitions import Sheet
from alquimista.billing.models.catalogue import Addon, Plan, SubNucleo, Validity
from alquimista.config import ConfigError

S = TypeVar("S", bound=msgspec.Struct)
P = TypeVar("P", Plan, Addon)
SHIPPED: Final = Path(__file__).parent


class Catalogue(msgspec.Struct, frozen=True):
    """Everything that a folder offers."""

    agents: tuple[Sheet, ...]
    plans: tuple[Plan, ...]
    addons: tuple[Addon, ...]
    subnucleos: tuple[SubNucleo, ...]
    validity: dict[str, Validity] = {}  # By the name of a plan or add-on, where its file says so.


class _Plans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plans: tuple[dict[str, Any], ...]
    addons: tuple[dict[str, Any], ...] = ()


class _SubNucleos(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    subnucleos: tuple[SubNucleo, ...]


def read(folder: Path = SHIPPED) -> Catalogue:
    """The catalogue of a folder.

    Raises:
        ConfigError: a file is missing, cannot be read, or says something that does not hold; the sentence names it.
    """
    files = sorted((folder / "agents").glob("*.toml"))
    if not files:
        raise ConfigError(f"There is no agents/*.toml in {folder}: a catalogue has a file for each agent.")
    agents = tuple(_read(path, Sheet) for path in files)
    prices = _read(folder / "plans.toml", _Plans)
    plans, plan_dates = _dated(prices.plans, Plan)
    addons, addon_dates = _dated(prices.addons, Addon)
    bundles = _read(folder / "subnucleos.toml", _SubNucleos).subnucleos
    _unique("slug", [agent.slug for agent in agents])
    _unique("number", [agent.number for agent in agents if agent.number is not None])
    _unique("plan", [plan.name for plan in plans])
    _unique("plan or add-on", [*(plan.name for plan in plans), *(addon.name for addon in addons)])
    _unique("SubNúcleo", [one.name for one in bundles])
    slugs = {agent.slug for agent in agents}
    for one in bundles:
        if strange := set(one.agents) - slugs:
            raise ConfigError(
                f"subnucleos.toml: {one.name} names the agent {min(strange)}, which has no file in agents/."
            )
    return Catalogue(agents, plans, addons, bundles, plan_dates | addon_dates)


def _dated(entries: tuple[dict[str, Any], ...], kind: type[P]) -> tuple[tuple[P, ...], dict[str, Validity]]:
    """Plans or add-ons, and the dates that some of them give beside what they are."""
    found, dates = [], {}
    for entry in entries:
        terms = {name: value for name, value in entry.items() if name not in Validity.__struct_fields__}
        given = {name: value for name, value in entry.items() if name in Validity.__struct_fields__}
        try:
            one = msgspec.convert(terms, kind)
            if given:
                dates[one.name] = _validity(given)
        except msgspec.ValidationError as error:
            raise ConfigError(f"plans.toml: {error}, of {entry.get('name', 'one without a name')}") from None
        found.append(one)
    return tuple(found), dates


def _validity(given: dict[str, Any]) -> Validity:
    for name, value in given.items():
        if not isinstance(value, datetime) or value.tzinfo is None:
            raise ConfigError(
                f"plans.toml: write {name} as a moment with its offset, such as 2027-01-01T00:00:00-03:00."
            )
    return msgspec.convert(given, Validity)


def _read(path: Path, kind: type[S]) -> S:
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), kind)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}") from None


def _unique(what: str, found: list[Any]) -> None:
    for one in found:
        if found.count(one) > 1:
            raise ConfigError(f"The catalogue has the {what} {one} twice.")
