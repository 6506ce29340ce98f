"""Identity's jobs: reset links, new signing keys, and forgetting what has ended."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from alquimista import clock
from alquimista.db.tenancy import login_transaction
from alquimista.http import limits
from alquimista.identity.queries import invitations, sessions
from alquimista.identity.service.kit import Identity
from alquimista.identity.service.passwords import SEND_RESET_LINK, ResetOf, send_reset_link
from alquimista.identity.service.viewing import end_views_over
from alquimista.jobs.models import Job, Periodic
from alquimista.wiring import Services

# Ended sessions stay for a month, so that a late reuse of their tokens is still recognised and audited.
SESSIONS_KEPT: Final = timedelta(days=30)
LINKS_KEPT: Final = timedelta(days=7)


async def rotate_keys(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Make the next signing key when the present one is a month old, and delete those that nothing needs."""
    kit, now = services.get(Identity), clock.now()
    await kit.keys.rotate(now)
    await kit.keys.purge(now)


async def purge(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Delete ended sessions with their tokens, expired links, and old rate-limit windows."""
    conn, now = services.db.login(), clock.now()
    await sessions.purge(conn, now - SESSIONS_KEPT)
    await invitations.purge_tokens(conn, now - LINKS_KEPT)
    await limits.purge(conn, now)


async def end_views(services: Services, _tenant_id: UUID | None, _payload: object) -> None:
    """Write down the end of staff's looks at companies that are over by themselves."""
    async with login_transaction(services.db) as conn:
        await end_views_over(conn, clock.now())


JOBS: Final = (Job(name=SEND_RESET_LINK, handler=send_reset_link, payload=ResetOf),)
PERIODIC: Final = (
    Periodic(name="identity.rotate_keys", cron="15 * * * *", handler=rotate_keys),
    Periodic(name="identity.end_views", cron="* * * * *", handler=end_views),
    Periodic(name="identity.purge", cron="20 3 * * *", handler=purge),
)
