"""Plans, add-ons and SubNúcleos: as the catalogue's files give them, and as versions in the database."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.agents.models.agents import Source
from alquimista.errors import Conflict
from alquimista.i18n import N_

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,49}$(?!\n)")]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$(?!\n)", max_length=64)]
Title = Annotated[str, Meta(min_length=1, max_length=100)]
Text = Annotated[str, Meta(max_length=2000)]
Cents = Annotated[int, Meta(ge=0, le=10**12)]
Count = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)")]


class _Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Tier(_Sheet, frozen=True):
    """Requests of a month beyond the plan's, up to the `up_to`-th (None: all the rest): `price_cents` for each `per`.

    A part of `per` that was begun counts whole.
    """

    per: Annotated[int, Meta(ge=1)]
    price_cents: Cents
    up_to: Annotated[int, Meta(ge=1)] | None = None


class Plan(_Sheet, frozen=True):
    """What a plan costs and holds. A year's price is for twelve months, paid at once."""

    name: Name
    display_name: Title
    description: Text
    currency: Currency
    price_monthly_cents: Cents
    price_yearly_cents: Cents
    max_subnucleos: Count
    max_agents: Count
    max_users: Count
    max_requests_per_month: Annotated[int, Meta(ge=0)]
    includes_fibonacci: bool
    features: Annotated[tuple[Title, ...], Meta(max_length=40)]
    overage_tiers: Annotated[tuple[Tier, ...], Meta(max_length=20)]
    sort_order: Count

    def __post_init__(self) -> None:
        """Tiers rise, and only the last may be open. Raises ValueError, which msgspec makes a ValidationError."""
        ends = [tier.up_to for tier in self.overage_tiers]
        closed = [end for end in ends if end is not None]
        if closed != sorted(set(closed)) or None in ends[:-1]:
            raise ValueError("each overage tier must end beyond the one before it, and only the last may have no end")


class Addon(_Sheet, frozen=True):
    """What can be bought beside a plan, priced each."""

    name: Name
    kind: Literal["agent"]
    display_name: Title
    description: Text
    currency: Currency
    price_monthly_cents: Cents
    price_yearly_cents: Cents


class SubNucleo(_Sheet, frozen=True):
    """A bundle of agents, by their slugs; required ones cannot be left out."""

    name: Name
    display_name: Title
    description: Text
    category: Title
    sort_order: Count
    required: tuple[Slug, ...]
    optional: tuple[Slug, ...]

    def __post_init__(self) -> None:
        """An agent is in it once. Raises ValueError, which msgspec makes a ValidationError."""
        if len({*self.required, *self.optional}) < len(self.required) + len(self.optional) or not self.agents:
            raise ValueError("name each agent once, and at least one")

    @property
    def agents(self) -> tuple[str, ...]:
        """All of its agents."""
        return self.required + self.optional


class Validity(_Sheet, frozen=True):
    """From when a plan or add-on of a file is sold (None: from its loading), and until before when (None: on)."""

    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def __post_init__(self) -> None:
        """It begins before it ends. Raises ValueError, which msgspec makes a ValidationError."""
        if self.valid_from is not None and self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")


class PlanVersion(Plan, frozen=True):
    """A version of a plan, on sale from `valid_from` until before `valid_to`."""

    id: UUID
    version: int
    source: Source
    valid_from: datetime
    valid_to: datetime | None

    @property
    def terms(self) -> Plan:
        """The plan alone."""
        return Plan(*(getattr(self, name) for name in Plan.__struct_fields__))


class AddonVersion(Addon, frozen=True):
    """A version of an add-on."""

    id: UUID
    version: int
    source: Source
    valid_from: datetime
    valid_to: datetime | None

    @property
    def terms(self) -> Addon:
        """The add-on alone."""
        return Addon(*(getattr(self, name) for name in Addon.__struct_fields__))


class StoredSubNucleo(SubNucleo, frozen=True):
    """A SubNúcleo of the database."""

    id: UUID
    source: Source

    def says(self, wanted: SubNucleo) -> bool:
        """Whether it is what is wanted; the order of its agents is no matter."""
        mine, theirs = ([getattr(one, name) for name in SubNucleo.__struct_fields__] for one in (self, wanted))
        return all(set(a) == set(b) if isinstance(a, tuple) else a == b for a, b in zip(mine, theirs, strict=True))


class Member(msgspec.Struct, frozen=True):
    """An agent of a SubNúcleo; `offered` as long as it can be chosen."""

    agent_id: UUID
    slug: str
    name: str
    required: bool
    offered: bool


class HeldSubNucleo(msgspec.Struct, frozen=True):
    """A SubNúcleo as one tenant sees it; `held_since` None: its subscription does not have it."""

    id: UUID
    name: str
    display_name: str
    description: str
    members: tuple[Member, ...]
    held_since: datetime | None


V = TypeVar("V", PlanVersion, AddonVersion)


def latest(versions: Iterable[V]) -> dict[str, V]:
    """Of each name the version that comes last: on sale, from a later moment on, or the one that ended the sale."""
    return {one.name: one for one in sorted(versions, key=lambda one: one.version)}


def on_sale(versions: Iterable[V], moment: datetime) -> list[V]:
    """Those that can be bought at a moment."""
    return [one for one in versions if one.valid_from <= moment and (one.valid_to is None or moment < one.valid_to)]


class Price(msgspec.Struct, frozen=True):
    """Two prices of the same thing, in cents."""

    currency: str
    monthly_cents: int
    yearly_cents: int

    @classmethod
    def of(cls, version: PlanVersion | AddonVersion) -> Self:
        """The prices of a version."""
        return cls(version.currency, version.price_monthly_cents, version.price_yearly_cents)

    @property
    def saved_percent(self) -> int:
        """How much less a year costs than twelve months, in whole percent, rounded down: no offer overstates."""
        months = 12 * self.monthly_cents
        return max(0, (months - self.yearly_cents) * 100 // months) if months else 0


class ListedAgent(msgspec.Struct, frozen=True):
    """An agent as it is chosen from, without its rules."""

    id: UUID
    slug: str
    name: str
    description: str
    status: str


class Catalogue(msgspec.Struct, frozen=True):
    """What is chosen from, each in the catalogue's order: every version of plans and add-ons, the latest first."""

    plans: tuple[PlanVersion, ...]
    addons: tuple[AddonVersion, ...]
    subnucleos: tuple[StoredSubNucleo, ...]
    agents: tuple[ListedAgent, ...]


class VersionScheduled(Conflict):
    code = "version_scheduled"
    message = N_("A change of {name} is already set for {moment}. The next one can begin after it.")
