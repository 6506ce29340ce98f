"""Reading what verifying found; and what somebody does who owns the database and knows how the chain is made."""

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from alquimista.audit import service
from alquimista.audit.models.chain import GENESIS, actor_digest, content_digest, link
from alquimista.audit.models.heads import Head
from alquimista.audit.models.verifying import Report
from alquimista.audit.queries import seals
from alquimista.config import Settings
from alquimista.db.pool import Database


def found(report: Report) -> list[tuple[str, int | None]]:
    """What was found, and where."""
    assert report.total == len(report.findings)
    return [(one.what.value, one.seq) for one in report.findings]


def anchors(settings: Settings) -> list[Head]:
    """What the installation's anchor file holds; nothing before there is one."""
    path = Path(settings.audit_anchor)
    return [one for one in service.read_anchors(path) if isinstance(one, Head)] if path.exists() else []


def forget_anchors(settings: Settings) -> None:
    """Lose the anchor file."""
    Path(settings.audit_anchor).unlink()


async def rewrite(db: Database, conn: psycopg.AsyncConnection[Any], tenant_id: UUID) -> None:
    """Give every seal of the tenant the digests and the hash that its entry has now; the places without a gap."""
    await conn.commit()
    rows = await seals.chain(db.tenant(tenant_id), tenant_id, 0, 2**62, 100_000)
    await conn.execute("DELETE FROM alquimista_platform.audit_seals WHERE tenant_id = %s", [tenant_id])
    previous = GENESIS
    for seq, row in enumerate(rows, 1):
        actor, content = actor_digest(row), content_digest(row)
        previous = link(previous, seq, str(tenant_id), row, actor, content)
        await conn.execute(
            "INSERT INTO alquimista_platform.audit_seals VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [tenant_id, seq, row.seal_id, *map(bytes.fromhex, (actor, content, previous)), row.sealed_at],
        )
    await conn.commit()
