"""What a year must come to, computed from the customers' acts alone.

A second telling of how billing works, with a calendar, prices and rounding of its own: nothing here is the product's
but the list of acts. Amounts are cents; every day has one moment, noon, and what is due before it happens first.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from support.prices import months_on, mrr_of, overage, price, room, rounded

DUE, VOID_FIRST, VOID_CHANGE, DUNNING = 5, 7, 3, (2, 7, 14, 21)
RUNS = ("trialing", "active", "past_due")


@dataclass
class Bill:
    day: date
    owner: int  # Which of the company's subscriptions.
    kind: str
    cents: int  # To pay, after credit.
    usage: int = 0
    credit: int = 0
    status: str = "open"

    @property
    def due(self):
        return self.day + timedelta(days=DUE)


@dataclass
class Month:
    """A month of use: from a day until before another, on a plan."""

    first: date
    until: date
    plan: str
    open: bool = True


@dataclass
class Company:
    """One customer, told from its acts."""

    table: dict
    status: str = "none"
    subscription: int = 0
    terms: tuple = ()
    anchor: date | None = None
    cycles: int = 0
    start: date | None = None
    end: date | None = None
    later: tuple | None = None
    pending: tuple | None = None
    change: Bill | None = None
    ends: bool = False
    step: int = 0
    mrr: int = 0
    credit: int = 0
    paid_before: bool = False
    pays: int | None = None
    refused: int = 0
    bills: list = field(default_factory=list)
    months: list = field(default_factory=list)
    used: dict = field(default_factory=lambda: defaultdict(int))

    def live(self, day, acts):
        for _ in range(100):
            due = [one for one in self.agenda() if one[0] <= (day, 12)]
            if not due:
                break
            min(due, key=lambda one: one[0])[1](day)
        for act in acts:
            if act.kind == "habit":
                self.pays = act.days
            elif act.kind != "use" and not getattr(self, act.kind)(day, act):
                self.refused += 1
        while self.pays is not None and (ripe := self.ripe(day)):
            self.pay(day, ripe[0])
        for act in acts:
            if act.kind == "use" and self.status in RUNS:
                self.used[day] += act.requests

    def ripe(self, day):
        return [b for b in self.bills if b.status == "open" and b.day + timedelta(days=self.pays) <= day]

    def owed(self):
        """What the company owes, whichever subscription it was for; a change is no debt, it only waits."""
        return [b for b in self.bills if b.status == "open" and b is not self.change]

    def overdue(self, day):
        return any(b.due < day for b in self.owed())

    def open_firsts(self):
        """Of what was never given; use that was, even under an earlier subscription, stays owed."""
        return [b for b in self.bills if (b.status, b.kind, b.owner) == ("open", "first", self.subscription)]

    def agenda(self):
        """What time brings: the hour of a day, and what happens then."""
        at = lambda day, days, hour=0: (day + timedelta(days=days), hour)  # noqa: E731
        if self.change is not None:
            yield at(self.change.due, VOID_CHANGE), self.wait_no_longer
        firsts = self.open_firsts()
        if self.status == "pending" and firsts:
            yield at(firsts[0].due, VOID_FIRST), self.give_up
        if self.status == "trialing":
            yield at(self.end, 0, 12), self.trial_over
        if self.status in {"active", "past_due"}:
            yield (at(self.end, 0), self.over) if self.ends else (at(self.end, 0, 3), self.renew)
        for month in self.months:
            if month.open and not (self.status in RUNS and self.end and month.until >= self.end):
                yield at(month.until, 0, 3), self.settle
        owed = sorted(b.due for b in self.owed())
        if owed and self.status == "active":
            yield at(owed[0], 1), self.fall_behind
        elif owed and self.status == "past_due":
            yield at(owed[0], DUNNING[self.step]), (self.remind, self.remind, self.suspend)[self.step]
        elif owed and self.status == "suspended":
            yield at(owed[0], DUNNING[-1]), self.give_up

    # What customers do; False: their subscription does not allow it.

    def subscribe(self, day, act):
        wanted = (act.plan, act.cycle, act.agents)
        if self.status in {"none", "canceled"}:
            if self.overdue(day):
                return False
            self.begin_anew(wanted, "pending")
            self.bill(day, "first", price(wanted))
            return True
        if self.status == "pending":
            waiting = self.open_firsts()
            if self.terms == wanted and waiting:
                return True
            self.void(waiting)
            self.terms = wanted
            self.bill(day, "first", price(wanted))
            return True
        if self.status == "trialing":
            self.choose_on_trial(day, wanted)
            return True
        return self.change_to(day, wanted)

    def choose_on_trial(self, day, wanted):
        """More than was granted, or the very same for good, begins with its payment; less begins at once."""
        more = mrr_of(wanted) > mrr_of(self.terms) or room(wanted) > room(self.terms)
        if not more and wanted != self.terms:
            self.terms = wanted
        elif self.change is None or self.pending != wanted:
            self.drop_change()
            self.bill(day, "first", price(wanted), wanted=wanted)

    def change_to(self, day, wanted):
        if self.status != "active" or self.ends:
            return False
        if self.change is not None:
            return wanted == self.pending
        if wanted == self.terms:
            known, self.later = self.later is not None, None
            return known
        same_cycle = wanted[1] == self.terms[1]
        if same_cycle and price(wanted) == price(self.terms):
            self.take(day, wanted, day)
            return True
        if (wanted[1] == "monthly" and not same_cycle) or (same_cycle and mrr_of(wanted) < mrr_of(self.terms)):
            self.later = wanted
            return True
        share = Fraction((self.end - day).days, (self.end - self.start).days)
        new = price(wanted) if not same_cycle else rounded(price(wanted) * share)
        self.bill(day, "change", new - rounded(price(self.terms) * share), wanted=wanted)
        return True

    def trial(self, day, act):
        wanted = (act.plan, act.cycle, act.agents)
        if self.status == "pending":
            self.void(self.open_firsts())
            self.terms, self.status = wanted, "trialing"
        elif self.status in {"none", "canceled"}:
            self.begin_anew(wanted, "trialing")
        else:
            return False
        self.start, self.end, self.anchor = day, day + timedelta(days=act.days), day
        return True

    def cancel(self, day, _act):
        if self.status in {"none", "canceled"}:
            return False
        if self.status in {"pending", "trialing", "suspended"}:
            self.give_up(day)
        elif not self.ends:
            self.drop_change()
            self.ends, self.later = True, None
        return True

    def resume(self, _day, _act):
        allowed, self.ends = self.ends, False
        return allowed

    def pay(self, day, bill):
        bill.status = "paid"
        self.book(day, "collected", bill.cents)
        if bill is self.change:
            wanted, self.change, self.pending = self.pending, None, None
            if bill.kind == "change":
                self.take(day, wanted, bill.day)
            else:
                self.terms = wanted
                self.activate(day)
        elif bill.kind == "first" and bill.owner == self.subscription and self.cycles == 0:
            self.activate(day)
        elif self.status == "past_due" and not self.overdue(day):
            self.status, self.step = "active", 0
        elif self.status == "suspended" and self.cycles and not self.overdue(day):
            self.come_back(day)

    def activate(self, day):
        self.status = "active"
        self.begin_cycle(day)
        self.earn(day, mrr_of(self.terms))

    def come_back(self, day):
        self.status, self.step = "active", 0
        if day >= self.end:
            self.begin_cycle(day)
            self.bill(day, "renewal", price(self.terms))
        elif not any(m.open and m.until > day for m in self.months):
            self.begin_month(day)  # Its month of use ended while nothing could be used.
        self.earn(day, mrr_of(self.terms))

    # What time does.

    def trial_over(self, day):
        self.status = "suspended"
        if not self.open_firsts():
            self.bill(day, "first", price(self.terms))

    def wait_no_longer(self, day):
        """Nobody paid for a change; a trial that is over by then is asked to pay for what it was granted."""
        self.drop_change()
        if self.status == "suspended" and self.cycles == 0:
            self.bill(day, "first", price(self.terms))

    def renew(self, day):
        self.drop_change()
        wanted, first = self.later or self.terms, self.end
        if wanted[1] != self.terms[1]:
            self.anchor, self.cycles = first, 0
        self.terms, self.later = wanted, None
        self.cycles += 1
        self.start, self.end = first, months_on(self.anchor, self.cycles * (12 if wanted[1] == "yearly" else 1))
        self.earn(day, mrr_of(wanted))
        beyond = self.close_months([m for m in self.months if m.open and m.until <= first])
        self.begin_month(first)
        self.bill(day, "renewal", price(wanted) + beyond, beyond)

    def settle(self, day):
        over = [m for m in self.months if m.open and m.until <= day]
        beyond, first = self.close_months(over), max(m.until for m in over)
        if self.status in RUNS and first < self.end and not any(m.open for m in self.months):
            self.begin_month(first)
        if beyond:
            self.bill(day, "usage", beyond, beyond)

    def fall_behind(self, _day):
        self.status, self.step = "past_due", 0

    def remind(self, _day):
        self.step += 1

    def suspend(self, day):
        self.status = "suspended"
        self.earn(day, 0)

    def over(self, day):
        self.drop_change()
        self.stop(day)

    def give_up(self, day):
        """The subscription ends at once: what runs of use ends with today."""
        self.drop_change()
        for month in self.months:
            last = max(day, month.first) + timedelta(days=1)
            if month.open and month.until > last:
                month.until = last
        self.stop(day)

    def stop(self, day):
        if self.cycles == 0:
            self.void(self.open_firsts())
        self.status, self.later, self.ends = "canceled", None, False
        self.earn(day, 0)

    # What these are made of.

    def begin_anew(self, terms, status):
        self.subscription += 1
        self.terms, self.status, self.cycles, self.step = terms, status, 0, 0
        self.later, self.ends, self.end = None, False, None

    def take(self, day, wanted, asked):
        """A year begins with the day whose price took the month back; another plan begins a month with its own."""
        before, self.terms, self.later = self.terms, wanted, None
        if wanted[1] != before[1]:
            self.begin_cycle(asked)
        elif wanted[0] != before[0]:
            self.begin_month(day)
        if self.status in RUNS:
            self.earn(day, mrr_of(wanted))

    def begin_cycle(self, first):
        self.anchor, self.cycles, self.step = first, 1, 0
        self.start, self.end = first, months_on(first, 12 if self.terms[1] == "yearly" else 1)
        self.begin_month(first)

    def begin_month(self, first):
        count = 1
        while months_on(self.anchor, count) <= first:
            count += 1
        until = months_on(self.anchor, count)
        for month in self.months:
            if month.open and month.first == first:
                month.until, month.plan = until, self.terms[0]
                return
            if month.open and month.until > first:
                month.until = first
        self.months.append(Month(first, until, self.terms[0]))

    def close_months(self, months):
        beyond = 0
        for month in months:
            month.open = False
            requests = sum(n for day, n in self.used.items() if month.first <= day < month.until)
            beyond += overage(month.plan, requests)
        return beyond

    def bill(self, day, kind, cents, usage=0, wanted=None):
        """What is below nothing becomes credit, and what credit covers is paid at once."""
        used = min(self.credit, max(0, cents))
        self.credit += max(0, -cents) - used
        bill = Bill(day, self.subscription, kind, max(0, cents) - used, usage, used)
        self.bills.append(bill)
        if wanted is not None:
            self.change, self.pending, self.later = bill, wanted, None
        if not bill.cents:
            self.pay(day, bill)

    def void(self, bills):
        for one in bills:
            one.status = "void"
            self.credit += one.credit

    def drop_change(self):
        self.void([self.change] if self.change else [])
        self.change = self.pending = None

    def earn(self, day, cents):
        difference, before, self.mrr = cents - self.mrr, self.mrr, cents
        if not difference:
            return
        if not before:
            kind, self.paid_before = "reactivated" if self.paid_before else "new", True
        elif not cents:
            kind = "churned"
        else:
            kind = "expansion" if difference > 0 else "contraction"
        self.book(day, kind, abs(difference))

    def book(self, day, column, cents):
        self.table[day.replace(day=1)][column] += cents


COLUMNS = ("new", "expansion", "contraction", "churned", "reactivated", "invoiced", "collected", "overage")


def told(acts, first, days):
    """The table of a year, month by month, and how many acts were refused."""
    table = {months_on(first, n): dict.fromkeys(COLUMNS, 0) for n in range(12)}
    by_tenant = defaultdict(lambda: defaultdict(list))
    for act in acts:
        by_tenant[act.tenant][act.day].append(act)
    refused = 0
    for of_days in by_tenant.values():
        company = Company(table)
        for number in range(days):
            day = first + timedelta(days=number)
            company.live(day, of_days.get(day, []))
        for bill in company.bills:
            if bill.status != "void":
                company.book(bill.day, "invoiced", bill.cents)
                company.book(bill.day, "overage", bill.usage)
        refused += company.refused
    mrr, lines = 0, []
    for month, sums in table.items():
        before = mrr
        mrr += sums["new"] + sums["expansion"] + sums["reactivated"] - sums["contraction"] - sums["churned"]
        lines.append({"month": month, "mrr_start": before, "mrr_end": mrr, **sums})
    return lines, refused
