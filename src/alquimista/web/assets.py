"""The built browser assets: read once, served from memory under a URL that changes with their content."""

import mimetypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

DIST: Final = Path(__file__).parent / "static" / "dist"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".webp": "image/webp",
}


class AssetsMissingError(RuntimeError):
    """The package was installed without its build step; the message says how to make the assets."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, in every encoding it was built in ("" is the plain one)."""

    content_type: str
    bodies: dict[str, bytes]

    def best(self, accept_encoding: str) -> tuple[str, bytes]:
        """The smallest form that the client takes: its content encoding ("" for none) and the bytes."""
        wanted = (part.replace(" ", "").partition(";") for part in accept_encoding.lower().split(","))
        accepted = {name for name, _, weight in wanted if weight.rstrip("0.") != "q="}
        for name, _ in _ENCODINGS:
            if name in accepted and name in self.bodies:
                return name, self.bodies[name]
        return "", self.bodies[""]


@cache
def version() -> str:
    """The hash of all built files, part of every asset URL.

    Raises:
        AssetsMissingError: nothing was built.
    """
    try:
        return (DIST / "version").read_text().strip()
    except FileNotFoundError:
        raise AssetsMissingError(
            "The browser assets are not built: run `make assets`, or install with `pip install -e .`"
        ) from None


@cache
def catalogue() -> dict[str, Asset]:
    """Every asset by its file name. A name that is not a key does not exist, so no path is ever opened by request."""
    plain = [p for p in DIST.iterdir() if p.name != "version" and p.suffix not in {".br", ".gz", ".stamp"}]
    return {path.name: _read(path) for path in sorted(plain) if not path.name.startswith(".")}


def _read(path: Path) -> Asset:
    bodies = {"": path.read_bytes()}
    for encoding, suffix in _ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.exists():
            bodies[encoding] = packed.read_bytes()
    guessed = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return Asset(content_type=guessed or "application/octet-stream", bodies=bodies)


def url(name: str) -> str:
    """The address of an asset for a page.

    Raises:
        KeyError: a template names an asset that is not built.
    """
    if name not in catalogue():
        raise KeyError(name)
    return f"/static/{version()}/{name}"
