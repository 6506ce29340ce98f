"""One mail a day with all that waits for a person."""

from collections import defaultdict
from datetime import datetime
from typing import Final

from alquimista.db.pool import Database
from alquimista.db.tenancy import tenant_transaction
from alquimista.jobs.queue import enqueue
from alquimista.notifications.models import LABELS, Digest, Group, Owner, Waiting, digest_day
from alquimista.notifications.queries import digests as queries
from alquimista.notifications.service.mails import post, render

DIGEST: Final = "notifications.digest"
_MOST_LINES: Final = 200  # What is beyond them follows on the next day.


async def look(db: Database, now: datetime) -> int:
    """Have a job write the digest of each person for whom it is 8:00 or later, and something waits; how many."""
    staff = db.staff()
    found = await queries.due(staff, now)
    for one in found:
        key = f"{DIGEST}:{one.tenant_id}:{one.user_id}"
        await enqueue(staff, DIGEST, Digest(one.user_id), tenant_id=one.tenant_id, dedupe=key)
    return len(found)


async def write(db: Database, owner: Owner, now: datetime) -> bool:
    """Write a person's digest of today; False when there is nothing to write, or it was written.

    What waits, the day and the mail change in one transaction: whoever comes second, at once or after a crash, finds
    that nothing waits, and whoever fails has changed nothing.
    """
    async with tenant_transaction(db, owner.tenant_id) as conn:
        person = await queries.subscriber(conn, owner)
        day = digest_day(now, person.time_zone) if person is not None else None
        if person is None or day is None:
            return False
        waiting = await queries.waiting(conn, owner, _MOST_LINES)
        if not waiting or not await queries.claim(conn, owner, day, now):
            return False
        await queries.digested(conn, owner, [one.id for one in waiting], now)
        params = {
            "count": len(waiting),
            "company": person.company,
            "name": person.name,
            "link": f"{db.settings.public_url}/app/notifications",
        }
        await post(conn, owner.tenant_id, person.email, render("digest", person.locale, params, grouped(waiting)))
        return True


def grouped(waiting: list[Waiting]) -> tuple[Group, ...]:
    """What waits, by category in the order of their table, the oldest first in each."""
    lines: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for one in waiting:
        lines[one.category].append((one.title, one.link))
    return tuple(Group(label, tuple(lines[category])) for category, label in LABELS.items() if category in lines)
