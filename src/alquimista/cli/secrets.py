"""`alquimista secrets`: the keys that seal stored credentials."""

import asyncio
import os

import typer

app = typer.Typer(help="Keys that seal stored credentials.", no_args_is_help=True)


@app.command()
def rotate() -> None:
    """Seal everything again with the active key: the first of ALQUIMISTA_ENCRYPTION_KEYS.

    Put the new key first and keep the old ones behind it, run this, then remove the old keys. Safe to repeat.
    """
    from rich.progress import track

    from alquimista import clock
    from alquimista.cli.settings import of_installation
    from alquimista.config import ConfigError
    from alquimista.db.crypto import Sealer, SealError
    from alquimista.db.pool import Database
    from alquimista.db.tenancy import login_transaction, tenant_transaction
    from alquimista.identity.service import sealed
    from alquimista.integrations import service as integrations
    from alquimista.tenants import service as tenants
    from alquimista.webhooks import service as webhooks

    settings = of_installation(os.environ)
    sealer = Sealer(settings)

    async def reseal() -> int:
        db = await Database.open(settings)
        try:
            async with login_transaction(db) as conn:
                changed = await sealed.reseal(conn, sealer)
            for tenant_id in track(await tenants.list_ids(db.staff()), description="Companies"):
                async with tenant_transaction(db, tenant_id) as conn:
                    changed += await integrations.reseal(conn, tenant_id, sealer, clock.now())
                    changed += await webhooks.reseal(conn, tenant_id, sealer, clock.now())
            return changed
        finally:
            await db.close()

    try:
        count = asyncio.run(reseal())
    except SealError as error:
        raise ConfigError(str(error)) from error
    print(f"{count} secrets are now sealed with the key {sealer.active_key_id}.")


@app.command("metrics-token")
def metrics_token() -> None:
    """Print the bearer token that Prometheus shows to read /metrics in production. It derives from the secret key."""
    from alquimista.cli.settings import of_installation
    from alquimista.http.health import metrics_token as derived

    print(derived(of_installation(os.environ)))
