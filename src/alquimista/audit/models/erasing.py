"""What an erasure emptied, as its own sealed entry tells it: so nothing else can be emptied in its name."""

from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

import msgspec

from alquimista.audit.models.chain import Sealed, pack

_ERASURE: Final = "alquimista.audit.erasure.v1"


class Part(StrEnum):
    """A part of an entry that can be emptied by itself."""

    ACTOR = "actor"
    CONTENT = "content"


class _Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The details of an erasure's entry."""

    parts: int
    digest: str


class Emptied:
    """The parts that one erasure emptied, counted and hashed one after the other: by seq, who acted before content."""

    def __init__(self) -> None:
        self.parts = 0
        self._hash = sha256(pack(_ERASURE))

    def add(self, entry_id: str, part: Part) -> None:
        """The next part."""
        self.parts += 1
        self._hash.update(pack(entry_id, part))

    @property
    def details(self) -> dict[str, Any]:
        """What the erasure's entry tells of them."""
        return {"parts": self.parts, "digest": self._hash.hexdigest()}


class Erasures:
    """Compares what was emptied with what each erasure says, in the order of the chain.

    An erasure comes after all that it emptied, so that what is kept of it is dropped once its own entry has come.
    """

    def __init__(self) -> None:
        self._open: dict[str, Emptied] = {}

    def emptied(self, entry_id: str, part: Part, erased_by: str) -> None:
        """A part is empty in the name of an erasure."""
        self._open.setdefault(erased_by, Emptied()).add(entry_id, part)

    def agrees(self, erasure: Sealed) -> bool:
        """Whether an erasure, whose entry this is, emptied exactly what its sealed content says."""
        emptied = self._open.pop(erasure.id, None) or Emptied()
        try:
            told = msgspec.json.decode(erasure.details or "", type=_Told)
        except msgspec.MsgspecError:
            return False
        return erasure.content_salt is not None and msgspec.structs.asdict(told) == emptied.details

    def forget(self, erasure_id: str) -> None:
        """Leave an erasure out whose entry is above what is verified."""
        self._open.pop(erasure_id, None)

    def left(self) -> list[int]:
        """How many parts are empty in the name of each erasure that never came, or came before them."""
        return [one.parts for one in self._open.values()]
