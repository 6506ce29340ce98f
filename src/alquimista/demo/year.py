"""A year of customers, played day by day through the platform's own services on a clock that stands at each noon."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace
from stdnum.br import cnpj

from alquimista import clock
from alquimista.agents import service as agents
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.invoices import Invoice
from alquimista.billing.models.monthly import MonthRevenue
from alquimista.billing.models.subscriptions import Cycle
from alquimista.billing.service import catalogue as plans
from alquimista.billing.service import paying, revenue, standing, subscribing
from alquimista.billing.service.advance import advance
from alquimista.billing.service.book import Book, open_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.cache.bus import Bus
from alquimista.catalogue.files import Catalogue, read
from alquimista.catalogue.load import load
from alquimista.config import ConfigError
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.catalogue import with_tiers
from alquimista.demo.script import DAYS, SCALE, START, Act, Kind, segment_of
from alquimista.demo.story import ZONE
from alquimista.errors import Conflict, NotFound
from alquimista.http.limits import Limiter
from alquimista.tenants import service as tenants
from alquimista.tenants.models import NewTenant
from alquimista.usage.models.events import Event, Measures, event_key
from alquimista.usage.service import make_partitions, rollups
from alquimista.usage.service.ingest import Ingest

_AT_ONCE: Final = 6  # Tenants side by side: as many as keep one process and the server busy.
_PARTITIONS_EVERY: Final = 10  # Days; partitions are made two weeks ahead.
_SOURCE: Final = "simulation"


class Year(msgspec.Struct, frozen=True):
    """What came of it: a line for each month, and how many acts the state of a subscription did not allow."""

    months: list[MonthRevenue]
    refused: int


async def play(db: Database, acts: Sequence[Act], on_day: Callable[[date], None] = lambda _: None) -> Year:
    """Play the acts of a year into an empty database, and read the table of it.

    Raises:
        ConfigError: the database is not empty, or is one of production.
    """
    await require_empty(db)
    simulation = _Simulation(db, acts)
    await simulation.prepare()
    for number in range(DAYS):
        day = START + timedelta(days=number)
        on_day(day)
        with clock.frozen(noon(day)):
            await simulation.live(day, number)
    return Year(await revenue.months(db.staff(), START, 12), simulation.refused)


async def require_empty(db: Database) -> None:
    """A simulation has a database of its own: its prices and companies are not for real ones to meet.

    Raises:
        ConfigError: there is something in it already, or it is one of production.
    """
    if db.settings.production:
        raise ConfigError("A production database is no place for a simulation.")
    if await tenants.list_ids(db.staff()) or await plans.plan_history(db.staff()):
        raise ConfigError("The database is not empty: a simulation takes one of its own, which it fills.")


def scaled(shipped: Catalogue) -> Catalogue:
    """The demo's catalogue with a thousandth of the requests, at the same price for a thousandth of those beyond."""
    return replace(
        shipped,
        plans=tuple(
            replace(
                plan,
                max_requests_per_month=plan.max_requests_per_month // SCALE,
                overage_tiers=tuple(
                    replace(tier, per=tier.per // SCALE, up_to=tier.up_to and tier.up_to // SCALE)
                    for tier in plan.overage_tiers
                ),
            )
            for plan in with_tiers(shipped).plans
        ),
    )


def noon(day: date) -> datetime:
    """The moment of a day at which everything happens."""
    return datetime.combine(day, time(12), ZoneInfo(ZONE)).astimezone(UTC)


class _Simulation:
    """What is known between two days: who has arrived, and what each of them owes."""

    def __init__(self, db: Database, acts: Sequence[Act]) -> None:
        self._db = db
        self._rules = Rules.of(db.settings)
        self._days: dict[date, dict[int, list[Act]]] = defaultdict(lambda: defaultdict(list))
        for act in acts:
            self._days[act.day][act.tenant].append(act)
        self._ids = {tenant: uuid5(NAMESPACE_URL, f"{_SOURCE}/{tenant}") for tenant in {act.tenant for act in acts}}
        self._numbers = {tenant_id: tenant for tenant, tenant_id in self._ids.items()}
        self._habits: dict[int, int | None] = {}
        self._owed: dict[int, list[Invoice]] = {}
        self._plans: dict[str, UUID] = {}
        self._agents: list[UUID] = []
        self._limiter = Limiter(db)
        self.refused = 0

    async def prepare(self) -> None:
        """What is on sale, from the day before."""
        with clock.frozen(noon(START - timedelta(days=1))):
            await load(self._db, scaled(read()), clock.now())
        self._plans = {one.name: one.id for one in await plans.plans(self._db.staff(), noon(START))}
        self._agents = [one.id for one in await agents.catalogue(self._db.staff()) if one.status == "active"]

    async def live(self, day: date, number: int) -> None:
        """A day of every customer to whom something happens, or who does something."""
        if number % _PARTITIONS_EVERY == 0:
            await make_partitions(self._db, clock.now())
        due = {self._numbers[one] for one in await standing.due(self._db.staff(), clock.now())}
        acts = self._days.get(day, {})
        paying_today = {tenant for tenant in self._owed if self._payable(tenant, day)}
        turn = asyncio.Semaphore(_AT_ONCE)
        # A new one each day knows what agents each company has today, without waiting for a message about it.
        ingest = Ingest(self._db, Bus(self._db.settings), self._limiter)

        async def one(tenant: int) -> None:
            async with turn:
                await self._live(tenant, day, acts.get(tenant, []), ingest, due=tenant in due)

        async with asyncio.TaskGroup() as group:
            for tenant in sorted(due | acts.keys() | paying_today):
                group.create_task(one(tenant))
        await ingest.close()

    async def _live(self, tenant: int, day: date, acts: Iterable[Act], ingest: Ingest, *, due: bool) -> None:
        """First what time does, then what the customer does, then what it pays, and at last its agents' work."""
        tenant_id = self._ids[tenant]
        if due:
            async with tenant_transaction(self._db, tenant_id) as conn:
                book = await open_book(conn, tenant_id, self._rules, clock.now())
                await advance(book)
                self._owed[tenant] = await standing.owed(book)
        uses = []
        for act in acts:
            if act.kind is Kind.USE:
                uses.append(act)
            elif act.kind is Kind.HABIT:
                await self._arrive(tenant)
                self._habits[tenant] = act.days
            else:
                await self._do(tenant, act)
        while invoices := self._payable(tenant, day):
            async with tenant_transaction(self._db, tenant_id) as conn:
                book = await open_book(conn, tenant_id, self._rules, clock.now())
                await paying.paid(book, invoices[0])
                self._owed[tenant] = await standing.owed(book)
        if uses:
            await self._use(tenant, day, sum(act.requests for act in uses), ingest)

    def _payable(self, tenant: int, day: date) -> list[Invoice]:
        """What the customer pays on a day, the oldest first."""
        habit = self._habits.get(tenant)
        if habit is None:
            return []
        latest = noon(day - timedelta(days=habit))
        return [invoice for invoice in self._owed.get(tenant, []) if invoice.issued_at <= latest]

    async def _arrive(self, tenant: int) -> None:
        """Register the company, the first time that it does something."""
        if tenant in self._habits:
            return
        digits = f"{tenant + 1:08}0001"
        new = NewTenant(
            name=f"Empresa {tenant + 1:03} (demo)",
            cnpj=digits + str(cnpj.calc_check_digits(digits)),
            segment=segment_of(tenant),
            plan="starter",
            time_zone=ZONE,
            demo=True,
        )
        tenant_id = self._ids[tenant]
        async with tenant_transaction(self._db, tenant_id) as conn:
            await tenants.create(conn, None, tenants.prepare(new, tenant_id, clock.now()))

    async def _do(self, tenant: int, act: Act) -> None:
        tenant_id = self._ids[tenant]
        try:
            async with tenant_transaction(self._db, tenant_id) as conn:
                book = await open_book(conn, tenant_id, self._rules, clock.now())
                await self._ask(book, act)
                self._owed[tenant] = await standing.owed(book)
        except (Conflict, NotFound):  # As the pages would answer.
            self.refused += 1

    async def _ask(self, book: Book, act: Act) -> None:
        match act.kind:
            case Kind.CANCEL:
                await subscribing.cancel(book)
            case Kind.RESUME:
                await subscribing.resume(book)
            case _:
                wanted = Wanted(self._plans[act.plan], Cycle(act.cycle), tuple(self._agents[: act.agents]), ())
                if act.kind is Kind.TRIAL:
                    await subscribing.grant_trial(book, wanted, act.days or 0)
                else:
                    await subscribing.subscribe(book, wanted)

    async def _use(self, tenant: int, day: date, requests: int, ingest: Ingest) -> None:
        """Requests of the company's first agent; they are refused while its agents do not work."""
        moment, tenant_id = clock.now(), self._ids[tenant]
        measures = Measures(status="success", response_time_ms=800, agent_id=self._agents[0])
        ids = [f"{day}/{number}" for number in range(requests)]
        events = [
            Event(number, event_key(_SOURCE, _SOURCE, one), _SOURCE, one, moment, self._agents[0], measures)
            for number, one in enumerate(ids)
        ]
        await ingest.submit(tenant_id, events)
        while await rollups.fold(self._db, tenant_id) is not None:
            pass
