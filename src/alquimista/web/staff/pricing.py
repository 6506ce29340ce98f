"""The staff's forms of plans and add-ons, and what a new version changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alquimista.access import PLATFORM_ZONE
from alquimista.billing.models.catalogue import Addon, AddonVersion, Plan, PlanVersion, Tier
from alquimista.errors import FieldError, Invalid
from alquimista.i18n import N_, Text
from alquimista.web import formats
from alquimista.web.staff.trees import Sent, shaped

TELLING: Final = {"overage_tiers": ("per", "price_cents", "up_to")}
PRICES: Final = ("price_monthly_cents", "price_yearly_cents")
LIMITS: Final = ("max_subnucleos", "max_agents", "max_users", "max_requests_per_month")
LABELS: Final[Mapping[str, Text]] = {
    "display_name": N_("Name"),
    "description": N_("Description"),
    "price_monthly_cents": N_("Price of a month"),
    "price_yearly_cents": N_("Price of a year"),
    "max_subnucleos": N_("SubNúcleos"),
    "max_agents": N_("Agents"),
    "max_users": N_("Users"),
    "max_requests_per_month": N_("Requests a month"),
    "includes_fibonacci": N_("Fibonacci orchestrator"),
    "features": N_("Features"),
    "overage_tiers": N_("Beyond the plan's requests"),
    "sort_order": N_("Place in the list"),
    "valid_from": N_("Sold from"),
}
_AMOUNT: Final = N_("Write an amount in reais, such as 1.234,56.")
_COUNT: Final = N_("Write a whole number, such as 10.000.")
_MOMENT: Final = N_("Write a date and time.")
_RISING: Final = N_("Each row ends beyond the one before it, and only the last may have no end.")
_NONE: Final = N_("none")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a new version has otherwise, in words."""

    label: Text
    before: str
    after: str


def plan_fields(plan: Plan) -> Sent:
    """A plan as its form shows it."""
    pairs = [("display_name", plan.display_name), ("description", plan.description)]
    pairs += [(name, formats.reais(getattr(plan, name))) for name in PRICES]
    pairs += [(name, formats.number(getattr(plan, name), "pt-BR")) for name in LIMITS]
    pairs += [("includes_fibonacci", "yes")] if plan.includes_fibonacci else []
    pairs += [("features", "\n".join(plan.features)), ("sort_order", str(plan.sort_order))]
    for place, tier in enumerate(plan.overage_tiers):
        row = f"overage_tiers[{place}]"
        pairs += [(f"{row}.up_to", formats.number(tier.up_to, "pt-BR") if tier.up_to else "")]
        pairs += [(f"{row}.per", formats.number(tier.per, "pt-BR"))]
        pairs += [(f"{row}.price_cents", formats.reais(tier.price_cents))]
    return Sent(tuple(pairs))


def addon_fields(addon: Addon) -> Sent:
    """An add-on as its form shows it."""
    pairs = [("display_name", addon.display_name), ("description", addon.description)]
    return Sent((*pairs, *((name, formats.reais(getattr(addon, name))) for name in PRICES)))


def read_plan(sent: Sent, before: Plan) -> tuple[Plan, datetime | None]:
    """The plan that a form makes, and from when; name and currency stay.

    Raises:
        Invalid: each wrong field.
    """
    mistakes: list[FieldError] = []
    raw = _common(sent, before, mistakes)
    raw |= {name: _count(sent, name, mistakes) for name in (*LIMITS, "sort_order")}
    tiers = [_tier(sent, place, mistakes) for place in range(sent.count("overage_tiers"))]
    ends = [tier["up_to"] for tier in tiers]
    closed = [end for end in ends if end is not None]
    if closed != sorted(set(closed)) or None in ends[:-1]:
        mistakes.append(FieldError("overage_tiers", _RISING))
        tiers = []
    raw |= {
        "includes_fibonacci": sent.text("includes_fibonacci") == "yes",
        "features": sent.lines("features"),
        "overage_tiers": tiers,
    }
    moment = _moment(sent, mistakes)
    return shaped(raw, Plan, mistakes), moment


def read_addon(sent: Sent, before: Addon) -> tuple[Addon, datetime | None]:
    """The add-on that a form makes, as `read_plan`."""
    mistakes: list[FieldError] = []
    raw = _common(sent, before, mistakes) | {"kind": before.kind}
    moment = _moment(sent, mistakes)
    return shaped(raw, Addon, mistakes), moment


def changes(before: Plan | Addon, after: Plan | Addon, locale: str) -> Sequence[Change]:
    """What is otherwise, in the form's order."""
    names = [name for name in LABELS if hasattr(before, name)]
    return [
        Change(LABELS[name], _shown(before, name, locale), _shown(after, name, locale))
        for name in names
        if getattr(before, name) != getattr(after, name)
    ]


def current(versions: Sequence[PlanVersion] | Sequence[AddonVersion], now: datetime) -> dict[str, str]:
    """Of each version by its id whether it is sold now, is to come, or is over."""
    return {
        str(one.id): "next" if one.valid_from > now else "over" if one.valid_to and one.valid_to <= now else "now"
        for one in versions
    }


def _common(sent: Sent, before: Plan | Addon, mistakes: list[FieldError]) -> dict[str, Any]:
    raw: dict[str, Any] = {"name": before.name, "currency": before.currency}
    raw |= {"display_name": sent.text("display_name"), "description": sent.text("description")}
    for name in PRICES:
        raw[name] = _cents(sent, name, mistakes)
    return raw


def _tier(sent: Sent, place: int, mistakes: list[FieldError]) -> dict[str, Any]:
    row = f"overage_tiers[{place}]"
    end = sent.text(f"{row}.up_to")
    return {
        "up_to": _count(sent, f"{row}.up_to", mistakes) if end else None,
        "per": _count(sent, f"{row}.per", mistakes, least=1),
        "price_cents": _cents(sent, f"{row}.price_cents", mistakes),
    }


def _cents(sent: Sent, name: str, mistakes: list[FieldError]) -> int:
    found = formats.cents(sent.text(name))
    if found is None:
        mistakes.append(FieldError(name, _AMOUNT))
    return found or 0


def _count(sent: Sent, name: str, mistakes: list[FieldError], least: int = 0) -> int:
    found = formats.count(sent.text(name))
    if found is None:
        mistakes.append(FieldError(name, _COUNT))
    return least if found is None else found


def _moment(sent: Sent, mistakes: list[FieldError]) -> datetime | None:
    typed = sent.text("valid_from")
    if not typed:
        return None
    try:
        found = datetime.fromisoformat(typed)
        return (found if found.tzinfo else found.replace(tzinfo=formats.tz(PLATFORM_ZONE))).astimezone(
            formats.tz("UTC")
        )
    except (ValueError, OverflowError):
        mistakes.append(FieldError("valid_from", _MOMENT))
        return None


def _shown(one: Plan | Addon, name: str, locale: str) -> str:
    value = getattr(one, name)
    if name in PRICES:
        return formats.money(value / 100, locale, currency=one.currency)
    if isinstance(value, bool):
        return {True: N_("Yes"), False: N_("No")}[value].render(locale)
    if isinstance(value, int):
        return formats.number(value, locale)
    if isinstance(value, tuple):
        parts = [_tier_shown(part, one.currency, locale) if isinstance(part, Tier) else part for part in value]
        return "\n".join(parts) or _NONE.render(locale)
    return value or _NONE.render(locale)


def _tier_shown(tier: Tier, currency: str, locale: str) -> str:
    price = formats.money(tier.price_cents / 100, locale, currency=currency)
    per, end = formats.number(tier.per, locale), formats.number(tier.up_to, locale)
    if tier.up_to is None:
        return N_("All the rest: {price} for each {per}", price=price, per=per).render(locale)
    return N_("Up to {limit}: {price} for each {per}", limit=end, price=price, per=per).render(locale)


def unchanged() -> Invalid:
    """Why a version that says the same is not sold."""
    problem = Invalid()
    problem.detail = N_("Nothing is changed yet: the version that is sold says the same.")
    return problem
