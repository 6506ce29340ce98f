"""The statements that the peers run: ours, exported, so that both sides ask the database the same thing."""

import json
from pathlib import Path
from typing import Any, Final

from alquimista.dashboards.queries import usage
from alquimista.db.statement import Statement

_STATEMENTS: Final[dict[str, Statement[Any]]] = {"usage": usage.TENANT}


def export(path: Path) -> Path:
    """Write them as JSON: `sql` with %(name)s, `positional` with $1, and the names in the order of the numbers."""
    found = {
        name: {"sql": statement.sql, "positional": statement.positional[0], "names": list(statement.positional[1])}
        for name, statement in _STATEMENTS.items()
    }
    path.write_text(json.dumps(found, indent=1))
    return path
