"""Texts in files for spreadsheets."""

from typing import Final

# What makes a spreadsheet read a cell as a formula, and what it skips before that.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_SKIPPED: Final = " \xa0\u200b\ufeff"


def plain(text: str) -> str:
    """A text as a cell that is never run as a formula."""
    return f"'{text}" if text.lstrip(_SKIPPED).startswith(_FORMULA) else text
