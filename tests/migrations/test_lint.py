"""The forward parts of the migrations, read by squawk as one transaction each. Needs no database."""

import subprocess
import sys
from pathlib import Path

from alquimista.db.migrations.files import CHAIN

ROOT = Path(__file__).parents[2]
SQUAWK = Path(sys.executable).with_name("squawk")


def test_squawk_finds_nothing_that_would_stop_a_live_database(tmp_path) -> None:
    for migration in CHAIN.load():
        forward = migration.path.read_text().partition("-- migrate:down")[0]
        (tmp_path / migration.path.name).write_text(forward)
    command = [SQUAWK, "--config", ROOT / ".squawk.toml", *sorted(tmp_path.glob("*.sql"))]
    linted = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr
