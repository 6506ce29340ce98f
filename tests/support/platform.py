"""`alquimista up` as people run it, for tests that look from outside."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

COMMAND = (sys.executable, "-m", "alquimista.cli.main")


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without its settings, and with these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
    return {**clean, **{f"ALQUIMISTA_{name.upper()}": value for name, value in settings.items()}}


@dataclass
class Up:
    """`alquimista up` in a process of its own."""

    data_dir: Path
    settings: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "up", "--port", "0", "--data-dir", self.data_dir, *self.options],
            env=environment(**self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self.base_url = self.line(r"Alquimista is at (http://\S+)")[1]

    def line(self, pattern: str) -> re.Match[str]:
        """The next line that matches."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(pattern, line):
                return found
        raise AssertionError("".join(self.said))

    def get(self, path: str) -> httpx.Response:
        """The answer; tried again while the web process is away."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return httpx.get(self.base_url + path, timeout=5)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def children(self) -> dict[str, int]:
        """PIDs by what they are: serve, worker, postgres."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if f"\nPPid:\t{self.process.pid}\n" in status.read_text():
                    words = (status.parent / "cmdline").read_bytes().decode().split("\0")
                    found[next(w for w in ("serve", "worker", "postgres") if any(w in word for word in words))] = int(
                        status.parent.name
                    )
            except (OSError, StopIteration):
                continue
        return found

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status after the signal."""
        self.process.send_signal(how)
        self.said += (self.process.communicate()[0] or "").splitlines(keepends=True)
        return self.process.returncode
