"""Whether a peer's JSON says what ours says: a faster wrong answer does not count."""

from collections.abc import Iterator
from typing import Any


def assert_same(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Compare two parsed answers: the same fields, values and order of lists; the order of fields is free.

    Numbers are equal by value (1 and 1.0 are), never by nearness: both sides do the same arithmetic.

    Raises:
        AssertionError: they differ; the first few differences are named.
    """
    found = list(differences(ours, theirs))
    if found:
        more = f"\n… and {len(found) - 5} more" if len(found) > 5 else ""
        raise AssertionError("The answers differ:\n" + "\n".join(found[:5]) + more)


def differences(ours: object, theirs: object, where: str = "answer") -> Iterator[str]:
    """Each difference as a line: the place, ours, theirs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in ours.keys() | theirs.keys():
            if name not in ours or name not in theirs:
                yield f"{where}.{name}: only {'ours' if name in ours else 'theirs'} has it"
            else:
                yield from differences(ours[name], theirs[name], f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            yield f"{where}: {len(ours)} items, theirs {len(theirs)}"
        for place, (mine, other) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(mine, other, f"{where}[{place}]")
    elif ours != theirs or isinstance(ours, bool) is not isinstance(theirs, bool):
        yield f"{where}: {ours!r}, theirs {theirs!r}"
