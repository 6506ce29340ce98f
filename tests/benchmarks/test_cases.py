"""Every benchmark runs. What it measures is no concern of a test: here it does so once, briefly, with small data."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import PEERS_PYTHON

ROOT = Path(__file__).parents[2]
MISSING = [name for name in ("wrk", "hey", "node") if shutil.which(name) is None]


@pytest.mark.bench
@pytest.mark.timeout(900)
@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
@pytest.mark.skipif(not PEERS_PYTHON.exists(), reason="the peers are not installed: make peers")
def test_every_benchmark_runs():
    ran = run()
    # Twenty cases start some forty servers; one that did not come up in time is tried once more, by itself.
    failed = re.search(r"^Failed: ([a-z_, ]+)\.", ran.stderr, re.MULTILINE)
    again = run("--only", *failed[1].split(", ")) if failed else ran
    assert again.returncode == 0, f"{again.stdout[-15000:]}\n{again.stderr[-3000:]}"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    """The benchmarks, briefly."""
    command = [sys.executable, "-m", "benchmarks", "--quick", *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
