"""`alquimista tenants create`: a company from the command line, or one sentence about what is wrong."""

import asyncio
import socket
from uuid import UUID

import pytest

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.cli.main import run
from alquimista.config import variable
from alquimista.tenants import service


@pytest.fixture
def command(settings, monkeypatch):
    monkeypatch.setenv(variable("database_url"), settings.database_url)
    monkeypatch.setenv(variable("secret_key"), settings.secret_key)

    async def create(*options: str) -> int:
        return await asyncio.to_thread(run, ["tenants", "create", *options])

    return create


async def test_a_company_is_registered_and_its_id_printed(command, db, capsys):
    cnpj = factories.new_cnpj()
    assert await command("--name", "Padaria Sol", "--cnpj", cnpj, "--segment", "Alimentação", "--plan", "expert") == 0
    tenant_id = UUID(capsys.readouterr().out.strip())
    tenant = await service.get(db.tenant(tenant_id), tenant_id)
    assert (tenant.name, tenant.cnpj, tenant.plan, tenant.max_agents) == ("Padaria Sol", cnpj, "expert", 24)
    assert tenant_id in await service.list_ids(db.staff())


async def test_the_audit_names_the_member_of_the_staff_who_registered_it(command, db, capsys):
    ana = await factories.make_user(db, name="Ana Prado")
    options = ("--name", "Padaria Lua", "--cnpj", factories.new_cnpj(), "--segment", "Alimentação")
    assert await command(*options, "--as", ana.email) == 0
    tenant_id = UUID(capsys.readouterr().out.strip())
    (made,) = await audit.entries(db.tenant(tenant_id), tenant_id, Wanted(action="tenant.created"), 10)
    assert (made.actor_id, made.actor_name, made.by_staff) == (ana.id, "Ana Prado", True)
    assert made.details["command_line"]["host"] == socket.gethostname()


async def test_companies_are_chosen_by_their_names(db):
    oak, elm, ash = [(await factories.make_tenant(db, name=f"Móveis {tree}")).id for tree in ("Ipê", "Olmo", "Freixo")]

    async def named(search, *chosen, limit=10):
        return [one.id for one in await service.named(db.staff(), search, list(chosen), limit)]

    assert await named("moveis ") == [ash, oak, elm], "by name, without accents"
    assert await named("olmo", ash) == [ash, elm], "what is chosen already stands first"
    assert await named("moveis", elm, limit=1) == [elm, ash]
    assert PLATFORM_TENANT not in await named("", limit=1_000)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"--cnpj": "11222333000180"}, "check digits"),
        ({"--time-zone": "Asia/Kolkata"}, "whole hour"),
        ({"--plan": "gold"}, "Use one of"),
        ({"--locale": "es"}, "Use one of"),
    ],
)
async def test_a_mistake_is_one_sentence_and_exit_code_2(command, capsys, wrong, sentence):
    options = {"--name": "Padaria Sol", "--cnpj": factories.new_cnpj(), "--segment": "Alimentação"} | wrong
    assert await command(*(part for pair in options.items() for part in pair)) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


async def test_a_cnpj_is_registered_once(command, capsys):
    options = ("--name", "Padaria Sol", "--cnpj", factories.new_cnpj(), "--segment", "Alimentação")
    assert await command(*options) == 0
    assert await command(*options) == 2
    assert "already registered" in capsys.readouterr().err
