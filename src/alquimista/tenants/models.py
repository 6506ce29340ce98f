"""What a tenant is, and the rules for its CNPJ and time zone."""

from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgspec
from stdnum.br import cnpj as cnpj_rules

from alquimista.errors import Conflict, Invalid, NotFound
from alquimista.i18n import LOCALES, N_

NAME_LIMIT: Final = 200
SEGMENT_LIMIT: Final = 100


class TenantStatus(StrEnum):
    """A suspended tenant's agents are paused and its keys refused; its people may still sign in."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    SUSPENDED = "suspended"


class Limits(msgspec.Struct, frozen=True):
    """What a plan allows."""

    max_agents: int
    max_users: int
    max_requests_per_month: int


# Price list B of requirements 4.1, the shipped default. The catalogue sets a tenant's limits when it subscribes.
PLAN_LIMITS: Final[dict[str, Limits]] = {
    "starter": Limits(8, 3, 10_000),
    "profissional": Limits(16, 10, 50_000),
    "expert": Limits(24, 25, 150_000),
    "enterprise": Limits(32, 999_999, 500_000),
}


class Tenant(msgspec.Struct, frozen=True):
    """A row of tenants. Money in cents of `currency`.

    `standing` is what its subscription makes of it, `status` what people see: suspended too while staff keep it out.
    """

    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: TenantStatus
    standing: TenantStatus
    blocked_reason: str | None
    time_zone: str
    locale: str
    currency: str
    mrr_cents: int
    max_agents: int
    max_users: int
    max_requests_per_month: int
    demo: bool
    created_at: datetime
    updated_at: datetime


class NamedTenant(msgspec.Struct, frozen=True):
    """A tenant in a choice of tenants."""

    id: UUID
    name: str


class NewTenant(msgspec.Struct, frozen=True, kw_only=True):
    """What creating a tenant takes, as a person types it."""

    name: str
    cnpj: str
    segment: str
    plan: str = "starter"
    time_zone: str = "America/Sao_Paulo"
    locale: str = "pt-BR"
    mrr_cents: int = 0
    demo: bool = False


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What a company is called and where it is, as a person types it; None stays as it is."""

    name: str | None = None
    segment: str | None = None
    time_zone: str | None = None
    locale: str | None = None


class Size(StrEnum):
    """How many people work in a company."""

    UNKNOWN = ""
    TINY = "1-10"
    SMALL = "11-50"
    MEDIUM = "51-200"
    LARGE = "200+"


class Goal(StrEnum):
    """What a company wants agents for."""

    ANSWER = "answer"
    SELL = "sell"
    SCHEDULE = "schedule"
    COLLECT = "collect"
    HIRE = "hire"
    MEASURE = "measure"


class Onboarding(msgspec.Struct, frozen=True):
    """What a company said of itself in its first steps. `industry` is a category of the catalogue, `agents` slugs."""

    tenant_id: UUID
    industry: str = ""
    size: Size = Size.UNKNOWN
    goals: list[Goal] = []
    agents: list[str] = []
    finished_at: datetime | None = None
    dismissed_at: datetime | None = None


class OwnLimits(msgspec.Struct, frozen=True):
    """What staff set for one tenant in place of its plan's limits and the installation's retention; None: as those."""

    max_agents: int | None = None
    max_users: int | None = None
    max_requests_per_month: int | None = None
    raw_days: int | None = None


class AlreadyBlocked(Conflict):
    code = "tenant_blocked"
    message = N_("The customer is suspended by staff already.")


class NotBlocked(Conflict):
    code = "tenant_not_blocked"
    message = N_("Staff do not keep this customer out. A suspended subscription comes back with its payment.")


class UnknownTenant(NotFound):
    code = "tenant_not_found"
    message = N_("There is no customer with this id.")


class CnpjTaken(Conflict):
    code = "cnpj_taken"
    message = N_("A customer with this CNPJ is already registered.")


def clean_cnpj(raw: str) -> str:
    """The 14 characters of a CNPJ, letters upper-case (the alphanumeric format of 2026 included).

    Raises:
        Invalid: wrong length, characters or check digits (Receita Federal, IN RFB 2.229/2024).
    """
    try:
        cnpj = str(cnpj_rules.validate(raw.strip().upper()))
    except cnpj_rules.ValidationError:
        cnpj = ""
    if not cnpj or not cnpj.isascii():  # The library also takes the digits of other scripts.
        raise Invalid.of("cnpj", N_("This is not a valid CNPJ: check its 14 characters and check digits."))
    return cnpj


@cache
def time_zones() -> frozenset[str]:
    """Every IANA zone that this machine knows: its files are looked through once."""
    return frozenset(available_timezones())


def whole_hours(zone: str) -> bool:
    """Whether a known zone's offset is a whole number of hours all year."""
    at = (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)).utcoffset() or timedelta() for month in (1, 7))
    return not any(offset % timedelta(hours=1) for offset in at)


def clean_time_zone(name: str) -> str:
    """An IANA zone whose offset is a whole number of hours all year.

    Raises:
        Invalid: the zone is unknown, or its offset has minutes, which hourly buckets cannot follow.
    """
    if name not in time_zones():
        raise Invalid.of("time_zone", N_("Unknown time zone: use an IANA name such as America/Sao_Paulo."))
    if not whole_hours(name):
        raise Invalid.of(
            "time_zone", N_("The offset of {zone} is not a whole hour; usage is kept by the hour.", zone=name)
        )
    return name


def clean_name(raw: str, field: str, limit: int = NAME_LIMIT) -> str:
    """A name without surrounding or control characters, 1 to `limit` characters long.

    Raises:
        Invalid: it is empty, too long, or holds control characters.
    """
    name = " ".join(raw.split())
    if not 1 <= len(name) <= limit or not name.isprintable():
        raise Invalid.of(field, N_("Write 1 to {limit} printable characters.", limit=limit))
    return name


def clean_locale(raw: str) -> str:
    """One of the product's locales.

    Raises:
        Invalid: another language.
    """
    if raw not in LOCALES:
        raise Invalid.of("locale", N_("Use one of: {locales}.", locales=", ".join(LOCALES)))
    return raw


def clean_plan(raw: str) -> str:
    """One of the shipped plans.

    Raises:
        Invalid: an unknown plan.
    """
    if raw not in PLAN_LIMITS:
        raise Invalid.of("plan", N_("Use one of: {plans}.", plans=", ".join(PLAN_LIMITS)))
    return raw
