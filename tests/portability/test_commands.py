"""`alquimista tenants export | restore | offboard | keep`, as a person types them."""

import asyncio

import pytest

from alquimista.cli.main import run
from alquimista.config import variable


@pytest.fixture
def command(here, monkeypatch):
    monkeypatch.setenv(variable("database_url"), here.db.settings.database_url)
    monkeypatch.setenv(variable("secret_key"), here.db.settings.secret_key)

    async def tenants(*options: object) -> int:
        return await asyncio.to_thread(run, ["tenants", *map(str, options)])

    return tenants


async def test_a_company_is_exported_and_not_restored_over_itself(command, companies, tmp_path, capsys):
    one, _ = companies
    file = tmp_path / "one.zip"
    assert await command("export", one.tenant_id, "--out", file) == 0
    assert "Sample:" in capsys.readouterr().out
    assert await command("restore", file) == 2
    assert "has a customer with this id" in capsys.readouterr().err


async def test_a_company_leaves_and_stays_after_all(command, companies, tmp_path, capsys):
    one, _ = companies
    out = ("--out", tmp_path / "one.zip")
    assert await command("offboard", one.tenant_id, "--reason", "Fim do contrato", *out, "--days", 5) == 0
    assert "alquimista tenants keep" in capsys.readouterr().out
    assert await command("keep", one.tenant_id) == 0
    assert await command("keep", one.tenant_id) == 2


@pytest.mark.parametrize("name", ["x", "01890a5d-ac96-774b-bcce-b302099a8057"])
async def test_a_company_that_is_none_is_one_sentence(command, here, tmp_path, capsys, name):
    assert await command("export", name, "--out", tmp_path / "x.zip") == 2
    assert capsys.readouterr().err.strip()
    assert not (tmp_path / "x.zip").exists()


async def test_a_file_that_is_no_export_is_one_sentence(command, here, tmp_path, capsys):
    (tmp_path / "x.zip").write_text("no zip")
    assert await command("restore", tmp_path / "x.zip") == 2
    assert "not a whole export" in capsys.readouterr().err
