"""A PostgreSQL server for one run of the tests, which dies with the process that asked for it, however that ends."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Self

Kind = Literal["embedded", "debian"]


def wanted() -> Kind:
    """The server that this run asks for: the one we ship, or Debian's oldest supported one."""
    kind = os.environ.get("TEST_SERVER", "embedded")
    if kind not in {"embedded", "debian"}:
        raise RuntimeError("TEST_SERVER is embedded or debian")
    return kind  # type: ignore[return-value]


@dataclass(frozen=True)
class Server:
    """A running server: a superuser's URL, and one secret key for its roles."""

    url: str
    secret_key: str

    def packed(self) -> dict[str, Any]:
        """As plain data, for the workers of a run."""
        return asdict(self)


class Guardian:
    """A server under a process that stops it when our end of a pipe closes."""

    def __init__(self, kind: Kind, *, durable: bool = False) -> None:
        command = [sys.executable, "-m", "support.guardian", kind, "durable" if durable else "fast"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        self._process = subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for pytest; the server goes when the pipe closes.
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"The test server did not start (exit code {self._process.wait()}); see above")
        self.server = Server(**json.loads(line))

    def stop(self) -> None:
        self._process.communicate()  # Closes the pipe and waits.

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
