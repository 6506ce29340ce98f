"""The generated pages of docs/: `make docs` writes them, tests/architecture/test_reference.py compares them.

Usage: PYTHONPATH=tests python -m support.reference
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import typer

from alquimista.access import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, ActorKind, Permission
from alquimista.app import API
from alquimista.cli.main import app as command_line
from alquimista.config import table as settings_table
from alquimista.http.routes import Limit, Route, TenantScope
from support.retention import retention_page

DOCS = Path(__file__).parents[2] / "docs"
NOTE = "Generated from the code by `make docs`; a test compares the two.\n"


def settings_page() -> str:
    return (
        "# Settings\n\nRead once at the start, from the environment. A name that starts with `ALQUIMISTA_` and is not\n"
        f"here stops the start, so that a typing mistake is not silent. {NOTE}\n{settings_table()}"
    )


def api_page() -> str:
    """Every endpoint: what it is for, who may call it, its limits and its cache."""
    parts = [f"# API\n\nThe whole document, with shapes and examples, is at `/openapi.json`. {NOTE}"]
    for tag, routes in groupby(sorted(documented(), key=lambda r: r.tag), key=lambda r: r.tag):
        parts.append(f"\n## {tag}\n\n| endpoint | what | who | limits | cache |\n|---|---|---|---|---|\n")
        parts.extend(_line(route) for route in routes)
    return "".join(parts)


def documented() -> Iterator[Route]:
    return (route for route in API if route.documented)


def _line(route: Route) -> str:
    limits = ", ".join(_limit(limit) for limit in route.limits) or "–"
    cache = f"{route.cache.ttl} s{', live' if route.cache.live else ''}" if route.cache else "–"
    return f"| `{route.method} {route.path}` | {route.summary} | {_who(route)} | {limits} | {cache} |\n"


def _limit(limit: Limit) -> str:
    return f"{limit.count} in {limit.seconds} s per {' and '.join(limit.per)}"


def _who(route: Route) -> str:
    if route.permission is None:
        return "anybody"
    roles = [role.value for role, held in ROLE_PERMISSIONS.items() if route.permission in held]
    if route.scope is TenantScope.PLATFORM:
        roles = [role for role in roles if role.startswith("INTERNAL")]
    people = roles if route.kinds & {ActorKind.SESSION, ActorKind.TOKEN} else []
    keys = [
        f"key `{scope}`"
        for scope, held in SCOPE_PERMISSIONS.items()
        if ActorKind.API_KEY in route.kinds and route.permission in held
    ]
    return ", ".join([*people, *keys])


def permissions_page() -> str:
    """The permission matrix."""
    roles = [*ROLE_PERMISSIONS]
    scopes = [*SCOPE_PERMISSIONS]
    head = " | ".join([*(role.value for role in roles), *(f"key `{scope}`" for scope in scopes)])
    lines = [f"# Permissions\n\n{NOTE}\n| permission | {head} |\n|---|{'---|' * (len(roles) + len(scopes))}\n"]
    for permission in Permission:
        held = [permission in ROLE_PERMISSIONS[role] for role in roles]
        held += [permission in SCOPE_PERMISSIONS[scope] for scope in scopes]
        lines.append(f"| `{permission}` | {' | '.join('yes' if one else '–' for one in held)} |\n")
    return "".join(lines)


def commands_page() -> str:
    """Every command with its options."""
    root = typer.main.get_command(command_line)
    return f"# Command line\n\n{NOTE}" + "".join(_command(root, ("alquimista",)))


def _command(command: typer.core.TyperGroup, path: tuple[str, ...]) -> Iterator[str]:
    for name, sub in sorted(command.commands.items()):
        if hasattr(sub, "commands"):
            yield from _command(sub, (*path, name))
            continue
        yield f"\n## {' '.join((*path, name))}\n\n{' '.join((sub.help or '').split())}\n"
        shown = [one for one in sub.params if not getattr(one, "hidden", False)]
        if shown:
            yield "\n| option | meaning |\n|---|---|\n"
        for one in shown:
            flags = ", ".join(f"`{flag}`" for flag in one.opts) if one.opts[0].startswith("-") else f"`{one.name}`"
            yield f"| {flags} | {getattr(one, 'help', '') or ''} |\n"


PAGES = {
    "settings.md": settings_page,
    "api.md": api_page,
    "permissions.md": permissions_page,
    "cli.md": commands_page,
    "retention.md": lambda: retention_page(NOTE),
}


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
