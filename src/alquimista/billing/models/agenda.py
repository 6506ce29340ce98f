"""What time does to a subscription: the next step, and when it is due. Pure; the service takes the steps."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Final, NamedTuple, Self

import msgspec

from alquimista.billing.models.invoices import Invoice, Kind, Tax
from alquimista.billing.models.periods import SETTLED, midnight, settled
from alquimista.billing.models.subscriptions import RUNNING, Status, Subscription
from alquimista.billing.models.usage import UsagePeriod
from alquimista.config import Settings

PENDING_DAYS: Final = 7  # After its due day, a first invoice that nobody paid is void.
CHANGE_DAYS: Final = 3  # The same of a change of plan.


class Rules(msgspec.Struct, frozen=True):
    """How an installation bills: days until an invoice is due, days of dunning after that, taxes.

    `hard_percent` of a plan's requests stop its agents when it sells none beyond them; 0 is never.
    On the last day of dunning the subscription is canceled, on the one before suspended, on the others reminded.
    """

    due_days: int
    dunning_days: tuple[int, ...]
    taxes: tuple[Tax, ...]
    hard_percent: int
    provider: str
    public_url: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        return cls(
            settings.invoice_due_days,
            settings.dunning_days,
            tuple(Tax(*tax) for tax in settings.taxes),
            settings.requests_hard_percent,
            settings.payment_provider,
            settings.public_url,
        )


class Step(Enum):
    """What is to be done."""

    EXPIRE = "expire"  # Nobody paid the first invoice.
    DROP_CHANGE = "drop_change"  # Nobody paid for the change.
    END_TRIAL = "end_trial"
    END = "end"  # It was to be canceled with its period.
    RENEW = "renew"
    SETTLE = "settle"  # A month of use is over between two renewals, or after the end.
    OVERDUE = "overdue"
    REMIND = "remind"
    SUSPEND = "suspend"
    CANCEL = "cancel"


class Due(NamedTuple):
    """A step and its moment."""

    at: datetime
    step: Step


def agenda(
    subscription: Subscription,
    zone: str,
    rules: Rules,
    invoices: Sequence[Invoice],
    periods: Sequence[UsagePeriod],
) -> list[Due]:
    """What is to come for a subscription, the earliest first.

    Args:
        subscription: as it is now.
        zone: the tenant's time zone.
        rules: those of the installation.
        invoices: its open invoices, the earliest due first.
        periods: the tenant's periods of use that are not billed.
    """
    return sorted(_steps(subscription, zone, rules, invoices, periods), key=lambda due: due.at)


def _steps(
    one: Subscription, zone: str, rules: Rules, invoices: Sequence[Invoice], periods: Sequence[UsagePeriod]
) -> Iterator[Due]:
    change = next((i for i in invoices if i.id == one.pending_invoice_id), None)
    if change is not None:
        yield Due(_after(change.due_on, CHANGE_DAYS, zone), Step.DROP_CHANGE)
    owed = next((i.due_on for i in invoices if i.id != one.pending_invoice_id), None)
    first = next((i.due_on for i in invoices if i.kind is Kind.FIRST), None)
    if one.status is Status.PENDING and first is not None:
        yield Due(_after(first, PENDING_DAYS, zone), Step.EXPIRE)
    if one.status is Status.TRIALING and one.trial_ends_at is not None:
        yield Due(one.trial_ends_at, Step.END_TRIAL)
    yield from _cycle(one, zone, periods)
    if owed is not None:
        yield from _dunning(one, owed, zone, rules)


def _cycle(one: Subscription, zone: str, periods: Sequence[UsagePeriod]) -> Iterator[Due]:
    end = one.current_period_end
    paid = one.status in {Status.ACTIVE, Status.PAST_DUE}
    if paid and end is not None:
        yield Due(end, Step.END) if one.cancel_at_period_end else Due(end + SETTLED, Step.RENEW)
    for period in periods:
        last = end is not None and one.status in RUNNING and midnight(period.until_on, zone) >= end
        if not last:  # The cycle's last month is settled with the renewal.
            yield Due(settled(period.until_on, zone), Step.SETTLE)


def _dunning(one: Subscription, owed: date, zone: str, rules: Rules) -> Iterator[Due]:
    if one.status is Status.ACTIVE:
        yield Due(_after(owed, 1, zone), Step.OVERDUE)
    elif one.status is Status.PAST_DUE:
        last = len(rules.dunning_days) - 1
        index = min(one.dunning_step, last)
        step = Step.CANCEL if index == last else Step.SUSPEND if index == last - 1 else Step.REMIND
        yield Due(_after(owed, rules.dunning_days[index], zone), step)
    elif one.status is Status.SUSPENDED:
        yield Due(_after(owed, rules.dunning_days[-1], zone), Step.CANCEL)


def _after(day: date, days: int, zone: str) -> datetime:
    return midnight(day + timedelta(days=days), zone)
