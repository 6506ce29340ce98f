"""`alquimista users`: people, from the command line. A generated password is shown once."""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer

from alquimista.access import PLATFORM_TENANT, Role

if TYPE_CHECKING:
    from alquimista.wiring import Services

app = typer.Typer(help="People and their passwords.", no_args_is_help=True)

T = TypeVar("T")
_Email = Annotated[str, typer.Option(help="The address to sign in with.")]
_Name = Annotated[str, typer.Option(help="The person's name.")]
_Locale = Annotated[str, typer.Option(help="pt-BR or en: the language of pages and mails.")]
_Ask = Annotated[bool, typer.Option("--ask-password", help="Type the password instead of having one made.")]


@app.command("create-internal")
def create_internal(
    email: _Email,
    name: _Name,
    role: Annotated[Role, typer.Option(help="INTERNAL_ADMIN or INTERNAL_SUPPORT.")] = Role.INTERNAL_SUPPORT,
    locale: _Locale = "pt-BR",
    ask_password: _Ask = False,
) -> None:
    """Register a member of the vendor's staff. Two INTERNAL_ADMINs guard against locking yourselves out."""
    from alquimista.identity.service import count_internal_administrators

    _create(PLATFORM_TENANT, email, name, role, locale, ask=ask_password)
    if _with_services(count_internal_administrators) < 2:
        print("Create a second INTERNAL_ADMIN: with one alone, a lost password locks the staff out.")


@app.command("create-tenant")
def create_tenant(
    tenant_id: Annotated[UUID, typer.Option(help="The company's id, as `alquimista tenants create` printed it.")],
    email: _Email,
    name: _Name,
    role: Annotated[Role, typer.Option(help="TENANT_ADMIN or TENANT_USER.")] = Role.TENANT_ADMIN,
    locale: _Locale = "pt-BR",
    ask_password: _Ask = False,
) -> None:
    """Register a person of a company."""
    _create(tenant_id, email, name, role, locale, ask=ask_password)


@app.command("reset-password")
def reset_password(email: _Email, ask_password: _Ask = False) -> None:
    """Set a person's password anew and end all their sessions."""
    from alquimista.identity.service import find_person, set_password

    user_id = _with_services(lambda services: find_person(services, email))
    password = _password(ask=ask_password)
    _with_services(lambda services: set_password(services, user_id, password))
    _show(email, password, shown=not ask_password)


def _create(tenant_id: UUID, email: str, name: str, role: Role, locale: str, *, ask: bool) -> None:
    from alquimista.identity.service import create_person

    password = _password(ask=ask)
    made = _with_services(lambda services: create_person(services, tenant_id, email, name, role, password, locale))
    print(made.user_id)
    if made.new:
        _show(email, password, shown=not ask)
    else:
        print(f"{email} had an account already and keeps its password.")


def _password(*, ask: bool) -> str:
    """A password typed twice, or a random one of about 120 bits that meets the rules."""
    if ask:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return f"{secrets.token_urlsafe(15)}-Aa1"


def _show(email: str, password: str, *, shown: bool) -> None:
    print(f"Password of {email} (shown only now): {password}" if shown else f"The password of {email} is set.")


def _with_services(work: "Callable[[Services], Awaitable[T]]") -> T:
    """Run some work against the database of the settings."""
    from alquimista.cache.bus import Bus
    from alquimista.cli.settings import of_installation
    from alquimista.db.pool import Database
    from alquimista.identity.service import install
    from alquimista.wiring import Services

    settings = of_installation(os.environ)

    async def run() -> T:
        services = Services(settings, await Database.open(settings))
        kit = install(services, Bus(settings))
        try:
            return await work(services)
        finally:
            await kit.close()
            await services.db.close()

    return asyncio.run(run())
