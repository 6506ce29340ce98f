"""What the platform sees of itself: what waits, does not come, fails or is given up, and signs of an attack."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.incidents.models import NewIncident, RuleName, by_rule
from alquimista.incidents.queries import reads
from alquimista.incidents.service.conditions import open_incident, resolve
from alquimista.jobs import service as jobs
from alquimista.jobs.models import Runs
from alquimista.notifications import service as notifications
from alquimista.orchestrator import service as orchestrator
from alquimista.webhooks import service as webhooks

_RECENT: Final = timedelta(minutes=10)
_MINUTES: Final = _RECENT // timedelta(minutes=1)
_MOST_FAILED_SIGN_INS: Final = 20
_FEWEST_TRIES: Final = 20
_FAILING_PERCENT: Final = 10
_FEWEST_COMPANIES: Final = 2  # What fails for one alone is its receiver's, and is told to it.


async def watch_queue(db: Database, minutes: int, now: datetime) -> None:
    """Have an incident open while a job that is due has waited for longer."""
    lag = await jobs.lag(db.staff())
    found = []
    if lag is not None and lag.seconds >= minutes * 60:
        params = {"job": lag.name, "minutes": int(lag.seconds // 60), "waiting": lag.waiting}
        found.append(by_rule(RuleName.QUEUE_LAG, source="jobs", params=params))
    await hold(db, RuleName.QUEUE_LAG, found, now)


async def watch_runs(db: Database, runs: Runs, now: datetime) -> None:
    """Have one incident open for each run by the clock that did not end well in its time and an hour."""
    missed = await jobs.missed_runs(db.staff(), runs, now)
    found = [
        by_rule(
            RuleName.RUN_MISSED,
            source="jobs",
            subject=one.name,
            params={"job": one.name, "since": one.succeeded_at.strftime("%Y-%m-%d %H:%M")},
        )
        for one in missed
    ]
    await hold(db, RuleName.RUN_MISSED, found, now)


async def watch_jobs(db: Database, now: datetime) -> None:
    """Have one incident open for each name of which jobs failed for good and were not moved back.

    One that always fails would else hide the others: a condition with an open incident is told no second time.
    """
    found = [
        by_rule(RuleName.JOBS_DEAD, source="jobs", subject=one.name, params={"job": one.name, "count": one.count})
        for one in await jobs.dead(db.staff())
    ]
    await hold(db, RuleName.JOBS_DEAD, found, now)


async def watch_mails(db: Database, now: datetime) -> None:
    """Have an incident open while mails are given up; apart from it one for those that were refused.

    A wrong address stays refused until its mail is deleted, and must not hide that no mail leaves at all.
    """
    dead = await notifications.dead(db.staff())
    for rule, count in ((RuleName.MAILS_DEAD, dead.undelivered), (RuleName.MAILS_REFUSED, dead.refused)):
        new = by_rule(rule, source="notifications", params={"count": count})
        await hold(db, rule, [new] if count else [], now)


async def watch_events(db: Database, now: datetime) -> None:
    """Have an incident open while deliveries of events are given up and not replayed."""
    count = await orchestrator.count_dead(db.staff())
    new = by_rule(RuleName.EVENTS_DEAD, source="orchestrator", params={"count": count})
    await hold(db, RuleName.EVENTS_DEAD, [new] if count else [], now)


async def watch_webhooks(db: Database, now: datetime) -> None:
    """Have an incident open while more than a tenth of the latest tries fail, at several companies."""
    seen = await webhooks.health(db.staff(), now - _RECENT)
    bad = seen.failures * 100 > seen.tries * _FAILING_PERCENT and seen.companies >= _FEWEST_COMPANIES
    params = {
        "percent": round(seen.failures * 100 / max(seen.tries, 1), 1),
        "tries": seen.tries,
        "companies": seen.companies,
        "minutes": _MINUTES,
    }
    new = by_rule(RuleName.WEBHOOKS_FAILING, source="webhooks", params=params)
    await hold(db, RuleName.WEBHOOKS_FAILING, [new] if bad and seen.tries >= _FEWEST_TRIES else [], now)


async def watch_attacks(db: Database, now: datetime) -> None:
    """Have an incident open while the audit holds many sign-ins that failed lately, and one while others reach out."""
    failed = await audit.failed_since(db.staff(), audit.SIGN_IN, now - _RECENT)
    params = {"count": failed.count, "people": failed.actors, "minutes": _MINUTES}
    new = by_rule(RuleName.SIGN_INS_FAILING, source="audit", params=params)
    await hold(db, RuleName.SIGN_INS_FAILING, [new] if failed.count > _MOST_FAILED_SIGN_INS else [], now)
    refused = await audit.failed_since(db.staff(), audit.REACHED_OUT, now - _RECENT)
    params = {"actors": refused.actors, "minutes": _MINUTES}
    new = by_rule(RuleName.FOREIGN_TENANT, source="audit", params=params)
    await hold(db, RuleName.FOREIGN_TENANT, [new] if refused.count else [], now)


async def hold(db: Database, rule: RuleName, found: Iterable[NewIncident], now: datetime) -> None:
    """Have exactly these incidents of a rule open on the platform: others of it are resolved."""
    by_key = {one.dedupe_key: one for one in found}
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        for key in await reads.open_keys(conn, PLATFORM_TENANT, rule):
            if key not in by_key:
                await resolve(conn, PLATFORM_TENANT, key, now)
        for new in by_key.values():
            await open_incident(conn, PLATFORM_TENANT, new, now)
