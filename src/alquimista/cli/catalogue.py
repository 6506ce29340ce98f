"""`alquimista catalogue`: what the vendor offers, from files."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="What is offered: agents, SubNúcleos, plans and prices.", no_args_is_help=True)
Folder = Annotated[Path | None, typer.Argument(help="A catalogue folder; the shipped one unless given.")]


@app.command()
def check(folder: Folder = None) -> None:
    """Read a catalogue folder and tell what it holds, or the first mistake in it. Changes nothing."""
    from alquimista.catalogue import files

    found = files.read(folder or files.SHIPPED)
    print(
        f"{len(found.agents)} agents, {len(found.subnucleos)} SubNúcleos, {len(found.plans)} plans, "
        f"{len(found.addons)} add-ons."
    )


@app.command()
def load(
    folder: Folder = None,
    replace: Annotated[bool, typer.Option(help="Also what staff have changed on the pages.")] = False,
) -> None:
    """Bring the database to what a catalogue folder says: what changed becomes a new version. Safe to repeat."""
    from alquimista import clock
    from alquimista.catalogue import files
    from alquimista.catalogue.load import load as load_catalogue
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database

    settings = of_installation(os.environ)
    wanted = files.read(folder or files.SHIPPED)

    async def run() -> None:
        db = await Database.open(settings)
        try:
            loaded = await load_catalogue(db, wanted, clock.now(), replace=replace)
        finally:
            await db.close()
        print(f"Written: {', '.join(loaded.written) or 'nothing, all of it was there'}.")
        if loaded.kept:
            print(f"Left as staff wrote it: {', '.join(loaded.kept)}. To replace that too, use --replace.")

    asyncio.run(run())
