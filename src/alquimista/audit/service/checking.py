"""Checking chains while somebody waits: so many entries of so many chains, never more."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from alquimista.audit import gateway
from alquimista.audit.models.checking import AnchorFile, ChainEnd, Checked
from alquimista.audit.models.heads import Head
from alquimista.audit.queries import seals as queries
from alquimista.audit.service.verification import verify
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.db.statement import Conn

_MOST_ANCHORS: Final = 32 * 1024 * 1024  # Bytes. The command line reads a larger file.


async def chains(
    conn: Conn, limit: int, offset: int = 0, *, tenant_id: UUID | None = None
) -> tuple[list[ChainEnd], int]:
    """A page of the chains, or one tenant's, and how many there are; takes a connection of the internal role."""
    rows, total = await queries.chains(conn, tenant_id, limit, offset)
    return [msgspec.convert(row, ChainEnd, from_attributes=True) for row in rows], total


async def check(
    db: Database, settings: Settings, wanted: Sequence[ChainEnd], latest: int
) -> tuple[list[Checked], AnchorFile]:
    """Recompute the newest entries of these chains, one after the other, and compare them with their signed heads.

    Those of the anchor file and the database's own copies; what became of reading the file.
    """
    heads, outcome = await asyncio.to_thread(_anchors, gateway.place(settings), {str(one.tenant_id) for one in wanted})
    found = [
        Checked(
            one,
            await verify(db, settings, one.tenant_id, anchors=heads.get(str(one.tenant_id), ()), latest=latest),
        )
        for one in wanted
    ]
    return found, outcome


def _anchors(path: Path | None, tenants: set[str]) -> tuple[dict[str, list[Head]], AnchorFile]:
    """The anchored heads of some tenants. Lines that are none are left to the command line to tell."""
    heads: dict[str, list[Head]] = {}
    if path is None:
        return heads, AnchorFile.NOT_SET
    try:
        if path.stat().st_size > _MOST_ANCHORS:
            return heads, AnchorFile.TOO_LARGE
        for one in gateway.read(path):
            if isinstance(one, Head) and one.tenant_id in tenants:
                heads.setdefault(one.tenant_id, []).append(one)
    except FileNotFoundError:
        return {}, AnchorFile.MISSING
    except OSError:
        return {}, AnchorFile.UNREADABLE
    return heads, AnchorFile.READ
