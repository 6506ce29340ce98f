"""A catalogue folder, read and checked."""

import tomllib
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from alquimista.agents.models.definitions import Sheet
from alquimista.billing.models.catalogue import Addon, Plan, SubNucleo
from alquimista.config import ConfigError

S = TypeVar("S", bound=msgspec.Struct)
SHIPPED: Final = Path(__file__).parent


class Catalogue(msgspec.Struct, frozen=True):
    """Everything that a folder offers."""

    agents: tuple[Sheet, ...]
    plans: tuple[Plan, ...]
    addons: tuple[Addon, ...]
    subnucleos: tuple[SubNucleo, ...]


class _Plans(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    plans: tuple[Plan, ...]
    addons: tuple[Addon, ...] = ()


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
    bundles = _read(folder / "subnucleos.toml", _SubNucleos).subnucleos
    _unique("slug", [agent.slug for agent in agents])
    _unique("number", [agent.number for agent in agents if agent.number is not None])
    _unique("plan", [plan.name for plan in prices.plans])
    _unique("add-on", [addon.name for addon in prices.addons])
    _unique("SubNúcleo", [one.name for one in bundles])
    slugs = {agent.slug for agent in agents}
    for one in bundles:
        if strange := set(one.agents) - slugs:
            raise ConfigError(
                f"subnucleos.toml: {one.name} names the agent {min(strange)}, which has no file in agents/."
            )
    return Catalogue(agents, prices.plans, prices.addons, bundles)


def _read(path: Path, kind: type[S]) -> S:
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), kind)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path.name}: {error}") from None


def _unique(what: str, found: list[Any]) -> None:
    for one in found:
        if found.count(one) > 1:
            raise ConfigError(f"The catalogue has the {what} {one} twice.")
