"""wrk, with what it measured as data."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# Around a case's own script: numbers that it counts in `counters`, and everything as one line of JSON at the end.
_BEFORE = """
counters = {}
local threads = {}
function setup(thread)
  thread:set("thread_number", #threads)
  table.insert(threads, thread)
end
"""
_AFTER = """
function done(summary, latency, requests)
  local sums = {}
  for _, thread in ipairs(threads) do
    for name, value in pairs(thread:get("counters")) do sums[name] = (sums[name] or 0) + value end
  end
  local parts = {}
  for name, value in pairs(sums) do table.insert(parts, string.format('"%s": %.17g', name, value)) end
  io.write(string.format(
    '\\nRESULT {"requests": %d, "seconds": %.6f, "bytes": %d, "refused": %d, "errors": %d, ' ..
    '"p50": %.3f, "p95": %.3f, "p99": %.3f, "max": %.3f, "counters": {%s}}\\n',
    summary.requests, summary.duration / 1e6, summary.bytes, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000, table.concat(parts, ", ")))
end
"""


@dataclass(frozen=True)
class Load:
    """One run of load. `refused`: answers of 400 and above; `errors`: connections that failed or timed out."""

    requests: int
    seconds: float
    bytes: int
    refused: int
    errors: int
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    counters: Mapping[str, float]

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    def rate(self, counter: str) -> float:
        """A counter of the script, for each second."""
        return self.counters[counter] / self.seconds


def wrk(
    url: str,
    script: Path | None = None,
    *,
    connections: int = 32,
    seconds: float = 4,
    threads: int = 1,
    env: Mapping[str, str] | None = None,
    timeout_s: int = 10,
) -> Load:
    """Load the URL for some whole seconds. The script is wrk's Lua, without setup() and done(), which are ours."""
    text = script.read_text() if script else ""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(_BEFORE + text + _AFTER)
        file.flush()
        command = [tool(), "-t", threads, "-c", connections, "-d", f"{max(1, round(seconds))}s"]
        ran = subprocess.run(
            [*map(str, command), "--timeout", f"{timeout_s}s", "--latency", "-s", file.name, url],
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + 60,
        )
    line = next((line for line in ran.stdout.splitlines() if line.startswith("RESULT ")), None)
    if line is None:
        raise RuntimeError(f"wrk gave no result:\n{ran.stdout}\n{ran.stderr}")
    found = json.loads(line.removeprefix("RESULT ").replace("nan", "0"))
    return Load(
        requests=found["requests"],
        seconds=found["seconds"],
        bytes=found["bytes"],
        refused=found["refused"],
        errors=found["errors"],
        p50_ms=found["p50"],
        p95_ms=found["p95"],
        p99_ms=found["p99"],
        max_ms=found["max"],
        counters=found["counters"],
    )


def tool() -> str:
    """Where wrk is.

    Raises:
        RuntimeError: it is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise RuntimeError("The benchmarks need wrk: apt-get install wrk (or your system's package).")
    return found
