"""benchmarks/results.json: what a run found, complete enough to draw the page and the pictures from it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.harness.bench import FOLDER, Case, Outcome

RESULTS: Final = FOLDER / "results.json"
Record = dict[str, Any]


def entry(case: Case, outcome: Outcome, seconds: float) -> Record:
    """What one case found."""
    return {
        "name": case.name,
        "title": case.title,
        "seconds": round(seconds),
        "results": [result.plain() for result in outcome.results],
        "notes": list(outcome.notes),
        "tables": {title: [list(map(str, row)) for row in rows] for title, rows in outcome.tables.items()},
        "plots": [asdict(plot) for plot in outcome.plots],
    }


def assemble(machine: Mapping[str, object], cases: list[Record]) -> Record:
    """The whole file: the results of all cases in one list, and beside it what the page tells about each case."""
    results = [result for case in cases for result in case["results"]]
    names = [{**case, "results": [result["name"] for result in case["results"]]} for case in cases]
    return {"machine": dict(machine), "results": results, "cases": names}


def write(record: Record, path: Path = RESULTS) -> None:
    """Replace the file."""
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def read(path: Path = RESULTS) -> Record:
    """The last full run."""
    found: Record = json.loads(path.read_text())
    return found
