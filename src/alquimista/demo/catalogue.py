"""The demo's catalogue: the shipped one, with prices beyond the plans' limits, of which the founding list has none."""

from typing import Final

from msgspec.structs import replace

from alquimista.billing.models.catalogue import Tier
from alquimista.catalogue.files import Catalogue

# For each thousand requests begun beyond the plan, in cents; the larger the plan, the less.
_TIERS: Final = {
    "starter": (Tier(1_000, 2_490, 10_000), Tier(1_000, 1_990)),
    "profissional": (Tier(1_000, 1_490, 50_000), Tier(1_000, 1_190)),
    "expert": (Tier(1_000, 990, 150_000), Tier(1_000, 790)),
    "enterprise": (Tier(1_000, 590),),
}


def with_tiers(shipped: Catalogue) -> Catalogue:
    """The same with tiers of overage."""
    plans = tuple(replace(plan, overage_tiers=_TIERS.get(plan.name, ())) for plan in shipped.plans)
    return replace(shipped, plans=plans)
