"""Reading the audit: a company its own, staff any; verifying it, and taking it away as a file that proves itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from starlette.responses import StreamingResponse

from alquimista.access import PLATFORM_TENANT, Permission
from alquimista.audit import service
from alquimista.audit.guards import VERIFYING, reader, seen, seen_by_all
from alquimista.audit.models import Category, Entry, Result, Wanted
from alquimista.audit.models.showing import CURSOR, AuditActor, AuditEntry, AuditSeal, cursor, place, shown
from alquimista.audit.models.verifying import Report, What
from alquimista.http.context import Context
from alquimista.http.routes import Limit, Route, TenantScope

_DEFAULT_LIMIT: Final = 100
_MAX_LIMIT: Final = 1000
_VERIFIED: Final = 5000  # By one request; `alquimista audit verify` and an export verify everything.
_SHOWN: Final = 100

Moment = Annotated[datetime, Meta(tz=True)]


class AuditQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries: those for which everything that is given holds. Without a range, the newest."""

    user_id: Annotated[UUID | None, Meta(description="Who did it: a person, or an API key.")] = None
    agent_id: Annotated[UUID | None, Meta(description="The agent that it was done to.")] = None
    action: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_.:-]{0,99}$(?!\n)")] | None = None
    category: Category | None = None
    result: Result | None = None
    trace_id: Annotated[str, Meta(pattern=r"^[0-9A-Za-z_.:-]{1,64}$(?!\n)")] | None = None
    since: Annotated[Moment | None, Meta(description="At this moment or later.")] = None
    until: Annotated[Moment | None, Meta(description="Before this moment.")] = None
    limit: Annotated[int, Meta(ge=1, le=_MAX_LIMIT, description="How many items to answer.")] = _DEFAULT_LIMIT
    after: (
        Annotated[
            str,
            Meta(
                pattern=CURSOR,
                description="The `next` of the page before.",
            ),
        ]
        | None
    ) = None

    def wanted(self, tenant_id: UUID | None = None) -> Wanted:
        """The same, as the service takes it."""
        return Wanted(
            tenant_id=tenant_id,
            actor_id=self.user_id,
            agent_id=self.agent_id,
            action=self.action,
            category=self.category,
            result=self.result,
            trace_id=self.trace_id,
            since=self.since,
            until=self.until,
            before=None if self.after is None else place(self.after),
        )


class InternalAuditQuery(AuditQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries of which company; of all companies unless one is given."""

    tenant_id: UUID | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """Entries, newest first. `next` leads to the following page; null at the end."""

    entries: list[AuditEntry]
    next: str | None


class AuditFinding(msgspec.Struct, frozen=True):
    """One thing that is wrong, in a sentence. `seq` is the place in the chain, where there is one."""

    what: What
    seq: int | None
    sentence: str


class AuditProof(msgspec.Struct, frozen=True):
    """What recomputing the newest entries of the chain found. `findings` are the first hundred of `total`."""

    intact: bool
    entries: int
    last: int
    hash: str
    erased: int
    anchors: int
    total: int
    findings: list[AuditFinding]

    @classmethod
    def of(cls, report: Report, locale: str) -> "AuditProof":
        return cls(
            intact=not report.total,
            entries=report.entries,
            last=report.last,
            hash=report.hash,
            erased=report.erased,
            anchors=report.anchors,
            total=report.total,
            findings=[AuditFinding(one.what, one.seq, one.sentence.render(locale)) for one in report.findings[:_SHOWN]],
        )


async def list_audit_logs(context: Context) -> AuditPage:
    """A company's trail, what staff did in its account included."""
    conn = await reader(context)
    query: AuditQuery = context.query
    found = await service.entries(conn, context.tenant, query.wanted(), query.limit + 1)
    return _page(found, query.limit, whole=context.who.internal)


async def list_all_audit_logs(context: Context) -> AuditPage:
    """The trail of all companies, or of one; the read is an entry itself."""
    query: InternalAuditQuery = context.query
    tenant_id = query.tenant_id or PLATFORM_TENANT
    await seen_by_all(context)
    found = await service.entries_of_all(context.db.staff(), query.wanted(query.tenant_id), query.limit + 1)
    if tenant_id != PLATFORM_TENANT and found:
        await seen(context, tenant_id)
    return _page(found, query.limit, whole=True)


async def verify_audit_logs(context: Context) -> AuditProof:
    """Recompute the newest entries of a company's chain."""
    await reader(context)
    report = await service.verify(context.db, context.services.settings, context.tenant, latest=_VERIFIED)
    return AuditProof.of(report, context.locale)


async def export_audit_logs(context: Context) -> StreamingResponse:
    """A company's whole chain as a file, of staff their names alone; that it was taken is an entry, in the file too."""
    conn = context.db.tenant(context.tenant)
    await service.record(
        conn, context.who, "audit.export", category="tenant", resource_type="audit", tenant_id=context.tenant
    )
    name = f"audit-{context.tenant}-{context.now:%Y-%m-%d}.jsonl"
    lines: AsyncIterator[bytes] = service.export(
        context.db, context.services.settings, context.tenant, whole=context.who.internal
    )
    return StreamingResponse(
        lines, media_type=_LINES, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


def _page(found: list[Entry], limit: int, *, whole: bool) -> AuditPage:
    page = found[:limit]
    more = cursor(page[-1]) if len(found) > limit else None
    return AuditPage([shown(one, whole=whole) for one in page], more)


_LINES: Final = "application/jsonl"
_ID: Final = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
_HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_EXAMPLE: Final = AuditPage(
    [
        AuditEntry(
            id=_ID,
            tenant_id=_ID,
            occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            actor=AuditActor("session", _ID, "Ana Prado", None, "INTERNAL_SUPPORT", staff=True),
            action="tenant.read",
            category="tenant",
            resource_type="endpoint",
            resource_id="/tenant/me",
            result="success",
            details={},
            before=None,
            after=None,
            ip=None,
            user_agent=None,
            session_id=None,
            trace_id="0af7651916cd43dd8448eb211c80319c",
            erased=False,
            sealed=AuditSeal(42, _HASH),
        )
    ],
    None,
)
_READS: Final = (Limit(count=300, seconds=60, per=("user",)),)
_HEAVY: Final = (Limit(count=6, seconds=60, per=("tenant",)), Limit(count=6, seconds=60, per=("user",)))
_VERIFYING: Final = (Limit(count=6, seconds=60, per=("tenant",)), *VERIFYING)
_OWN: Final[dict[str, Any]] = {
    "method": "GET",
    "tag": "audit",
    "permission": Permission.AUDIT_READ,
    "scope": TenantScope.OWN,
}
ROUTES: Final = (
    Route(
        path="/api/audit-logs",
        handler=list_audit_logs,
        summary="Who did what in your company, staff included, newest first",
        query=AuditQuery,
        response=AuditPage,
        limits=_READS,
        example=_EXAMPLE,
        **_OWN,
    ),
    Route(
        path="/api/audit-logs/verify",
        handler=verify_audit_logs,
        summary="Recompute the newest 5,000 entries of your audit and compare them with the signed anchors",
        response=AuditProof,
        limits=_VERIFYING,
        timeout_s=60,
        example=AuditProof(intact=True, entries=42, last=42, hash=_HASH, erased=0, anchors=3, total=0, findings=[]),
        **(_OWN | {"method": "POST"}),  # It changes nothing, but no link may have so much work done.
    ),
    Route(
        path="/api/audit-logs/export",
        handler=export_audit_logs,
        summary="Your whole audit as JSON Lines, signed, which `alquimista audit verify --file` checks offline",
        response=bytes,
        answers=(_LINES,),
        limits=_HEAVY,
        **_OWN,
    ),
    Route(
        path="/internal/audit-logs",
        handler=list_all_audit_logs,
        summary="Who did what, of all companies or of one, newest first",
        query=InternalAuditQuery,
        response=AuditPage,
        limits=(*_READS, Limit(count=900, seconds=60, per=("tenant",))),
        example=_EXAMPLE,
        **(_OWN | {"scope": TenantScope.PLATFORM}),
    ),
)
