"""`alquimista usage`: counting again, and comparing rollups with what was received."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import typer

if TYPE_CHECKING:
    from alquimista.db.pool import Database

app = typer.Typer(help="Usage: recount and reconcile.", no_args_is_help=True)
_AT_ONCE: Final = 4  # Tenants side by side: what one reads of a day's pages, the others find in memory.

Tenant = Annotated[str, typer.Option(help="A company's id; all companies unless given.")]
From = Annotated[str, typer.Option("--from", help="First day, such as 2026-03-01, in the company's own time zone.")]
To = Annotated[str, typer.Option("--to", help="Last day, included.")]


@app.command()
def aggregate(first: From, last: To, tenant: Tenant = "") -> None:
    """Count days again from the raw events. Safe while events arrive, and safe to repeat."""
    days = _day(first, "--from"), _day(last, "--to")

    async def one(db: "Database", tenant_id: UUID) -> str:
        from alquimista import clock
        from alquimista.usage import service

        changed = await service.recount(db, tenant_id, *days, clock.now())
        sums = await service.totals(db.tenant(tenant_id), tenant_id, *days)
        return f"{sums.requests} requests, {'corrected' if changed else 'unchanged'}"

    _for_each(tenant, one)


@app.command()
def reconcile(first: From = "", last: To = "", tenant: Tenant = "") -> None:
    """Compare the rollups with the raw events, yesterday's unless told; drift raises an incident and exits with 1."""
    start, end = (_day(first, "--from") if first else None), (_day(last, "--to") if last else None)
    wrong: list[UUID] = []

    async def one(db: "Database", tenant_id: UUID) -> str:
        from alquimista import clock
        from alquimista.usage import service

        yesterday = (clock.now() - timedelta(days=1)).date()
        if await service.reconcile(db, tenant_id, start or yesterday, end or yesterday, clock.now()):
            return "right"
        wrong.append(tenant_id)
        return "differs from the raw events; mend it with: alquimista usage aggregate"

    _for_each(tenant, one)
    if wrong:
        raise typer.Exit(1)


def _for_each(tenant: str, work: Callable[["Database", UUID], Awaitable[str]]) -> None:
    """Do the work for one tenant or for all, with a line for each."""
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database
    from alquimista.tenants import service as tenants

    settings = of_installation(os.environ)
    only = _uuid(tenant) if tenant else None

    async def run() -> None:
        db = await Database.open(settings)
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(tenant_id: UUID) -> None:
            async with turn:
                print(f"{tenant_id}  {await work(db, tenant_id)}")

        try:
            await asyncio.gather(*map(one, [only] if only else await tenants.list_ids(db.staff())))
        finally:
            await db.close()

    asyncio.run(run())


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-03-01.", param_hint=option) from None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a company's id.", param_hint="--tenant") from None
