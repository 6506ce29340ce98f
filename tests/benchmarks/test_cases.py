"""Every benchmark runs. What it measures is no concern of a test: here it does so once, briefly, with small data."""

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
    command = [sys.executable, "-m", "benchmarks", "--quick"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-5000:]}"
