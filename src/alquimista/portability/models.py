"""The format of an export, the order of tables, and what stays after a deletion. No I/O."""

import base64
import hashlib
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import msgspec

from alquimista.audit.models.chain import pack
from alquimista.audit.models.heads import Signer, key_id, signed_by
from alquimista.errors import BadRequest, Conflict, NotFound
from alquimista.i18n import N_

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.sig.json"
SIGNED: Final = "alquimista.tenant-export.v1"  # The first text of what is signed.
WAITING_DAYS: Final = 30  # Between leaving and deletion, unless told otherwise: time to come back, and to object.

# What of a tenant outlives it. The audit proves what was done; invoices and what was paid are kept five years (Código
# Tributário Nacional, arts. 173 and 195), for which LGPD art. 16, I leaves room.
OUTLIVES: Final = re.compile(
    r"^alquimista_platform\.(audit_\w+|invoices|invoice_lines|usage_periods|credits|charges|subscription_changes)$"
    r"|^alquimista_platform\.tenant_offboardings$"
    r"|^public\.(payment_events|subscriptions)$"
)
# History tells what it told: ids in it are not rewritten for another installation, and its chain would not hold.
VERBATIM: Final = re.compile(r"^alquimista_platform\.audit_")
# Where a row of a shared table says that it is offered, to whomever.
AGENTS: Final = "alquimista_platform.agents"
SOLD: Final = ("public.subscription_plans", "public.subscription_addons")
_LONGEST_NAME: Final = 50
_INSTANT: Final = timedelta(microseconds=1)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Table(msgspec.Struct, frozen=True):
    """A table of tenants' rows: what may be told of it, its key, and the tables that its rows refer to.

    `told` says whether what may be told makes a row: bodies of mails and hashes of links may not, and rows need them.
    """

    name: str  # With its schema.
    columns: tuple[str, ...]
    key: tuple[str, ...]
    parents: tuple[str, ...]
    later: tuple[str, ...]  # Those of the parents that may come later, since the key is only asked about at the end.
    people: tuple[str, ...]  # Its columns that name a person.
    told: bool


class Reference(msgspec.Struct, frozen=True):
    """A table that all tenants share and their rows refer to, and by which columns a row of it is recognised."""

    name: str
    key: tuple[str, ...]


# Of people only what a company knows of its members; who they are elsewhere, and how they sign in, is theirs.
REFERENCES: Final = (
    Reference("alquimista_platform.users", ("email",)),
    Reference(AGENTS, ("slug",)),
    Reference("public.subnucleos", ("name",)),
    *(Reference(name, ("name", "version")) for name in SOLD),
)


class Entry(msgspec.Struct, frozen=True):
    """One table of an export: a file of JSON Lines, how many rows it has, and the SHA-256 of its bytes."""

    table: str
    rows: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"tables/{self.table}.jsonl"


class Manifest(msgspec.Struct, frozen=True):
    """What an export is. `migration` is the newest one of the database that it came from."""

    format: int
    product: str
    migration: str
    tenant_id: UUID
    tenant_name: str
    exported_at: datetime
    tables: tuple[Entry, ...]


class Signature(msgspec.Struct, frozen=True):
    """Who signed a manifest: the public key, and its Ed25519 signature over the manifest's digest, both in base64."""

    public_key: str
    signature: str

    @classmethod
    def of(cls, signer: Signer, manifest: bytes) -> Self:
        """That of an installation, under a manifest's bytes."""
        return cls(base64.b64encode(signer.public_key).decode(), signer.sign_bytes(_message(manifest)))

    def fits(self, manifest: bytes) -> bool:
        """Whether the key that it names signed these bytes."""
        try:
            return signed_by(base64.b64decode(self.public_key, validate=True), _message(manifest), self.signature)
        except ValueError:
            return False

    @property
    def key_id(self) -> str:
        """The short name of the key."""
        return key_id(base64.b64decode(self.public_key))


class Offboarding(msgspec.Struct, frozen=True):
    """A tenant that leaves. `standing_before` is what it goes back to when it stays after all."""

    tenant_id: UUID
    id: UUID
    reason: str
    standing_before: str
    requested_at: datetime
    delete_after: datetime
    cancelled_at: datetime | None
    deleted_at: datetime | None


class BadExport(BadRequest):
    code = "bad_export"
    message = N_("This is not a whole export: {why}. Take it anew, or fetch the file again.")


class UnknownSigner(Conflict):
    code = "unknown_signer"
    message = N_(
        "The export is signed by another installation's key, {key}. If `alquimista audit key` prints this key where "
        "the export comes from, restore it with --trust and the key."
    )


class OtherVersion(Conflict):
    code = "other_version"
    message = N_(
        "The export is of migration {theirs}, this installation is at {ours}. Bring both to the same version first."
    )


class TenantPresent(Conflict):
    code = "tenant_present"
    message = N_("This installation has a customer with this id or CNPJ already.")


class LeavingAlready(Conflict):
    code = "offboarding_requested"
    message = N_("The customer is leaving already; its data is deleted on {date}.")


class NotLeaving(NotFound):
    code = "offboarding_not_found"
    message = N_("The customer is not leaving.")


def in_order(tables: Iterable[Table]) -> list[Table]:
    """The tables, each after those that its rows refer to.

    Raises:
        ValueError: tables refer to each other in a circle.
    """
    waiting = {table.name: table for table in sorted(tables, key=lambda one: one.name)}
    ordered: list[Table] = []
    while waiting:
        ready = [t for t in waiting.values() if not any(p in waiting for p in t.parents if p not in (t.name, *t.later))]
        if not ready:
            raise ValueError(f"These tables refer to each other: {', '.join(waiting)}")
        ordered += ready
        for table in ready:
            del waiting[table.name]
    return ordered


def tellable(tables: Iterable[Table]) -> list[Table]:
    """The tables that an export holds: those that make rows, and whose rows refer to none that it lacks."""
    ordered = in_order(tables)
    lacking = {table.name for table in ordered if not table.told}
    for table in ordered:
        if lacking.intersection(table.parents):
            lacking.add(table.name)
    return [table for table in ordered if table.name not in lacking]


def deleted_with_the_tenant(tables: Iterable[Table]) -> list[Table]:
    """The tables whose rows go, each before those that it refers to; what outlives the tenant keeps what it needs."""
    ordered = in_order(tables)
    by_name = {table.name: table for table in ordered}
    kept: set[str] = set()
    waiting = [name for name in by_name if OUTLIVES.match(name)]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            waiting += [parent for parent in by_name[name].parents if parent in by_name]
    return [table for table in reversed(ordered) if table.name not in kept]


def rewritten(line: str, ids: Mapping[str, str]) -> str:
    """A row with other ids in the place of some, wherever they stand in it: in columns and inside documents alike."""
    return _UUID.sub(lambda found: ids.get(found[0], found[0]), line) if ids else line


def ids_in(lines: Iterable[str], among: frozenset[str]) -> set[str]:
    """Which of some ids stand in rows, wherever they do: in columns and inside documents alike."""
    return {one for line in lines for one in _UUID.findall(line) if one in among}


def closed(table: str, row: Mapping[str, Any], here: Container[str], now: datetime) -> dict[str, Any]:
    """A shared row as another installation's file may add it: for the company that has it, and offered to nobody.

    Args:
        table: whose row it is.
        row: as the file tells it.
        here: the names that plans or add-ons have here. Under one of these a further version would stand where the
            next price is set: it gets a name of its own instead.
        now: what is sold ends before.
    """
    made = dict(row)
    if table == AGENTS and row.get("status") == "active":
        made["status"] = "deprecated"
    if table in SOLD:
        begins = min(datetime.fromisoformat(str(row["valid_from"])), now - _INSTANT)
        ends = now if row.get("valid_to") is None else min(datetime.fromisoformat(str(row["valid_to"])), now)
        made |= {"valid_from": begins.isoformat(), "valid_to": ends.isoformat()}
        if str(row["name"]) in here:
            mark = f"-{str(row['id'])[-8:]}"
            made["name"] = str(row["name"])[: _LONGEST_NAME - len(mark)] + mark
    return made


def _message(manifest: bytes) -> bytes:
    return pack(SIGNED, hashlib.sha256(manifest).hexdigest())


def natural(row: Mapping[str, object], key: Sequence[str]) -> tuple[object, ...]:
    """By which a shared row is recognised in another installation."""
    return tuple(row[column] for column in key)
