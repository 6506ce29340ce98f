"""squawk on the way up of each migration. The way down is left out: it drops things on purpose."""

import subprocess
import sys
from pathlib import Path

import pytest

from alquimista.db.migrations.files import CHAIN

SQUAWK = Path(sys.executable).with_name("squawk")
ROOT = Path(__file__).parents[2]


def lint(name: str, text: str) -> str:
    command = [SQUAWK, "--config", ROOT / ".squawk.toml", "--reporter", "gcc", "--stdin-filepath", name]
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, check=False)
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize("migration", CHAIN.load(), ids=lambda migration: migration.label)
def test_a_migration_locks_and_breaks_nothing_that_it_should_not(migration):
    way_up = migration.path.read_text(encoding="utf-8").partition("-- migrate:down")[0]
    assert lint(migration.path.name, way_up) == ""


def test_the_lint_bites():
    assert "ban-drop-table" in lint("020_bad.sql", "drop table alquimista_platform.users;")
