"""Asaas's messages in our words: its shapes, its local times, and what each event and status means.

Written from docs.asaas.com ("Payment events", "Refunds", "Receive events at your webhook endpoint"). Only what is used
is declared. Amounts travel as JSON numbers of reais; they are read and written as decimals, never as floats.
"""

import hashlib
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from alquimista.payments.models import Notice, Outcome

PROVIDER: Final = "asaas"
# Asaas writes times without a zone, in the time of Brasília.
BRASILIA: Final = ZoneInfo("America/Sao_Paulo")


class Refund(msgspec.Struct, frozen=True):
    """One refund of a payment; `description` holds the key that we gave."""

    status: str
    value: Decimal
    description: str | None = None


class Payment(msgspec.Struct, frozen=True, rename="camel"):
    """A charge at Asaas ("cobrança")."""

    id: str
    value: Decimal
    status: str
    customer: str | None = None
    deleted: bool = False
    external_reference: str | None = None
    invoice_url: str | None = None
    bank_slip_url: str | None = None
    refunds: list[Refund] | None = None

    @property
    def refunded_cents(self) -> int:
        """What went back so far. A payment that is refunded whole may come without its list."""
        listed = sum(cents(one.value) for one in self.refunds or () if one.status == "DONE")
        return listed or (cents(self.value) if self.status == "REFUNDED" else 0)


class _Hint(msgspec.Struct, frozen=True):
    id: str | None = None


class Event(msgspec.Struct, frozen=True, rename="camel"):
    """A webhook. Kinds that are not about payments come without one."""

    event: str
    id: str | None = None
    date_created: str | None = None
    payment: msgspec.Raw = msgspec.Raw(b"null")


# By the payment's status. An overdue one can still be paid, so that it is pending: reminders and their end are ours.
# What a card's bank disputes stays paid until it is refunded: a dispute is a matter for people.
_STATUSES: Final = {
    "PENDING": Outcome.PENDING,
    "AWAITING_RISK_ANALYSIS": Outcome.PENDING,
    "AUTHORIZED": Outcome.PENDING,
    "OVERDUE": Outcome.PENDING,
    "DUNNING_REQUESTED": Outcome.PENDING,
    "CONFIRMED": Outcome.PAID,
    "RECEIVED": Outcome.PAID,
    "RECEIVED_IN_CASH": Outcome.PAID,
    "DUNNING_RECEIVED": Outcome.PAID,
    "REFUND_REQUESTED": Outcome.PAID,
    "REFUND_IN_PROGRESS": Outcome.PAID,
    "CHARGEBACK_REQUESTED": Outcome.PAID,
    "CHARGEBACK_DISPUTE": Outcome.PAID,
    "AWAITING_CHARGEBACK_REVERSAL": Outcome.PAID,
    "REFUNDED": Outcome.REFUNDED,
}

# Chargebacks, changes, views and the undoing of a receipt in cash are kept without an outcome.
_EVENTS: Final = {
    "PAYMENT_CREATED": Outcome.PENDING,
    "PAYMENT_RESTORED": Outcome.PENDING,
    "PAYMENT_OVERDUE": Outcome.PENDING,
    "PAYMENT_AWAITING_RISK_ANALYSIS": Outcome.PENDING,
    "PAYMENT_REPROVED_BY_RISK_ANALYSIS": Outcome.FAILED,
    "PAYMENT_CREDIT_CARD_CAPTURE_REFUSED": Outcome.FAILED,
    "PAYMENT_DELETED": Outcome.EXPIRED,
    "PAYMENT_CONFIRMED": Outcome.PAID,
    "PAYMENT_RECEIVED": Outcome.PAID,
    "PAYMENT_PARTIALLY_REFUNDED": Outcome.PAID,
    "PAYMENT_REFUNDED": Outcome.REFUNDED,
}


def cents(reais: Decimal) -> int:
    """Whole cents. Raises ValueError for an amount that has fractions of them."""
    found = reais * 100
    if found != found.to_integral_value():
        raise ValueError(f"{reais} has fractions of a cent")
    return int(found)


def reais(amount_cents: int) -> Decimal:
    """The amount as Asaas writes it, exactly."""
    return Decimal(amount_cents).scaleb(-2)


def moment(local: str | None) -> datetime | None:
    """A time that Asaas wrote (`2024-11-06 18:59:27`), in UTC; a date is its last second. None when it is neither."""
    try:
        found = datetime.fromisoformat(local or "")
    except ValueError:
        return None
    if local is not None and len(local) <= len("2024-11-06"):
        found = found.replace(hour=23, minute=59, second=59)
    return (found if found.tzinfo else found.replace(tzinfo=BRASILIA)).astimezone(UTC)


def reference(tenant_id: UUID, charge_id: UUID) -> str:
    """What we write as a payment's externalReference."""
    return f"{tenant_id}:{charge_id}"


def ours(external: str | None) -> tuple[UUID, UUID] | None:
    """The tenant and the charge of an externalReference, or None: the payment is not of our making."""
    tenant, _, charge = (external or "").partition(":")
    try:
        return UUID(tenant), UUID(charge)
    except ValueError:
        return None


def state(payment: Payment) -> Outcome | None:
    """What a payment's state means, or None for a status that we do not know."""
    if payment.deleted and _STATUSES.get(payment.status) is Outcome.PENDING:
        return Outcome.EXPIRED
    return _STATUSES.get(payment.status)


def of_payment(payment: Payment, outcome: Outcome | None, kind: str, event_id: str, at: datetime) -> Notice:
    """A payment in our words. Raises ValueError for an amount with fractions of a cent."""
    named = ours(payment.external_reference)
    return Notice(
        PROVIDER,
        event_id,
        kind,
        at,
        tenant_id=named[0] if named else None,
        charge_id=named[1] if named else None,
        outcome=outcome if named else None,
        amount_cents=cents(payment.value),
        currency="BRL",
        refunded_cents=payment.refunded_cents,
        provider_ref=payment.id,
        customer_ref=payment.customer,
        reason=payment.status.lower() if outcome in {Outcome.FAILED, Outcome.PENDING} else "",
    )


def meaning(event: Event, body: bytes, now: datetime) -> Notice:
    """What a webhook says. Its time is Asaas's own, or `now` when it names none."""
    # Events of old accounts have no id; the same body, sent again, is the same event.
    event_id = event.id or f"sha256:{hashlib.sha256(body).hexdigest()}"
    at = moment(event.date_created) or now
    nothing = Notice(PROVIDER, event_id, event.event, at)
    if not event.event.startswith("PAYMENT_"):
        return nothing
    try:
        payment = msgspec.json.decode(event.payment, type=Payment)
        return of_payment(payment, _EVENTS.get(event.event), event.event, event_id, at)
    except (msgspec.MsgspecError, ValueError):
        return msgspec.structs.replace(nothing, provider_ref=_id_of(event.payment), reason="unknown shape")


def _id_of(payment: msgspec.Raw) -> str | None:
    try:
        return msgspec.json.decode(payment, type=_Hint).id
    except msgspec.MsgspecError:
        return None
