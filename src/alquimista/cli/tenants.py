"""`alquimista tenants`: companies, from the command line."""

import asyncio
import os
from typing import Annotated

import typer

app = typer.Typer(help="Companies.", no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Option(help="The company's name.")],
    cnpj: Annotated[str, typer.Option(help="Its CNPJ, with or without punctuation; letters are allowed.")],
    segment: Annotated[str, typer.Option(help="Its line of business.")],
    plan: Annotated[str, typer.Option(help="starter, profissional, expert or enterprise.")] = "starter",
    time_zone: Annotated[str, typer.Option(help="An IANA zone of whole hours.")] = "America/Sao_Paulo",
    locale: Annotated[str, typer.Option(help="pt-BR or en.")] = "pt-BR",
) -> None:
    """Register a company. Prints its id, which `alquimista users create-tenant` takes."""
    from alquimista import clock
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database
    from alquimista.db.tenancy import tenant_transaction
    from alquimista.tenants import service
    from alquimista.tenants.models import NewTenant

    settings = of_installation(os.environ)
    new = NewTenant(name=name, cnpj=cnpj, segment=segment, plan=plan, time_zone=time_zone, locale=locale)
    tenant = service.prepare(new, clock.new_id(), clock.now())

    async def store() -> None:
        db = await Database.open(settings)
        try:
            async with tenant_transaction(db, tenant.id) as conn:
                await service.create(conn, None, tenant)
        finally:
            await db.close()

    asyncio.run(store())
    print(tenant.id)
