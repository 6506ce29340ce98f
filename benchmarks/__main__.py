"""`python -m benchmarks`: run the cases, print the table, write results.json, docs/benchmarks.md and the pictures."""

import argparse
import importlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.harness import page, record
from benchmarks.harness.bench import FOLDER, Bench, Case, Outcome
from benchmarks.harness.cluster import Cluster
from benchmarks.harness.load import tool
from benchmarks.harness.machine import describe

# In the order of the page. Each is a module of benchmarks/cases with a CASE.
CASES: Final = (
    "usage_query",
    "usage_cached",
    "rls",
    "ingest_batches",
    "ingest_singles",
    "otlp",
    "freshness",
    "recompute",
    "close",
    "growth",
    "login",
    "refresh",
    "commands",
    "users",
    "pages",
    "pressure",
    "connections",
    "start",
    "memory",
    "profile",
)
PEERS_PYTHON: Final = FOLDER / ".venv" / "bin" / "python"
_out = Console()


def load(name: str) -> Case:
    """The case of that name."""
    case = importlib.import_module(f"benchmarks.cases.{name}").CASE
    assert isinstance(case, Case)
    return case


def run(bench: Bench, cases: Sequence[Case]) -> tuple[list[record.Record], list[str]]:
    """Run the cases one after the other; what each one found, and the names of those that failed.

    A case that fails loses its own figures, and says so on the page, but not the half hour of the others.
    """
    entries, failed = [], []
    for number, case in enumerate(cases, 1):
        started = time.monotonic()
        _out.print(f"[bold]{number}/{len(cases)} {case.title}[/bold]")
        try:
            outcome = case.run(bench)
        except Exception as error:  # noqa: BLE001 - Whatever it is, it is printed, and the run ends with status 1.
            _out.print_exception(max_frames=20)
            failed.append(case.name)
            outcome = Outcome(notes=[f"**Not measured in this run**: it ended with {type(error).__name__}."])
        found = record.entry(case, outcome, time.monotonic() - started)
        entries.append(found)
        _print(found["results"], found["seconds"])
    return entries, failed


def _print(results: Sequence[record.Record], seconds: float) -> None:
    table = Table("work", "ours", "beside", "theirs", "ratio", "bar", "met", caption=f"{seconds} s")
    for result in results:
        table.add_row(
            result["name"],
            f"{page.figure(result['ours'])} {result['unit']}",
            result["peer"],
            page.figure(result["peer_value"]),
            page.ratio(result),
            "–" if result["bar"] is None else f"≥ {result['bar']:g}×",
            "–" if result["bar"] is None else ("[green]yes[/green]" if result["met"] else "[red]no[/red]"),
        )
    _out.print(table)


def publish(found: record.Record) -> None:
    """Write the page and the pictures of a run."""
    page.PAGE.write_text(page.render(found))
    subprocess.run([PEERS_PYTHON, FOLDER / "harness" / "plots.py", record.RESULTS, page.IMAGES], check=True)


def main() -> None:
    """Parse the command line and run."""
    options = _options()
    if options.page:
        publish(record.read())
        return
    tool()
    scratch = Path(tempfile.mkdtemp(prefix="alquimista-bench-"))
    try:
        with Cluster(scratch / "data") as cluster:
            bench = Bench(
                rounds=1 if options.quick else options.rounds,
                seconds=1 if options.quick else 3,
                quick=options.quick,
                cluster=cluster,
                scratch=scratch,
                say=lambda text: _out.print(f"  {text}", style="dim", highlight=False),
            )
            entries, failed = run(bench, [load(name) for name in options.only or CASES])
            machine = describe(cluster)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if not options.only and not options.quick:
        record.write(record.assemble(machine, entries))
        publish(record.read())
    missed = [result["name"] for entry in entries for result in entry["results"] if not result["met"]]
    _out.print(f"Missed: {', '.join(missed)}." if missed else "Every bar is met.")
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=CASES, metavar="CASE", help="these cases; nothing is written")
    parser.add_argument("--quick", action="store_true", help="see that they run: figures without meaning")
    parser.add_argument("--rounds", type=int, default=5, help="measured rounds of each contestant (default 5)")
    parser.add_argument("--page", action="store_true", help="only draw the page and the pictures of the last run")
    return parser.parse_args()


if __name__ == "__main__":
    main()
