"""Writes docs/data-model.md from a freshly migrated database. Usage: PYTHONPATH=tests python -m support.data_model."""

import sys
from pathlib import Path

from alquimista.db.dictionary import write
from support.databases import migrated_database
from support.servers import Guardian, wanted

PAGE = Path(__file__).parents[2] / "docs" / "data-model.md"


def main() -> None:
    guardian = Guardian(wanted())
    try:
        with migrated_database(guardian.server) as fresh:
            changed = write(fresh.admin_url, PAGE)
    finally:
        guardian.stop()
    sys.stdout.write(f"{PAGE.name}: {'written anew' if changed else 'already right'}\n")


if __name__ == "__main__":
    main()
