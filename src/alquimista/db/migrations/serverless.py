"""A plain function for a serverless handler inside a private network to wrap."""

from typing import Any

from alquimista.db.migrations import runner
from alquimista.db.migrations.files import CHAIN, Chain
from alquimista.db.migrations.models import MigrationError, Status


def handle(event: dict[str, Any], url: str, chain: Chain = CHAIN) -> dict[str, Any]:
    """Answer `{"action": "run-migration" | "list-migrations", "target": "017" | "all"}` with what JSON can hold.

    `run-migration` applies one number, or all that is pending; `list-migrations` takes no target. The answer has `ok`;
    when it is false, `error` is a sentence. It raises nothing that a caller could have caused.
    """
    try:
        match event.get("action"), event.get("target", "all"):
            case "list-migrations", _:
                return {"ok": True, "migrations": [_shown(one) for one in runner.status(url, chain)]}
            case "run-migration", "all":
                done = runner.apply(url, chain=chain)
            case "run-migration", str(target) if target.isascii() and target.isdecimal():
                done = runner.apply(url, only=int(target), chain=chain)
            case "run-migration", _:
                return {"ok": False, "error": 'target must be a number such as "017", or "all".'}
            case _:
                return {"ok": False, "error": "action must be run-migration or list-migrations."}
    except MigrationError as error:
        return {"ok": False, "error": str(error)}
    return {"ok": True, "applied": [migration.label for migration in done]}


def _shown(one: Status) -> dict[str, Any]:
    return {
        "number": f"{one.number:03d}",
        "name": one.label,
        "state": one.state,
        "reason": str(one.reason or ""),
        "applied_at": one.row.applied_at.isoformat() if one.row else None,
        "applied_by": one.row.applied_by if one.row else None,
        "duration_ms": one.row.duration_ms if one.row else None,
    }
