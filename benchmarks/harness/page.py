"""docs/benchmarks.md, from results.json and the prose beside this package."""

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.harness.bench import FOLDER, ROOT
from benchmarks.harness.record import Record

PAGE: Final = ROOT / "docs" / "benchmarks.md"
IMAGES: Final = ROOT / "docs" / "images" / "benchmarks"
_PROSE: Final = FOLDER / "prose"


def render(record: Record) -> str:
    """The page."""
    parts = [
        "# Benchmarks",
        "<!-- Made by `make bench` from benchmarks/results.json and benchmarks/prose/; do not edit. -->",
        _prose("method.md"),
        _machine(record["machine"]),
        "## All results\n\n" + summary(record["results"]),
        *(_case(case, record["results"]) for case in record["cases"]),
        _prose("after.md"),
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def summary(results: Iterable[dict[str, Any]]) -> str:
    """A Markdown table of results."""
    header = ["work", "ours", "beside", "theirs", "ratio", "bar", "met"]
    rows = [
        [
            result["name"],
            f"{figure(result['ours'])} {result['unit']}",
            result["peer"],
            f"{figure(result['peer_value'])} {result['unit']}",
            ratio(result),
            "–" if result["bar"] is None else f"≥ {result['bar']:g}×",
            "–" if result["bar"] is None else ("yes" if result["met"] else "**no**"),
        ]
        for result in results
    ]
    return _table([header, *rows])


def ratio(result: dict[str, Any]) -> str:
    """The ratio with the spread of the rounds."""
    rounds = result["ratio_rounds"]
    spread = f" ({min(rounds):.3g}–{max(rounds):.3g})" if len(rounds) > 1 else ""
    return f"{result['ratio']:.3g}×{spread}"


def figure(value: float) -> str:
    """A figure for people: thousands apart, no more digits than mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _case(case: dict[str, Any], results: list[dict[str, Any]]) -> str:
    own = [result for result in results if result["name"] in case["results"]]
    parts = [f"## {case['title']}"]
    parts += [f"![{plot['title']}](images/benchmarks/{plot['name']}.svg)" for plot in case["plots"]]
    if own:
        parts.append(summary(own))
    if notes := _notes(own, case["notes"]):
        parts.append("\n".join(f"- {note}" for note in notes))
    parts += [f"**{title}**\n\n{_table(rows)}" for title, rows in case["tables"].items()]
    return "\n\n".join(parts)


def _notes(results: list[dict[str, Any]], notes: list[str]) -> list[str]:
    return [*notes, *(f"{result['name']}: {result['note']}" for result in results if result["note"])]


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    rows = [["", ""], *([name, str(value)] for name, value in machine.items() if name != "packages")]
    return "## Machine and versions\n\n" + _table([*rows, ["packages", packages]])


def _table(rows: list[list[str]]) -> str:
    header, *body = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows)
    rule = " | ".join("---" for _ in rows[0])
    return "\n".join(f"| {line} |" for line in [header, rule, *body])


def _prose(name: str) -> str:
    return (_PROSE / name).read_text()
