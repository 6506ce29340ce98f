"""The layout's conventions, each of which this file makes fail when it is broken."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "alquimista"
ROOMS = (
    "agents",
    "approvals",
    "audit",
    "billing",
    "commercial",
    "dashboards",
    "fleet",
    "identity",
    "incidents",
    "integrations",
    "notifications",
    "operations",
    "orchestrator",
    "payments",
    "portability",
    "support",
    "tenants",
    "trials",
    "usage",
    "webhooks",
)
VOCABULARY = {"__init__", "models", "queries", "gateway", "service", "guards", "api", "jobs"}
CEILING = 400
STATEMENT = re.compile(
    r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|DELETE\s+FROM|UPDATE\s+\S+\s+SET)\b", re.IGNORECASE | re.DOTALL
)
WALL_CLOCK = re.compile(r"\b(now\(\)|current_timestamp|clock_timestamp\(\)|current_date)", re.IGNORECASE)


def texts_of(path: Path) -> list[str]:
    """Every string literal of a module that is not a docstring."""
    tree = ast.parse(path.read_text())
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    ]


def room_modules(room: str) -> list[Path]:
    return sorted((SOURCE / room).rglob("*.py"))


def kind_of(room: str, module: Path) -> str:
    """The kind of file that a module is: its own name, or its package's when a kind has become a package."""
    parts = module.relative_to(SOURCE / room).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_only_the_closed_vocabulary_of_files(room):
    strangers = {kind_of(room, module) for module in room_modules(room)} - VOCABULARY
    assert not strangers, f"{room} holds {sorted(strangers)}; a room's files are {sorted(VOCABULARY)}"


@pytest.mark.parametrize("room", ROOMS)
def test_sql_is_written_only_in_queries(room):
    culprits = {
        module.relative_to(ROOT).as_posix()
        for module in room_modules(room)
        if kind_of(room, module) != "queries" and any(STATEMENT.search(text) for text in texts_of(module))
    }
    assert not culprits, f"move the SQL of {sorted(culprits)} into queries.py"


@pytest.mark.parametrize("room", ROOMS)
def test_business_sql_takes_time_as_a_parameter(room):
    culprits = {
        module.relative_to(ROOT).as_posix()
        for module in room_modules(room)
        if kind_of(room, module) == "queries" and any(WALL_CLOCK.search(text) for text in texts_of(module))
    }
    assert not culprits, f"pass the application's clock instead, in {sorted(culprits)}"


def test_no_file_passes_the_ceiling():
    python = ("src/**/*.py", "tests/**/*.py", "benchmarks/*.py", "benchmarks/[!.]*/**/*.py")
    patterns = (*python, "src/**/*.html", "src/**/*.sql", "frontend/src/*", "frontend/*.mjs")
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert len(files) > 50, "the patterns above no longer find the sources"
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in files
        if path.name != "schema.sql" and (lines := len(path.read_text().splitlines())) > CEILING
    }
    assert not long, f"longer than {CEILING} lines: {long}"


def test_every_decision_names_a_check_that_exists():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert pages
    for page in pages:
        kept = re.search(r"^Kept by: (.+)$", page.read_text(), re.MULTILINE)
        assert kept, f"{page.name} has no line 'Kept by: `path`'"
        for name in re.findall(r"`([^`]+)`", kept[1]):
            path = name.split("::")[0]
            assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"
