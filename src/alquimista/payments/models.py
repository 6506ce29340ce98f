"""What a provider is asked for, what it answers, and how its news add up. Amounts are whole cents, times are UTC."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.errors import BadRequest, Conflict, NotFound, Unavailable
from alquimista.i18n import N_

Cents = Annotated[int, Meta(ge=1, le=10**12)]
# Providers that keep means of payment, and have a page where the payer manages them.
WITH_PORTAL: Final = frozenset({"stripe"})


class Outcome(StrEnum):
    """What became of a charge. Written from the weakest to the strongest: see merge."""

    PENDING = "pending"
    FAILED = "failed"  # An attempt was refused; another one may still succeed.
    EXPIRED = "expired"  # The way to pay was closed.
    PAID = "paid"
    REFUNDED = "refunded"  # All of it went back. What went back in part is PAID with refunded_cents.


_STRENGTH = {outcome: strength for strength, outcome in enumerate(Outcome)}


def merge(state: Outcome, news: Outcome) -> Outcome:
    """The state after some news: the stronger of the two.

    Webhooks arrive late, twice and in any order. This is a join (associative, commutative, idempotent), so that every
    order of the same news ends in the same state: money that came is not undone by an older failure.
    """
    return max(state, news, key=_STRENGTH.__getitem__)


class Payer(msgspec.Struct, frozen=True):
    """Who pays. `document` is a CNPJ (of letters and digits too) or CPF without punctuation."""

    name: str
    document: str
    email: str


class OrderLine(msgspec.Struct, frozen=True):
    """A line that the payer sees; a credit is negative."""

    text: str
    amount_cents: int


class Order(msgspec.Struct, frozen=True):
    """A charge to collect. `charge_id` is what makes asking twice harmless: one charge is collected once.

    `reference` is what people call it, such as the invoice's number. `customer_ref` and `method_ref` are what an
    earlier Opened or Notice of the same provider named, if any.
    """

    tenant_id: UUID
    charge_id: UUID
    reference: str
    description: str
    lines: tuple[OrderLine, ...]
    amount_cents: Cents
    currency: str
    due_on: date
    payer: Payer
    customer_ref: str | None
    method_ref: str | None
    success_url: str
    cancel_url: str

    def __post_init__(self) -> None:
        """The lines are the amount. Raises ValueError."""
        if self.amount_cents < 1:
            raise ValueError("nothing to collect: the amount is below one cent")
        if sum(line.amount_cents for line in self.lines) != self.amount_cents:
            raise ValueError("the lines do not add up to the amount")


class Opened(msgspec.Struct, frozen=True):
    """A way to pay that waits for the payer. `pix_code` is the text of "Pix copia e cola"."""

    provider_ref: str
    checkout_url: str
    expires_at: datetime | None
    customer_ref: str | None = None
    pix_code: str | None = None
    boleto_url: str | None = None


class Notice(msgspec.Struct, frozen=True):
    """What a provider said, in our words; `kind` is its own word.

    `outcome` None is news to keep and do nothing about. `refunded_cents` is the total so far, not what went back now.
    `amount_cents` is what the provider collected or collects: compare it with the charge. `event_id` names the news:
    the same news, told again, has the same one.
    """

    provider: str
    event_id: str
    kind: str
    occurred_at: datetime
    tenant_id: UUID | None = None
    charge_id: UUID | None = None
    outcome: Outcome | None = None
    amount_cents: int | None = None
    currency: str | None = None
    refunded_cents: int = 0
    provider_ref: str | None = None
    customer_ref: str | None = None
    method_ref: str | None = None
    reason: str = ""


class SignatureInvalid(BadRequest):
    code = "signature_invalid"
    message = N_(
        "This is not a genuine, current message of {provider}. If it is, compare the webhook's secret with {setting}."
    )


class ProviderUnavailable(Unavailable):
    """Raise with `provider`. The same call may be made again: nothing is collected or refunded twice."""

    code = "payment_provider_unavailable"
    message = N_("{provider} does not answer at the moment. Try again in {retry_after} seconds; you are charged once.")


class ProviderRefused(Conflict):
    """Raise with `provider` and `reason`, which names the field or rule in the provider's words."""

    code = "payment_refused"
    message = N_("{provider} does not accept this: {reason}")


class AlreadyPaid(Conflict):
    """A new way to pay would be a second payment."""

    code = "already_paid"
    message = N_("This was paid already, or its payment is on its way. It shows here once {provider} confirms it.")


class NotConfigured(Unavailable):
    """Raise with `settings`: the variables to set."""

    code = "payments_not_configured"
    message = N_("Payments by this provider are not set up, or its credentials are not valid. Set {settings}.")


class NoPortal(Conflict):
    code = "no_payment_portal"
    message = N_("There is no stored payment method to manage: each invoice comes with its own Pix or boleto.")


class Charge(msgspec.Struct, frozen=True):
    """A row of charges: an attempt to collect an invoice."""

    id: UUID
    invoice_id: UUID
    provider: str
    provider_ref: str | None
    status: Outcome
    amount_cents: int
    refunded_cents: int
    credited_cents: int
    currency: str
    checkout_url: str | None
    pix_code: str | None
    expires_at: datetime | None
    reason: str
    created_at: datetime

    def payable(self, now: datetime) -> bool:
        """Whether its way to pay is open."""
        return self.status is Outcome.PENDING and bool(self.checkout_url) and (self.expires_at or now) >= now


class StoredEvent(msgspec.Struct, frozen=True):
    """A row of payment_events."""

    id: UUID
    provider: str
    provider_event_id: str
    event_type: str
    charge_id: UUID | None
    status: str
    metadata: Notice
    error: str | None
    occurred_at: datetime
    received_at: datetime
    processed_at: datetime | None


class Changed(msgspec.Struct, frozen=True):
    """What some news changed: whether money came for the first time, and how much went back by it."""

    charge: Charge
    received_cents: int
    returned_cents: int


def learn(charge: Charge, notice: Notice) -> tuple[Outcome, int, Changed]:
    """What a charge is after some news: its outcome, what went back so far, and what changed by it.

    Idempotent and blind to order: money that came counts once, and so does what went back.
    """
    if notice.outcome is None:
        return charge.status, charge.refunded_cents, Changed(charge, 0, 0)
    outcome = merge(charge.status, notice.outcome)
    refunded = max(charge.refunded_cents, min(notice.refunded_cents, charge.amount_cents))
    if outcome is Outcome.REFUNDED:
        refunded = charge.amount_cents
    had = charge.status in {Outcome.PAID, Outcome.REFUNDED}
    has = outcome in {Outcome.PAID, Outcome.REFUNDED}
    amount = notice.amount_cents if notice.amount_cents is not None else charge.amount_cents
    return outcome, refunded, Changed(charge, amount if has and not had else 0, refunded - charge.refunded_cents)


class UnknownCharge(NotFound):
    code = "charge_not_found"
    message = N_("There is no payment with this id.")


class UnknownEvent(NotFound):
    code = "payment_event_not_found"
    message = N_("There is no message of a payment provider with this id.")


class Busy(Unavailable):
    code = "payment_in_preparation"
    message = N_("This payment is being prepared. Try again in {retry_after} seconds.")


class EventRef(msgspec.Struct, frozen=True):
    """Which kept news a job works through."""

    event_id: UUID
