"""Putting a tenant into an installation that does not have it."""

import base64
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Actor
from alquimista.audit import service as audit
from alquimista.db.pool import Database
from alquimista.db.tenancy import TransactionConn, owner_tenant_transaction, tenant_transaction, turn_to
from alquimista.portability import queries
from alquimista.portability.models import (
    REFERENCES,
    VERBATIM,
    BadExport,
    Entry,
    Manifest,
    OtherVersion,
    Reference,
    Signature,
    Table,
    TenantPresent,
    UnknownSigner,
    closed,
    ids_in,
    in_order,
    natural,
    rewritten,
)
from alquimista.portability.service.archive import Reader, head, reading
from alquimista.portability.service.export import BATCH, TENANT, Progress
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant
from alquimista.usage import service as usage

_PEOPLE: Final = "alquimista_platform.users"
_RAW: Final = "alquimista_platform.agent_requests"


async def restore(
    db: Database,
    path: Path,
    progress: Progress | None = None,
    trusted: str = "",
    *,
    actor: Actor | None = None,
) -> tuple[Manifest, Signature]:
    """Put an exported tenant back, all of it or nothing, and leave a row in its audit.

    What all tenants share is recognised by its name (people by their e-mail, agents by their slug); ids follow. Where
    it is missing and the company's rows name it, it is made for this company, and offered to no other. Passwords and
    keys are in no export: people ask for a new password, keys are made anew, and integrations wait to be connected.

    Args:
        db: the database.
        path: of the export.
        progress: awaited after each table.
        trusted: the public key, in base64, of the installation whose exports are believed besides our own.
        actor: who puts it back.

    Returns:
        What the export is, and who signed that.

    Raises:
        BadExport: the file is not a whole export, or says something else than was signed.
        UnknownSigner: another installation's key signed it than ours and the trusted one.
        OtherVersion: it comes from another version of the database.
        TenantPresent: this installation has the company.
    """
    with reading(path) as export:
        ours = base64.b64encode(audit.signer(db.settings).public_key).decode()
        if export.signature.public_key not in (ours, trusted):
            raise UnknownSigner(key=export.signature.public_key)
        await _check(db, export)
        await usage.make_partitions_of(db, _days_of_raw(export))
        async with owner_tenant_transaction(db, export.manifest.tenant_id) as conn:
            await queries.begin_restoring(conn, export.manifest.tenant_id)
            ids = await _recognise(conn, export)
            try:
                await _put_back(conn, export, ids, progress)
            except UniqueViolation as error:
                raise TenantPresent from error
            await queries.disarm(conn, export.manifest.tenant_id, clock.now())
        async with tenant_transaction(db, export.manifest.tenant_id) as conn:
            await audit.record(
                conn,
                actor,
                "tenant.restored",
                category="tenant",
                resource_type="tenant",
                resource_id=str(export.manifest.tenant_id),
                details={
                    "exported_at": export.manifest.exported_at,
                    "product": export.manifest.product,
                    "signed_by": export.signature.key_id,
                },
                tenant_id=export.manifest.tenant_id,
            )
        return export.manifest, export.signature


async def _check(db: Database, export: Reader) -> None:
    ours = head()
    if export.manifest.migration != ours:
        raise OtherVersion(theirs=export.manifest.migration, ours=ours)
    try:
        await tenants.get(db.staff(), export.manifest.tenant_id)
    except UnknownTenant:
        return
    raise TenantPresent


async def _recognise(conn: TransactionConn, export: Reader) -> dict[str, str]:
    """The ids that shared rows have here in the place of those that they had there. Makes those that are missing."""
    tables = await queries.tables(conn)
    entries = {entry.table: entry for entry in export.manifest.tables}
    shared = {
        reference: [_decode(line) for batch in export.batches(_entry(entries, reference.name), BATCH) for line in batch]
        for reference in REFERENCES
    }
    told = frozenset(_id(row) for rows in shared.values() for row in rows)
    needed = _ids_in(export, {table.name for table in tables}, told)
    ids: dict[str, str] = {}
    try:
        for reference, theirs in shared.items():
            people = reference.name == _PEOPLE
            await turn_to(conn, export.manifest.tenant_id if people else PLATFORM_TENANT)
            await _make_missing(conn, reference, [row for row in theirs if _id(row) in needed], ids)
            if people:
                strangers = _people_in(export, tables) - {_id(row) for row in theirs}
                await queries.add_strangers(conn, [UUID(one) for one in strangers], clock.now())
    except UniqueViolation as error:
        raise BadExport(why="what all companies share is in it twice") from error
    await turn_to(conn, export.manifest.tenant_id)
    return ids


def _ids_in(export: Reader, tables: set[str], among: frozenset[str]) -> set[str]:
    """Which shared rows the company's own name, so that they are needed; history is put back as it was."""
    found: set[str] = set()
    for entry in export.manifest.tables:
        if entry.table == TENANT or (entry.table in tables and not VERBATIM.match(entry.table)):
            for batch in export.batches(entry, BATCH):
                found |= ids_in(batch, among)
    return found


def _people_in(export: Reader, tables: list[Table]) -> set[str]:
    """The people whom rows name."""
    columns = {table.name: table.people for table in tables}
    rows = (
        (_decode(line), columns[entry.table])
        for entry in export.manifest.tables
        if columns.get(entry.table)
        for batch in export.batches(entry, BATCH)
        for line in batch
    )
    return {str(row[column]) for row, people in rows for column in people if row.get(column)}


def _entry(entries: dict[str, Entry], name: str) -> Entry:
    if name not in entries:
        raise BadExport(why=f"{name} is missing")
    return entries[name]


async def _make_missing(
    conn: TransactionConn, reference: Reference, theirs: list[dict[str, object]], ids: dict[str, str]
) -> None:
    rows = [_decode(line) for line in await queries.all_of(conn, reference)]
    by_name = {natural(row, reference.key): _id(row) for row in rows}
    here, names = {_id(row) for row in rows}, {str(row.get("name")) for row in rows}
    columns, missing = await queries.columns(conn, reference.name), []
    for row in theirs:
        _only(row, columns, reference.name)
        known = by_name.get(natural(row, reference.key))
        if known is not None:
            ids[_id(row)] = known
        elif _id(row) not in here:
            missing.append(_closed(reference.name, row, names))
    if missing:
        await queries.insert_rows(conn, reference.name, list(_decode(missing[0])), missing)


def _closed(table: str, row: dict[str, object], here: set[str]) -> str:
    try:
        return msgspec.json.encode(closed(table, row, here, clock.now())).decode()
    except (ValueError, TypeError) as error:
        raise BadExport(why=f"a row of {table} has no moment where one must be") from error


def _id(row: Mapping[str, object]) -> str:
    return str(row["id"])


def _only(row: Mapping[str, object], columns: Collection[str], table: str) -> None:
    if not set(row) <= set(columns):
        raise BadExport(why=f"{table} has other columns here")


async def _put_back(conn: TransactionConn, export: Reader, ids: dict[str, str], progress: Progress | None) -> None:
    known = {table.name: table.columns for table in in_order(await queries.tables(conn))}
    shared = {reference.name for reference in REFERENCES}
    entries = {entry.table: entry for entry in export.manifest.tables}
    strangers = set(entries) - set(known) - shared - {TENANT}
    if strangers:
        raise BadExport(why=f"this version knows no table {min(strangers)}")
    own = await queries.columns(conn, TENANT)
    for name in (TENANT, *(name for name in known if name in entries)):
        rename = {} if VERBATIM.match(name) else ids
        for batch in export.batches(_entry(entries, name), BATCH):
            lines = [rewritten(line, rename) for line in batch]
            first = _decode(lines[0])
            _only(first, known.get(name, own), name)
            await queries.insert_rows(conn, name, list(first), lines)
        if progress:
            await progress(entries[name], len(entries) - len(shared))


def _days_of_raw(export: Reader) -> set[date]:
    """The UTC days of raw requests, whose partitions must be there before them."""
    raw = [entry for entry in export.manifest.tables if entry.table == _RAW]
    return {
        datetime.fromisoformat(str(_decode(line)["occurred_at"])).astimezone(UTC).date()
        for entry in raw
        for batch in export.batches(entry, BATCH)
        for line in batch
    }


def _decode(line: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(line, type=dict[str, object])
    except msgspec.MsgspecError as error:
        raise BadExport(why=f"a row is not JSON: {error}") from error
