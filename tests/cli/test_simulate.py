"""`alquimista simulate year` as people run it."""

import re
from pathlib import Path

import pytest

from alquimista.cli.main import run
from support.databases import FreshDatabase

PREFIX = "ALQUIMISTA_"


def test_a_small_year_is_printed_in_a_database_of_its_own(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}DATABASE_URL", fresh_database.admin_url)
    monkeypatch.setenv(f"{PREFIX}SECRET_KEY", fresh_database.settings.secret_key)
    arguments = ["simulate", "year", "--tenants", "2"]
    assert run(arguments) == 0
    shown = capsys.readouterr().out
    assert len(re.findall(r"^ *2026-\d\d( +[\d,]+\.\d\d){10}", shown, re.MULTILINE)) == 12
    assert "Checked: each month begins where the one before ended" in shown
    assert run(arguments) == 2, "what is there already is never touched"
    assert "an installation in this database already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "options", "sentence"),
    [
        ({"ENVIRONMENT": "production"}, [], "Production is no place"),
        ({"DATABASE_URL": "postgresql://localhost:1/x"}, ["--data-dir", "here"], "not both"),
    ],
)
def test_it_refuses_what_could_be_somebodys_real_data(
    settings: dict[str, str],
    options: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in settings.items():
        monkeypatch.setenv(PREFIX + name, value)
    assert run(["simulate", "year", *options]) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
