"""Erasure of what names a person (LGPD, art. 18), which leaves the chain valid."""

from collections.abc import Sequence
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit.models import Erased
from alquimista.audit.models.chain import ERASURE
from alquimista.audit.queries import entries as queries
from alquimista.audit.service.recording import record
from alquimista.audit.service.sealing import seal_within
from alquimista.db.statement import Conn


async def erase(
    conn: Conn, actor: Actor | None, tenant_id: UUID, user_id: UUID, *, emails: Sequence[str] = ()
) -> Erased:
    """Empty a person's data in one tenant's audit, in the caller's transaction (`tenant_transaction`).

    Who acted and from where goes where the person acted, or where one of `emails` was tried; the content where the
    entry is about the person, or names the id or one of `emails`. What was done, when, to what and with which result
    stays, under an id that tells nothing once the account is gone. Everything is sealed first, so that its digests
    exist; the erasure itself leaves an entry, to which each emptied part points. Safe to repeat: entries whose writers
    had not committed yet are met by the next call. Entries of sign-in are the platform tenant's as well.
    """
    by = await record(
        conn, actor, ERASURE, category="user", resource_type="user", resource_id=str(user_id), tenant_id=tenant_id
    )
    await seal_within(conn, tenant_id)
    actors, contents = await queries.erase(conn, tenant_id, user_id, [one.lower() for one in emails if one], by)
    return Erased(actors, contents)
