"""Measures contestants in turn: A B C A B C …, each alone on the machine while the others are stopped."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.harness.bench import Bench
from benchmarks.harness.process import Process

_SETTLE_S = 0.3  # After a pause: heartbeats and keep-alives catch up before anything is measured.


@dataclass(frozen=True)
class Contestant:
    """A thing to measure, and the processes that it runs in (none when `measure` starts them itself)."""

    name: str
    measure: Callable[[], Any]
    processes: Sequence[Process] = field(default=())


def in_turn(bench: Bench, contestants: Sequence[Contestant], rounds: int | None = None) -> dict[str, list[Any]]:
    """A sample of each contestant for each round, after one warm-up that does not count.

    The order shifts by one each round, so that nobody always follows the same neighbour.
    """
    samples: dict[str, list[Any]] = {one.name: [] for one in contestants}
    order = deque(contestants)
    for one in contestants:
        for process in one.processes:
            process.pause()
    total = rounds or bench.rounds
    for number in range(total + 1):
        for one in order:
            bench.say(f"{one.name}, {f'round {number} of {total}' if number else 'warm-up'}")
            sample = _alone(one)
            if number:
                samples[one.name].append(sample)
        order.rotate(-1)
    for one in contestants:
        for process in one.processes:
            process.resume()
    return samples


def _alone(one: Contestant) -> Any:  # noqa: ANN401 - Whatever the contestant measures.
    for process in one.processes:
        process.resume()
    if one.processes:
        time.sleep(_SETTLE_S)
    sample = one.measure()
    for process in one.processes:
        process.pause()
    return sample


def each(samples: Iterable[Any], name: str) -> list[float]:
    """One attribute of every sample."""
    return [float(getattr(sample, name)) for sample in samples]
