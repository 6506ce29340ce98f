"""An export as a file: a ZIP of JSON Lines, one file a table, and a manifest that says what must be in it."""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from alquimista.audit.models.heads import Signer
from alquimista.db.migrations.files import CHAIN
from alquimista.portability.models import FORMAT, MANIFEST, SIGNATURE, BadExport, Entry, Manifest, Signature

_CHUNK: Final = 1 << 20
_LONGEST: Final = 16 << 20  # Of a manifest and of a row; the database takes no longer one.


def head() -> str:
    """The newest migration that this version knows; a database that is behind it is not served."""
    return CHAIN.load()[-1].label


class Writer:
    """An export that is being written; see `writing`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.entries: list[Entry] = []

    async def table(self, name: str, batches: AsyncIterator[Sequence[str]]) -> Entry:
        """Write a table's rows, each a line of JSON, as they come."""
        digest, rows = hashlib.sha256(), 0
        with self._archive.open(Entry(name, 0, "").file, "w", force_zip64=True) as file:
            async for batch in batches:
                await _in_thread(_pack, file, digest, batch)
                rows += len(batch)
        entry = Entry(name, rows, digest.hexdigest())
        self.entries.append(entry)
        return entry

    def manifest(self, manifest: Manifest, signer: Signer) -> None:
        """Say what must be in the archive, and sign that."""
        data = msgspec.json.format(msgspec.json.encode(manifest))
        self._archive.writestr(MANIFEST, data)
        self._archive.writestr(SIGNATURE, msgspec.json.encode(Signature.of(signer, data)))


def _pack(file: IO[bytes], digest: "hashlib._Hash", batch: Sequence[str]) -> None:
    text = "".join(f"{line}\n" for line in batch).encode()
    digest.update(text)
    file.write(text)


async def _in_thread(work: Callable[..., None], *arguments: object) -> None:
    """Have a thread compress, so that who else runs in this process goes on; it has ended when this does."""
    working = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})  # The file is closed next, and must not be written then.
        raise


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """Write an export beside its place and put it there when it is whole: a file of that name is always whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)  # It holds a company's data: for this process's own user alone.
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            yield Writer(archive)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Reader:
    """A whole export, its digests compared and its signature too: whose that is, the caller must look at."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest, signature: Signature) -> None:
        self._archive = archive
        self.manifest = manifest
        self.signature = signature

    def batches(self, entry: Entry, size: int) -> Iterator[list[str]]:
        """A table's rows as lines of JSON, `size` at a time."""
        batch: list[str] = []
        with self._archive.open(entry.file) as file:
            while line := file.readline(_LONGEST):
                if not line.endswith(b"\n"):
                    raise BadExport(why=f"a row of {entry.file} is too long")
                batch.append(line.decode().rstrip("\n"))
                if len(batch) == size:
                    yield batch
                    batch = []
        if batch:
            yield batch


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """Open an export and look through all of it, before anything is done with a part.

    Raises:
        BadExport: it is no export, or not whole, or its signature is not that of what it says.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if SIGNATURE not in archive.namelist():
                raise BadExport(why="it is not signed")
            if max(archive.getinfo(name).file_size for name in (MANIFEST, SIGNATURE)) > _LONGEST:
                raise BadExport(why="its manifest is too long")
            signature = msgspec.json.decode(archive.read(SIGNATURE), type=Signature)
            if not signature.fits(said := archive.read(MANIFEST)):
                raise BadExport(why="its signature does not fit its manifest, which was changed")
            manifest = msgspec.json.decode(said, type=Manifest)
            if manifest.format != FORMAT:
                raise BadExport(why=f"format {manifest.format} is not {FORMAT}")
            for entry in manifest.tables:
                if _digest(archive, entry) != entry.sha256:
                    raise BadExport(why=f"{entry.file} is not as it was written")
            yield Reader(archive, manifest, signature)
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError, OSError) as error:
        raise BadExport(why=str(error)) from error


def _digest(archive: zipfile.ZipFile, entry: Entry) -> str:
    digest = hashlib.sha256()
    with archive.open(entry.file) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
