"""What a case is given, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from benchmarks.harness.cluster import Cluster
from benchmarks.harness.result import Result

FOLDER = Path(__file__).parents[1]
ROOT = FOLDER.parent


@dataclass(frozen=True)
class Plot:
    """A picture of a result. Bars: a value for each round of each label. Lines: values over `x`."""

    name: str
    title: str
    unit: str
    series: Mapping[str, Sequence[float]]
    kind: Literal["bars", "lines"] = "bars"
    x: Sequence[float] = ()
    x_title: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a case found. `notes` are Markdown sentences; `tables` map a title to rows, the first being the header."""

    results: Sequence[Result] = ()
    plots: Sequence[Plot] = ()
    notes: Sequence[str] = ()
    tables: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """One run: how long it measures, its server, and its scratch directory."""

    rounds: int
    seconds: float  # Of one measured round.
    quick: bool  # Only to see that it runs: small data, figures without meaning.
    cluster: Cluster
    scratch: Path
    say: Callable[[str], None]


class Case(NamedTuple):
    """A benchmark. `run` checks answers before it measures, and raises AssertionError for a wrong one."""

    name: str
    title: str
    run: Callable[[Bench], Outcome]
