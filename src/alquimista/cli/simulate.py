"""`alquimista simulate`: time lapses of the whole platform, in a database of their own."""

import asyncio
import os
import tempfile
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from alquimista.billing.models.monthly import MonthRevenue
    from alquimista.config import Settings

_WIDTH: Final = 150  # Of the table; a narrower terminal wraps its lines instead of losing figures.

app = typer.Typer(help="Time lapses: a year in seconds.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `year` a command of its own, however few there are."""


@app.command()
def year(
    tenants: Annotated[int, typer.Option(min=1, max=5_000, help="How many companies.")] = 200,
    seed: Annotated[int, typer.Option(help="Another seed, another year; the same seed, the same year.")] = 1,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where to keep the database; a temporary directory unless given.", show_default=False),
    ] = None,
) -> None:
    """Play 12 months of companies through the real code, and print the revenue of each month.

    It takes an empty database: of its own, or the one that ALQUIMISTA_DATABASE_URL names.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from alquimista.db.pool import Database
    from alquimista.demo.script import DAYS, script
    from alquimista.demo.year import play

    acts = script(tenants, seed)
    console = Console(highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())

    async def run(settings: "Settings", progress: Progress) -> "tuple[list[MonthRevenue], int]":
        task = progress.add_task("Starting…", total=DAYS)
        db = await Database.open(settings, size=16)

        def show(day: date) -> None:
            progress.update(task, advance=1, description=f"{day:%d/%m/%Y}")

        try:
            played = await play(db, acts, show)
        finally:
            await db.close()
        return played.months, played.refused

    with ExitStack() as stack:
        settings = _database(stack, data_dir)
        with Progress(*columns, console=console, transient=True) as progress:
            months, refused = asyncio.run(run(settings, progress))
    _show(Console(highlight=False, width=max(console.width, _WIDTH)), months)
    say = partial(console.print, soft_wrap=True)
    say(f"{len(acts)} acts of {tenants} companies, {refused} of which their subscriptions did not allow.")
    if not _adds_up(months):
        say("The movements do not add up to the MRR.", style="bold red")
        raise typer.Exit(1)
    say("Checked: each month begins where the one before ended, and its movements lead to its end.")


def _database(stack: ExitStack, data_dir: Path | None) -> "Settings":
    """The settings of a migrated database: the configured server's, or one in a directory that is ours meanwhile."""
    from alquimista.cli.platform import without_user
    from alquimista.config import ConfigError, load, new_secret, variable
    from alquimista.db.bootstrap import bootstrap, installed, role_url
    from alquimista.db.migrations import runner
    from alquimista.runtime import datadir
    from alquimista.runtime.embedded import EmbeddedServer

    url = os.environ.get(variable("database_url"))
    if os.environ.get(variable("environment")) == "production":
        raise ConfigError("Production is no place for a simulation; unset ALQUIMISTA_ENVIRONMENT.")
    if url and data_dir:
        raise ConfigError("Give either --data-dir or ALQUIMISTA_DATABASE_URL, not both.")
    known: dict[str, object] = {}
    if url:
        if not os.environ.get(variable("secret_key")):
            known["secret_key"] = new_secret()
        settings = load(os.environ, database_url=without_user(url), **known)
    else:
        directory = datadir.prepare(data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.enter_context(datadir.lock(directory))
        server = stack.enter_context(EmbeddedServer(directory))
        if not os.environ.get(variable("secret_key")):
            known["secret_key"] = datadir.secrets(directory).secret_key
        url, settings = server.url, load(os.environ, database_url=server.plain_url, **known)
    if installed(url):  # Before anything is migrated: it may be somebody's real one.
        raise ConfigError("There is an installation in this database already; a simulation takes an empty one.")
    bootstrap(url, settings)
    runner.apply(role_url(settings, "owner"))
    return settings


def _show(console: "Console", months: "list[MonthRevenue]") -> None:
    from rich.table import Table

    table = Table(title="Revenue in BRL", title_justify="left", box=None, padding=(0, 1))
    table.add_column("month")
    names = [name for name in type(months[0]).__struct_fields__ if name != "month"]
    for name in names:
        table.add_column(name.replace("_", " ").replace("mrr", "MRR"), justify="right")
    for month in months:
        table.add_row(f"{month.month:%Y-%m}", *(_reais(getattr(month, name)) for name in names))
    sums = {name: sum(getattr(month, name) for month in months) for name in names}
    sums |= {"mrr_start": months[0].mrr_start, "mrr_end": months[-1].mrr_end}
    table.add_section()
    table.add_row("year", *(_reais(sums[name]) for name in names), style="bold")
    console.print(table)


def _adds_up(months: "list[MonthRevenue]") -> bool:
    ends = [0, *(month.mrr_end for month in months)]
    return all(
        month.mrr_start == before
        and month.mrr_start + month.new + month.expansion + month.reactivated - month.contraction - month.churned
        == month.mrr_end
        for before, month in zip(ends, months, strict=False)
    )


def _reais(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02}"
