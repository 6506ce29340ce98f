"""What a choice would cost and do, before anybody agrees to it."""

from datetime import date

import msgspec

from alquimista.billing.models.catalogue import AddonVersion, PlanVersion
from alquimista.billing.models.invoices import Sums
from alquimista.billing.models.subscriptions import Deal, Effect, Terms


class Shelf(msgspec.Struct, frozen=True):
    """What a tenant may choose from: plans (its own at the version that it has), an agent beyond a plan, its terms."""

    plans: tuple[PlanVersion, ...]
    addon: AddonVersion | None
    terms: Terms | None


class Proposal(msgspec.Struct, frozen=True):
    """A deal, what it does, and the invoice that it would be paid with; None when nothing is to be paid.

    `begins_on` is the tenant's day when it begins by itself, None when its payment begins it.
    """

    deal: Deal
    effect: Effect
    sums: Sums | None
    taxes_cents: int
    begins_on: date | None

    @property
    def today_cents(self) -> int:
        """What is to be paid for it now."""
        return self.sums.total_cents if self.sums is not None else 0

    @property
    def cycle_cents(self) -> int:
        """What a cycle costs, with the taxes that are configured."""
        return self.deal.cents + self.taxes_cents
