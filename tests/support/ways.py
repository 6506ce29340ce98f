"""The ways to look at a page: who, how wide, in which theme and language."""

from collections.abc import Sequence
from typing import Final, TypeVar

Reader = TypeVar("Reader")
WIDTHS: Final = (360, 768, 1440)
_LOOKS: Final = (("dark", "pt-BR"), ("light", "en"), ("dark", "en"), ("light", "pt-BR"))


def of_page(index: int, readers: Sequence[Reader]) -> list[tuple[Reader, int, str, str]]:
    """Three visits: each width once, both themes, both languages, up to three readers.

    Themes and languages move on by one with each page, and readers with each fourth.
    """
    return [
        (readers[(index // len(_LOOKS) + at) % len(readers)], width, *_LOOKS[(index + at) % len(_LOOKS)])
        for at, width in enumerate(WIDTHS)
    ]
