"""Use cases of the catalogue's plans, add-ons and SubNúcleos."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

from msgspec import structs

from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.agents import service as agents
from alquimista.agents.models.agents import Loaded, Source, UnknownAgent
from alquimista.audit import service as audit
from alquimista.billing.models.catalogue import (
    Addon,
    AddonVersion,
    Catalogue,
    HeldSubNucleo,
    Plan,
    PlanVersion,
    StoredSubNucleo,
    SubNucleo,
    Validity,
    VersionScheduled,
    latest,
    on_sale,
)
from alquimista.billing.queries import catalogue as queries
from alquimista.cache import store
from alquimista.clock import new_id
from alquimista.db.statement import Conn
from alquimista.errors import Invalid
from alquimista.i18n import N_

TOPIC: Final = "catalogue"
_TICK: Final = timedelta(microseconds=1)
_FARTHEST: Final = timedelta(days=730)


async def plans(conn: Conn, moment: datetime) -> list[PlanVersion]:
    """The plans on sale at a moment."""
    return on_sale(await queries.plans(conn), moment)


async def addons(conn: Conn, moment: datetime) -> list[AddonVersion]:
    """The add-ons on sale at a moment."""
    return on_sale(await queries.addons(conn), moment)


async def offered(conn: Conn, moment: datetime) -> Catalogue:
    """The catalogue with what is on sale at a moment."""
    found = await queries.catalogue(conn)
    return structs.replace(
        found, plans=tuple(on_sale(found.plans, moment)), addons=tuple(on_sale(found.addons, moment))
    )


async def subnucleos(conn: Conn) -> list[StoredSubNucleo]:
    """Every SubNúcleo with its agents."""
    return await queries.subnucleos(conn)


async def held_subnucleos(conn: Conn, tenant_id: UUID) -> list[HeldSubNucleo]:
    """Every SubNúcleo with its agents, and since when the tenant has it."""
    return await queries.held_subnucleos(conn, tenant_id)


async def load(
    conn: Conn,
    plans: Sequence[Plan],
    addons: Sequence[Addon],
    subnucleos: Sequence[SubNucleo],
    now: datetime,
    *,
    validity: Mapping[str, Validity] = MappingProxyType({}),
    replace: bool = False,
) -> Loaded:
    """Bring plans, add-ons and SubNúcleos to what the files say, after their agents; what agrees is not touched.

    A change of a plan or add-on is a new version from now on, or from the later moment that `validity` gives by its
    name; with an end there it is sold no more from then on, and whoever has it keeps it. What staff have written stays,
    unless `replace`. Takes a transaction of the platform tenant.

    Raises:
        UnknownAgent: a SubNúcleo names an agent that the catalogue does not have.
    """
    await agents.take_turn(conn)
    written: list[str] = []
    kept: list[str] = []
    written += await _load_plans(conn, plans, validity, kept, now, replace=replace)
    written += await _load_addons(conn, addons, validity, kept, now, replace=replace)
    bundles = {one.name: one for one in await queries.subnucleos(conn)}
    for bundle in subnucleos:
        stored = bundles.get(bundle.name)
        if _stays(stored, kept, now, agrees=stored is not None and stored.says(bundle), replace=replace):
            continue
        await _put_subnucleo(conn, bundle, stored, Source.FILE, now)
        written.append(bundle.name)
    if written:
        await _changed(conn, None, written)
    return Loaded(tuple(written), tuple(kept))


async def _load_plans(
    conn: Conn,
    plans: Sequence[Plan],
    validity: Mapping[str, Validity],
    kept: list[str],
    now: datetime,
    *,
    replace: bool,
) -> list[str]:
    written: list[str] = []
    last_plans = latest(await queries.plans(conn))
    for plan in plans:
        dates, last_plan = validity.get(plan.name, Validity()), last_plans.get(plan.name)
        same = last_plan is not None and last_plan.terms == plan
        if _stays(last_plan, kept, now, agrees=same and _as_dated(last_plan, dates), replace=replace):
            continue
        if last_plan is None or not same or _over(last_plan, now):
            last_plan = await _sell_plan(conn, plan, last_plan, Source.FILE, dates.valid_from or now, now)
        if last_plan.valid_to != dates.valid_to:
            await queries.end_plan(conn, last_plan.id, _ending(last_plan, dates))
        written.append(plan.name)
    return written


async def _load_addons(
    conn: Conn,
    addons: Sequence[Addon],
    validity: Mapping[str, Validity],
    kept: list[str],
    now: datetime,
    *,
    replace: bool,
) -> list[str]:
    written: list[str] = []
    last_addons = latest(await queries.addons(conn))
    for addon in addons:
        dates, last = validity.get(addon.name, Validity()), last_addons.get(addon.name)
        same = last is not None and last.terms == addon
        if _stays(last, kept, now, agrees=same and _as_dated(last, dates), replace=replace):
            continue
        if last is None or not same or _over(last, now):
            last = await _sell_addon(conn, addon, last, Source.FILE, dates.valid_from or now, now)
        if last.valid_to != dates.valid_to:
            await queries.end_addon(conn, last.id, _ending(last, dates))
        written.append(addon.name)
    return written


def _stays(
    before: PlanVersion | AddonVersion | StoredSubNucleo | None,
    kept: list[str],
    now: datetime,
    *,
    agrees: bool,
    replace: bool,
) -> bool:
    """Whether loading leaves what is stored: it agrees, staff wrote it, or it is yet to begin (noted in `kept`)."""
    if before is None or agrees:
        return agrees
    scheduled = not isinstance(before, StoredSubNucleo) and before.valid_from > now
    if scheduled or (before.source is Source.STAFF and not replace):
        kept.append(before.name)
        return True
    return False


def _as_dated(before: PlanVersion | AddonVersion | None, dates: Validity) -> bool:
    return before is not None and before.valid_to == dates.valid_to


def _over(before: PlanVersion | AddonVersion, now: datetime) -> bool:
    """Whether its sale has ended, so that only a new version can be sold."""
    return before.valid_to is not None and before.valid_to <= now


def _ending(version: PlanVersion | AddonVersion, dates: Validity) -> datetime | None:
    return max(dates.valid_to, version.valid_from + _TICK) if dates.valid_to is not None else None


async def _put_subnucleo(
    conn: Conn, one: SubNucleo, before: StoredSubNucleo | None, source: Source, now: datetime
) -> None:
    known = await queries.put_subnucleo(conn, before.id if before else new_id(), one, source, now)
    if known < len(one.agents):
        raise UnknownAgent


async def plan_history(conn: Conn) -> list[PlanVersion]:
    """Every version of every plan, the latest of each first."""
    return await queries.plans(conn)


async def addon_history(conn: Conn) -> list[AddonVersion]:
    """Every version of every add-on, the latest of each first."""
    return await queries.addons(conn)


def first_moment(wanted: datetime | None, now: datetime) -> datetime:
    """From when a change is sold: the moment that staff want, or now.

    Raises:
        Invalid: it is past, or too far away.
    """
    # The bound also keeps out moments that, in UTC, lie beyond the last year that can be read back.
    if wanted is not None and not now <= wanted <= now + _FARTHEST:
        raise Invalid.of("valid_from", N_("Give a moment from now on and within two years, or none."))
    return wanted or now


async def sell_plan(conn: Conn, actor: Actor, plan: Plan, valid_from: datetime, now: datetime) -> PlanVersion:
    """Sell a plan as staff want it, from a moment on; the version before ends there, and who has it keeps it.

    Takes a transaction of the platform tenant.

    Raises:
        VersionScheduled: another change is to come already.
    """
    await agents.take_turn(conn)
    before = latest(await queries.plans(conn)).get(plan.name)
    refuse_scheduled(before, now)
    sold = await _sell_plan(conn, plan, before, Source.STAFF, valid_from, now)
    await _changed(conn, actor, [plan.name])
    return sold


async def sell_addon(conn: Conn, actor: Actor, addon: Addon, valid_from: datetime, now: datetime) -> AddonVersion:
    """Sell an add-on as staff want it, as `sell_plan` does a plan."""
    await agents.take_turn(conn)
    before = latest(await queries.addons(conn)).get(addon.name)
    refuse_scheduled(before, now)
    sold = await _sell_addon(conn, addon, before, Source.STAFF, valid_from, now)
    await _changed(conn, actor, [addon.name])
    return sold


async def change_subnucleo(conn: Conn, actor: Actor, one: SubNucleo, now: datetime) -> StoredSubNucleo:
    """Write a SubNúcleo as staff want it. Takes a transaction of the platform tenant.

    Raises:
        UnknownAgent: it names an agent that the catalogue does not have.
    """
    await agents.take_turn(conn)
    before = next((stored for stored in await queries.subnucleos(conn) if stored.name == one.name), None)
    await _put_subnucleo(conn, one, before, Source.STAFF, now)
    await _changed(conn, actor, [one.name])
    return next(stored for stored in await queries.subnucleos(conn) if stored.name == one.name)


def refuse_scheduled(before: PlanVersion | AddonVersion | None, now: datetime) -> None:
    if before is not None and before.valid_from > now:
        raise VersionScheduled(name=before.name, moment=before.valid_from.isoformat(timespec="minutes"))


async def _sell_plan(
    conn: Conn, plan: Plan, before: PlanVersion | None, source: Source, valid_from: datetime, now: datetime
) -> PlanVersion:
    if before is not None:
        valid_from = max(valid_from, now, before.valid_from + _TICK)
        if before.valid_to is None or before.valid_to > valid_from:
            await queries.end_plan(conn, before.id, valid_from)
    sold = PlanVersion(
        **structs.asdict(plan),
        id=new_id(),
        version=before.version + 1 if before else 1,
        source=source,
        valid_from=valid_from,
        valid_to=None,
    )
    await queries.add_plan(conn, sold, now)
    return sold


async def _sell_addon(
    conn: Conn, addon: Addon, before: AddonVersion | None, source: Source, valid_from: datetime, now: datetime
) -> AddonVersion:
    if before is not None:
        valid_from = max(valid_from, now, before.valid_from + _TICK)
        if before.valid_to is None or before.valid_to > valid_from:
            await queries.end_addon(conn, before.id, valid_from)
    sold = AddonVersion(
        **structs.asdict(addon),
        id=new_id(),
        version=before.version + 1 if before else 1,
        source=source,
        valid_from=valid_from,
        valid_to=None,
    )
    await queries.add_addon(conn, sold, now)
    return sold


async def _changed(conn: Conn, actor: Actor | None, names: Sequence[str]) -> None:
    await audit.record(
        conn,
        actor,
        "catalogue.prices_changed",
        category="tenant",
        resource_type="catalogue",
        details={"changed": list(names)},
        tenant_id=PLATFORM_TENANT,
    )
    await store.invalidate(conn, PLATFORM_TENANT, TOPIC)
