"""`alquimista audit`: verifying the chains, exporting one, anchoring their ends, and the key that signs them."""

import asyncio
import base64
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer
from rich.console import Console

if TYPE_CHECKING:
    from alquimista.audit.models.heads import Head
    from alquimista.audit.models.verifying import Report
    from alquimista.config import Settings
    from alquimista.db.pool import Database

app = typer.Typer(help="The audit: verify, export and anchor its chains.", no_args_is_help=True)
errors = Console(stderr=True, highlight=False)
_KEY_BYTES: Final = 32

Tenant = Annotated[str, typer.Option(help="A company's id; all companies unless given.")]
Anchors = Annotated[Path | None, typer.Option(help="An anchor file; this installation's own unless given.")]
Since = Annotated[str, typer.Option(help="Leave out what was sealed before, such as 2026-03-01.")]
ExportFile = Annotated[Path | None, typer.Option("--file", help="Verify this export instead, without any database.")]
PublicKey = Annotated[
    str, typer.Option(help="Trust the signatures of this key too; of an export, of this key alone. As `key` prints it.")
]
Out = Annotated[Path, typer.Option(help="Where to write; must not exist yet.")]


@app.command()
def verify(
    tenant: Tenant = "", anchors: Anchors = None, since: Since = "", file: ExportFile = None, public_key: PublicKey = ""
) -> None:
    """Recompute the chains and compare them with their anchors. Ends with 1 when something is wrong.

    Says in a sentence what was changed, removed, inserted, put in another order, cut off or never sealed.
    """
    key = _key(public_key) if public_key else None
    if file is not None:
        if tenant or anchors or since:
            raise typer.BadParameter(
                "An export is verified by itself: leave the other options out.", param_hint="--file"
            )
        _verify_file(file, key)
        return
    only, moment = _uuid(tenant) if tenant else None, _moment(since) if since else None

    async def work(db: "Database", settings: "Settings") -> int:
        return await _verify_all(db, settings, only, anchors, moment, key)

    if _with_database(work):
        raise typer.Exit(1)


@app.command()
def export(tenant: Annotated[str, typer.Option(help="The company's id.")], out: Out) -> None:
    """Write a company's whole audit into a file that `alquimista audit verify --file` checks without any database."""
    tenant_id = _uuid(tenant)

    async def work(db: "Database", settings: "Settings") -> int:
        from alquimista.audit import service

        try:
            # A file of its owner's: it holds personal data.
            handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise typer.BadParameter(f"{out} cannot be made: {error.strerror}.", param_hint="--out") from None
        with os.fdopen(handle, "wb") as file, _progress("Exporting") as tell:
            async for lines in service.export(db, settings, tenant_id, tell):
                file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        return 0

    _with_database(work)
    print(out)


@app.command()
def anchor() -> None:
    """Seal what waits, sign each chain's end and append it to the anchor now, not at the next hour."""

    async def work(db: "Database", settings: "Settings") -> int:
        from alquimista.audit import service

        return await service.anchor(db, settings)

    count = _with_database(work)
    print("Nothing is new since the last time." if not count else f"{count} signed.")


@app.command()
def key() -> None:
    """Print the public key of this installation's signatures. Keep it where those who verify can trust it."""
    from alquimista.audit import service
    from alquimista.cli.settings import of_installation

    print(base64.b64encode(service.signer(of_installation(os.environ)).public_key).decode())


def _with_database(work: "Callable[[Database, Settings], Coroutine[None, None, int]]") -> int:
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database

    settings = of_installation(os.environ)

    async def run() -> int:
        db = await Database.open(settings)
        try:
            return await work(db, settings)
        finally:
            await db.close()

    return asyncio.run(run())


async def _verify_all(
    db: "Database",
    settings: "Settings",
    only: UUID | None,
    anchors: Path | None,
    since: datetime | None,
    key: bytes | None,
) -> int:
    """How much is wrong, once each finding was told."""
    from alquimista.access import PLATFORM_TENANT
    from alquimista.audit import service
    from alquimista.audit.models.heads import key_id
    from alquimista.tenants import service as tenants

    heads, wrong = _read_anchors(settings, anchors, only)
    keys = {key_id(key): key} if key else {}
    everyone = {PLATFORM_TENANT, *await tenants.list_ids(db.staff())}
    for tenant_id in sorted({only} if only else everyone | {UUID(one) for one in heads}):
        with _progress(str(tenant_id)) as tell:
            report = await service.verify(
                db,
                settings,
                tenant_id,
                anchors=heads.get(str(tenant_id), ()),
                keys=keys,
                since=since,
                on_progress=tell,
            )
        wrong += _tell(report)
    return wrong


def _read_anchors(settings: "Settings", given: Path | None, only: UUID | None) -> "tuple[dict[str, list[Head]], int]":
    """The anchored heads by company, and how many lines are none. Nothing to read is told, since it proves less."""
    from alquimista.audit import service

    path = given or service.anchor_file(settings) or _by_default()
    heads: dict[str, list[Head]] = {}
    wrong = 0
    try:
        for found in service.read_anchors(path):
            if isinstance(found, int):
                errors.print(f"Line {found} of {path} is not a signed head.", soft_wrap=True, markup=False)
                wrong += 1
            elif only is None or found.tenant_id == str(only):
                heads.setdefault(found.tenant_id, []).append(found)
    except FileNotFoundError:
        if given:
            raise typer.BadParameter(f"There is no file {given}.", param_hint="--anchors") from None
        errors.print(
            f"There is no anchor file {path}: a chain that was rewritten as a whole would pass.", soft_wrap=True
        )
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.", param_hint="--anchors") from None
    return heads, wrong


def _by_default() -> Path:
    from alquimista.audit.service import ANCHOR_FILE
    from alquimista.runtime import datadir

    return datadir.default() / ANCHOR_FILE


def _verify_file(path: Path, trusted: bytes | None) -> None:
    from alquimista.audit.models.exporting import NotAnExport, verify_lines
    from alquimista.audit.models.heads import key_id

    try:
        with path.open("rb") as file, _progress(path.name) as tell:
            done, size = 0, path.stat().st_size

            def on_line(length: int) -> None:
                nonlocal done
                done += length
                tell(done, size)

            report, named = verify_lines(file, trusted, on_line)
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.", param_hint="--file") from None
    except NotAnExport as error:
        raise typer.BadParameter(str(error), param_hint="--file") from None
    wrong = _tell(report)
    if trusted is None:
        name = key_id(named)
        errors.print(
            f"Signed by the key {name}, as the file itself says: give --public-key to be sure whose it is.",
            soft_wrap=True,
        )
    if wrong:
        raise typer.Exit(1)


def _tell(report: "Report") -> int:
    """A line for the chain, and one for each finding; their number."""
    if not report.total:
        erased = f", {report.erased} with erased personal data" if report.erased else ""
        withheld = f", {report.withheld} without who of the staff did them" if report.withheld else ""
        print(f"{report.tenant_id}  {report.entries} entries intact{erased}{withheld}; {report.anchors} anchors agree")
        return 0
    print(f"{report.tenant_id}  {report.entries} entries, {report.total} findings")
    for finding in report.findings:
        print(f"  {finding.what}: {finding.sentence}")
    if report.total > len(report.findings):
        print(f"  … and {report.total - len(report.findings)} more.")
    return report.total


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _key(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    if len(found) != _KEY_BYTES:
        raise typer.BadParameter(
            "Give the key as `alquimista audit key` prints it: 32 bytes in base64.", param_hint="--public-key"
        )
    return found


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-03-01.", param_hint="--since") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a company's id.", param_hint="--tenant") from None
