"""The anchor: a file outside the database, to which signed heads are appended."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from alquimista.audit.models.heads import Head
from alquimista.config import Settings

FILE: Final = "audit-anchors.jsonl"
_MODE: Final = 0o600


def place(settings: Settings) -> Path | None:
    """The anchor file of an installation; None when it has none."""
    if settings.audit_anchor:
        return Path(settings.audit_anchor)
    return Path(settings.data_dir) / FILE if settings.data_dir else None


def append(path: Path, heads: Sequence[Head]) -> None:
    """Append one line for each head; on the disk when this returns. In one write, so that lines never mix.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, _MODE)
    try:
        data = b"".join(msgspec.json.encode(head) + b"\n" for head in heads)
        if _torn(path):
            data = b"\n" + data  # A crash cut the last line: ours begin on one of their own.
        while data:
            data = data[os.write(handle, data) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)  # Else a crash could lose the file's name.
        finally:
            os.close(directory)


def read(path: Path) -> Iterator[Head | int]:
    """The heads of an anchor file, one at a time; the number of a line that is none.

    Raises:
        OSError: the file cannot be read.
    """
    decoder = msgspec.json.Decoder(Head)
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield decoder.decode(line)
                except msgspec.MsgspecError:
                    yield number


def _torn(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
