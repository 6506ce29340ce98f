"""Texts in files for spreadsheets."""

import re
from typing import Final

# What makes a spreadsheet read a cell as a formula, and what it skips before that.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_SKIPPED: Final = " \xa0\u200b\ufeff"
# Where a spreadsheet may begin another cell within a text: in Brazil it separates a file's cells by semicolons, and
# takes the quotes around a text with commas for a part of it. A number there is only a number.
_WITHIN: Final = re.compile(rf'([;,\t\r\n][{_SKIPPED}"]*)(?=[=+\-@|%])(?![+-] ?\d[\d.]*%? *(?:[;,\t\r\n]|\Z))')


def plain(text: str) -> str:
    """A text as a cell that is never run as a formula, nor any part of it where a spreadsheet splits it."""
    safe = _WITHIN.sub(r"\1'", text)
    return f"'{safe}" if safe.lstrip(_SKIPPED).startswith(_FORMULA) else safe
