"""`alquimista migrations`: the schema of a database, step by step, forwards and back."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from alquimista.cli.settings import of_installation
from alquimista.config import ConfigError, variable

if TYPE_CHECKING:
    from alquimista.db.migrations.models import Migration, Plan, Status, Step

app = typer.Typer(help="Apply, undo and check the database migrations.", no_args_is_help=True)
console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

_URL = typer.Option("--url", help="Connect with this URL instead of the owner role of the configured database.")
_TO = typer.Option("--to", min=0, help="Stop at this number.")
Url = Annotated[str | None, _URL]
To = Annotated[int | None, _TO]
Only = Annotated[int | None, typer.Option("--only", min=1, help="This number alone.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_COLOURS = {
    "applied": "green",
    "pending": "yellow",
    "skipped": "dim",
    "edited": "red",
    "unknown": "red",
    "running": "red",
}


@app.command("list")
def list_() -> None:
    """List every migration file and every skipped number. Needs no database."""
    from alquimista.db.migrations import runner

    with _sentences():
        _print_statuses(runner.list_files(), applied=False)


@app.command()
def status(url: Url = None) -> None:
    """Show what the database has, number by number."""
    from alquimista.db.migrations import runner

    with _sentences():
        _print_statuses(runner.status(_owner(url)), applied=True)


@app.command()
def plan(url: Url = None, to: To = None, only: Only = None) -> None:
    """Run what is pending in a transaction that is rolled back, and show each statement with the locks it takes.

    The locks are real until the end of the run: on a busy database, choose a quiet moment.
    """
    from alquimista.db.migrations import runner

    with _sentences():
        plans = runner.plan(_owner(url), to=to, only=only)
    for one in plans:
        _print_plan(one)
    console.print("Nothing is pending." if not plans else f"{_count(plans)} pending; nothing was changed.")


@app.command()
def apply(url: Url = None, to: To = None, only: Only = None) -> None:
    """Apply what is pending, in order, each migration in a transaction of its own.

    On a new server it first makes the database roles, when ALQUIMISTA_DATABASE_URL names a user who may.
    """
    from alquimista.db.migrations import runner

    with _sentences(), _progress() as on_step:
        target = _owner(url)
        if url is None:
            _make_roles()
        done = runner.apply(target, to=to, only=only, on_step=on_step)
    console.print(f"{_count(done)} applied." if done else "Nothing to do: the database is up to date.")


@app.command()
def rollback(url: Url = None, to: To = None, yes: Yes = False) -> None:
    """Undo the last migration, or everything above --to. Shows what it will do and asks first."""
    from alquimista.db.migrations import runner

    with _sentences():
        target = _owner(url)
        steps = runner.rollback_steps(target, to=to)
    if not steps:
        console.print("Nothing to undo.")
        return
    for migration in steps:
        _print_undo(migration)
    if not yes and not typer.confirm("Undo these? What their tables hold is lost."):
        raise typer.Exit(1)
    with _sentences(), _progress() as on_step:
        done = runner.rollback(target, to=to, on_step=on_step)
    console.print(f"{_count(done)} undone.")


@app.command()
def verify(url: Url = None) -> None:
    """Compare the database with the files. Ends with status 1 when a file was edited or lost, or one is missing."""
    from alquimista.db.migrations import runner

    with _sentences():
        problems = runner.verify(_owner(url))
    for problem in problems:
        errors.print(escape(problem), soft_wrap=True)
    if problems:
        raise typer.Exit(1)
    console.print("The database is as the files say.")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="In small letters and underscores, such as add_invoice_lines.")],
) -> None:
    """Write an empty migration with the next number."""
    from alquimista.db.migrations import runner

    with _sentences():
        console.print(str(_relative(runner.new(name))), soft_wrap=True)


@contextmanager
def _sentences() -> Iterator[None]:
    """A mistake is one sentence and exit status 2, never a traceback."""
    from alquimista.db.migrations.models import MigrationError

    try:
        yield
    except (MigrationError, ConfigError) as error:
        errors.print(escape(str(error)), soft_wrap=True)
        raise typer.Exit(2) from None


@contextmanager
def _progress() -> "Iterator[Callable[[Step], None]]":
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks: dict[int, Any] = {}

        def on_step(step: "Step") -> None:
            if step.migration is None:
                console.print("Another runner is at work; waiting for it to end…")
                return
            number = step.migration.number
            if number not in tasks:
                tasks[number] = progress.add_task(step.migration.label, total=step.total)
            progress.update(tasks[number], completed=step.done)
            if step.done == step.total and not console.is_terminal:
                console.print(step.migration.label)

        yield on_step


def _owner(url: str | None) -> str:
    from alquimista.db.roles import role_url

    return url or role_url(of_installation(os.environ), "owner")


def _make_roles() -> None:
    """What `alquimista up` does first: a deployment of `serve` and `worker` alone has no other way to its roles."""
    from psycopg.conninfo import conninfo_to_dict

    from alquimista.db.bootstrap import bootstrap

    configured = os.environ.get(variable("database_url"), "")
    if conninfo_to_dict(configured).get("user"):
        bootstrap(configured, of_installation(os.environ))


def _print_statuses(statuses: "tuple[Status, ...]", *, applied: bool) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    table.add_column("Migration", no_wrap=True)
    table.add_column("State", no_wrap=True)
    if applied:
        for title in ("Applied", "ms"):
            table.add_column(title, no_wrap=True)
    for one in statuses:
        row = (f"{one.row.applied_at:%Y-%m-%d %H:%MZ}", str(one.row.duration_ms)) if one.row else ()
        table.add_row(one.label, f"[{_COLOURS.get(one.state, 'none')}]{one.state}[/]", *(row if applied else ()))
    console.print(table)
    for one in statuses:
        if one.reason:
            console.print(f"[dim]{one.label}: {escape(str(one.reason))}[/]", soft_wrap=True)


def _print_plan(one: "Plan") -> None:
    console.print(f"[bold]{one.migration.label}[/]")
    for planned in one.statements:
        console.print(f"  line {planned.statement.line}: {escape(planned.statement.title)}", soft_wrap=True)
        if not planned.executed:
            console.print("    runs outside a transaction, so it was not tried")
        for lock in planned.locks:
            others = "[yellow]others wait for it[/]" if lock.existing else "[dim]new[/]"
            console.print(f"    {lock.mode} on {escape(lock.relation)} ({others})", soft_wrap=True)


def _print_undo(migration: "Migration") -> None:
    console.print(f"[bold]{migration.label}[/]")
    for statement in migration.down:
        console.print(f"  line {statement.line}: {escape(statement.title)}", soft_wrap=True)


def _count(items: tuple[object, ...]) -> str:
    return "1 migration" if len(items) == 1 else f"{len(items)} migrations"


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
