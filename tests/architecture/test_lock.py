"""The lock files: complete, hashed, and free of registry addresses."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
NAME = re.compile(r"^([A-Za-z0-9._-]+)")


def canonical(requirement: str) -> str:
    found = NAME.match(requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[1]).lower()


def test_every_declared_dependency_is_locked_with_hashes():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [
        *project["project"]["dependencies"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
        *project["dependency-groups"]["dev"],
    ]
    locked = {canonical(line) for line in LOCK.splitlines() if "==" in line and not line.startswith((" ", "#"))}
    assert {canonical(line) for line in declared} <= locked
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n    [^\n]*)*", LOCK, re.MULTILINE)
    assert len(pins) == len(locked)
    assert all("--hash=sha256:" in pin for pin in pins)


def test_no_lock_file_names_a_registry():
    peer = ROOT / "benchmarks" / "peers" / "fastify" / "package-lock.json"
    for path in (ROOT / "requirements.lock", ROOT / "frontend" / "package-lock.json", peer):
        text = path.read_text()
        assert "index-url" not in text
        assert '"resolved": "http' not in text
