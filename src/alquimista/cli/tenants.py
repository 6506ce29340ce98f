"""`alquimista tenants`: companies, from the command line."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from alquimista.cli.acting import As, actor

if TYPE_CHECKING:
    from alquimista.db.pool import Database
    from alquimista.portability.models import Entry, Manifest, Offboarding, Signature
    from alquimista.portability.service.export import Progress

R = TypeVar("R")
Tenant = Annotated[str, typer.Argument(help="The company's id.")]

app = typer.Typer(help="Companies.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="The company's name.")],
    cnpj: Annotated[str, typer.Option(help="Its CNPJ, with or without punctuation; letters are allowed.")],
    segment: Annotated[str, typer.Option(help="Its line of business.")],
    plan: Annotated[str, typer.Option(help="starter, profissional, expert or enterprise.")] = "starter",
    time_zone: Annotated[str, typer.Option(help="An IANA zone of whole hours.")] = "America/Sao_Paulo",
    locale: Annotated[str, typer.Option(help="pt-BR or en.")] = "pt-BR",
    as_: As = "",
) -> None:
    """Register a company. Prints its id, which `alquimista users create-tenant` takes."""
    from alquimista import clock
    from alquimista.db.tenancy import tenant_transaction
    from alquimista.tenants import service
    from alquimista.tenants.models import NewTenant

    new = NewTenant(name=name, cnpj=cnpj, segment=segment, plan=plan, time_zone=time_zone, locale=locale)
    tenant = service.prepare(new, clock.new_id(), clock.now())

    async def store(db: "Database") -> None:
        who = await actor(db, as_)
        async with tenant_transaction(db, tenant.id) as conn:
            await service.create(conn, who, tenant)

    _with_database(store)
    print(tenant.id)


@app.command()
def export(
    tenant: Tenant,
    out: Annotated[Path, typer.Option(help="The file to write, a ZIP.")] = Path("tenant.zip"),
    as_: As = "",
) -> None:
    """Write everything of a company to a file (docs/portability.md), without passwords, keys and credentials."""
    from alquimista.portability.service.export import export as write

    with _shown("Exporting") as show:

        async def work(db: "Database") -> "Manifest":
            return await write(db, await actor(db, as_), _uuid(tenant), out, show)

        manifest = _with_database(work)
    _tell(manifest, f"written to {out}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export.")],
    trust: Annotated[
        str, typer.Option(help="The key of the installation that it comes from, as `alquimista audit key` prints it.")
    ] = "",
    as_: As = "",
) -> None:
    """Put an exported company into this installation, which must not have it: all of it or nothing."""
    from alquimista.portability.service.restore import restore as read

    with _shown("Restoring") as show:

        async def work(db: "Database") -> "tuple[Manifest, Signature]":
            return await read(db, file, show, trust, actor=await actor(db, as_))

        manifest, signature = _with_database(work)
    print(f"Signed by the key {signature.key_id}.")
    _tell(manifest, "restored; people ask for a new password, keys and integrations are made anew")


@app.command()
def offboard(
    tenant: Tenant,
    reason: Annotated[str, typer.Option(help="Why it leaves; its audit keeps it.")],
    out: Annotated[Path, typer.Option(help="Where its export goes.")] = Path("tenant.zip"),
    days: Annotated[int, typer.Option(min=0, max=3650, help="Days until its data is deleted.")] = 30,
    as_: As = "",
) -> None:
    """Close a company's doors, export it, and have its data deleted after a waiting period. Audit and invoices stay."""
    from alquimista.portability.service.offboard import offboard as leave

    with _shown("Exporting") as show:

        async def work(db: "Database") -> "Offboarding":
            who = await actor(db, as_)
            return await leave(db, who, _uuid(tenant), reason, out, days=days, progress=show)

        leaving = _with_database(work)
    print(f"Closed, and exported to {out}. Its data is deleted after {leaving.delete_after:%Y-%m-%d %H:%M} UTC;")
    print(f"until then it can stay after all: alquimista tenants keep {tenant}")


@app.command()
def keep(tenant: Tenant, as_: As = "") -> None:
    """Let a company stay that was leaving."""
    from alquimista.portability.service.offboard import keep as stay

    async def work(db: "Database") -> None:
        await stay(db, await actor(db, as_), _uuid(tenant))

    _with_database(work)
    print("It stays, as it was.")


def _with_database(work: "Callable[[Database], Awaitable[R]]") -> R:
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database

    settings = of_installation(os.environ)

    async def run() -> R:
        db = await Database.open(settings)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())


@contextmanager
def _shown(doing: str) -> "Iterator[Progress]":
    """A bar that moves on with each table."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(doing, total=None)

        async def show(entry: "Entry", tables: int) -> None:
            progress.update(task, advance=1, total=tables, description=f"{doing} {entry.table.partition('.')[2]}")

        yield show


def _tell(manifest: "Manifest", how: str) -> None:
    rows = sum(entry.rows for entry in manifest.tables)
    print(f"{manifest.tenant_name}: {rows} rows of {len(manifest.tables)} tables {how}.")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter("Give the company's id, a UUID.") from None
