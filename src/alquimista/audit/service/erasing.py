"""Erasure of what names a person (LGPD, art. 18), which leaves the chain valid."""

from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

from alquimista.access import Actor
from alquimista.audit.models import Erased
from alquimista.audit.models.chain import ERASURE
from alquimista.audit.models.erasing import Emptied, Part
from alquimista.audit.queries import entries as queries
from alquimista.audit.queries import seals
from alquimista.audit.service.recording import record
from alquimista.audit.service.sealing import seal_within
from alquimista.clock import new_id
from alquimista.db.statement import Conn

_STRETCH: Final = 5000  # Places that are looked through at once.


async def erase(
    conn: Conn, actor: Actor | None, tenant_id: UUID, user_id: UUID, *, emails: Sequence[str] = ()
) -> Erased:
    """Empty a person's data in one tenant's audit, in the caller's transaction (`tenant_transaction`).

    Who acted and from where goes where the person acted, or where one of `emails` was tried; the content where the
    entry is about the person, or names the id or one of `emails`. What was done, when, to what and with which result
    stays, under an id that tells nothing once the account is gone. Everything is sealed first, so that its digests
    exist; the erasure itself leaves an entry above, to which each emptied part points and whose content says which
    parts those are. Who erases themselves is not named in it. Safe to repeat: entries whose writers had not committed
    yet are met by the next call. Entries of sign-in are the platform tenant's as well.
    """
    by, addresses = new_id(), [one.lower() for one in emails if one]
    await seal_within(conn, tenant_id)  # Until this transaction ends, nobody else seals.
    actors, contents = await queries.erase(conn, tenant_id, user_id, addresses, by)
    last, told = await seals.last(conn, tenant_id), Emptied()
    async for entry_id, part, _ in emptied(conn, tenant_id, last.seq if last else 0, [by]):
        told.add(entry_id, part)
    await record(
        conn,
        actor,
        ERASURE,
        category="user",
        resource_type="user",
        resource_id=str(user_id),
        details=told.details,
        tenant_id=tenant_id,
        entry_id=by,
        named=actor is None or (actor.user_id != user_id and actor.email.lower() not in addresses),
    )
    await seal_within(conn, tenant_id)
    return Erased(actors, contents)


async def emptied(
    conn: Conn, tenant_id: UUID, until: int, erasures: Sequence[UUID]
) -> AsyncIterator[tuple[str, Part, UUID]]:
    """What erasures emptied up to a place of the chain, in its order: of which entry, which part, by which."""
    for after in range(0, until if erasures else 0, _STRETCH):
        for one in await seals.emptied(conn, tenant_id, after, min(after + _STRETCH, until), erasures):
            for part, by in ((Part.ACTOR, one.actor_erased_by), (Part.CONTENT, one.content_erased_by)):
                if by is not None and by in erasures:
                    yield one.id, part, by
