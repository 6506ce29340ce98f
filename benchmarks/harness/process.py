"""Processes under measurement: started, awaited, paused, looked at, ended with all their children."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from benchmarks.harness.cluster import Site

_READY_S = 60.0
_STOP_S = 15.0
COMMAND = (sys.executable, "-m", "alquimista.cli.main")
UNCACHED = (sys.executable, "-m", "benchmarks.ours.uncached")


class Process:
    """A process group. Use as a context: entering starts it and waits until `ready` answers below 500.

    Args:
        env: in place of this process's own environment, except for PATH, HOME and LANG.
        ready: a URL that answers once it serves; None to wait for nothing.
        fds: file descriptors that it inherits.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        log: Path,
        ready: str | None = None,
        cwd: Path | None = None,
        fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self._argv = [str(part) for part in argv]
        self._env = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ} | dict(env)
        self._log = log
        self._ready = ready
        self._cwd = cwd
        self._fds = tuple(fds)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The first process's id."""
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                env=self._env,
                cwd=self._cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self._fds,
                start_new_session=True,
            )
        try:
            self._await_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self.resume()
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._signal(signal.SIGKILL)  # What it started and left behind.

    def pause(self) -> None:
        """Stop it where it is, with its children: it takes no more of the machine than its memory."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def family(self) -> list[int]:
        """The process ids of the group that run now."""
        return [
            int(entry.name)
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal() and _group(int(entry.name)) == self.pid
        ]

    def pss_mb(self) -> float:
        """Memory in MB (10^6 bytes): pages that several processes share are counted once among them."""
        return sum(_pss(pid) for pid in self.family()) / 1000

    def rss_mb(self) -> float:
        """Resident memory in MB (10^6 bytes), shared pages counted for each process."""
        page = os.sysconf("SC_PAGE_SIZE")
        return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page for pid in self.family()) / 1e6

    def cpu_seconds(self) -> float:
        """Processor time since the start, of the processes that run now."""
        ticks = os.sysconf("SC_CLK_TCK")
        stats = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self.family())
        return sum(int(stat[11]) + int(stat[12]) for stat in stats) / ticks

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _READY_S
        while self._ready is not None and not _answers(self._ready):
            if self._process.poll() is not None or time.monotonic() > deadline:
                tail = self._log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} does not start; the end of its log:\n{tail}")
            time.sleep(0.05)


class Serving:
    """Our web processes on one port, and the job worker when wanted, as `alquimista up` runs them."""

    def __init__(
        self, site: Site, log: Path, *, workers: int, worker: bool, command: Sequence[str], env: Mapping[str, str]
    ) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {**site.env, **env}
        fd = self._listener.fileno()
        ready = f"{self.url}/health/live"
        self.web = [
            Process(f"web {number}", [*command, "--fd", str(fd)], environment, log=log, ready=ready, fds=[fd])
            for number in range(1, workers + 1)
        ]
        self.worker = Process("worker", [*COMMAND, "worker"], environment, log=log) if worker else None

    @property
    def processes(self) -> list[Process]:
        """All of them."""
        return [*self.web, self.worker] if self.worker else list(self.web)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.callback(self._listener.close)
            for process in self.processes:
                stack.enter_context(process)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def serve_ours(
    site: Site,
    log: Path,
    *,
    workers: int = 1,
    worker: bool = False,
    command: Sequence[str] = (*COMMAND, "serve"),
    env: Mapping[str, str] | None = None,
) -> Serving:
    """`alquimista serve`, `workers` times on one port, with `alquimista worker` beside it when `worker`."""
    return Serving(site, log, workers=workers, worker=worker, command=command, env=env or {})


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - Our own loopback address.
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _pss(pid: int) -> int:
    """Kilobytes of 1,024 bytes, as the kernel writes them, in kilobytes of 1,000."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 // 1000
