"""Cut SQL text into statements, as psql does: quotes, dollar quotes, comments and SQL-standard bodies are respected."""

import re
from collections.abc import Iterator
from typing import Final

from alquimista.db.migrations.models import MigrationError, SqlStatement

_TOKEN: Final = re.compile(
    r"""
      (?P<comment>--[^\n]*)
    | (?P<block>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<dollar>\$(?:[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_\x80-\U0010ffff]*)?\$)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<number>[0-9$][A-Za-z0-9_$.]*)
    | (?P<space>\s+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK_EDGE: Final = re.compile(r"/\*|\*/")


class _Cutter:
    """What the text since the last semicolon says about the next one."""

    def __init__(self) -> None:
        self.begin = -1  # Where the statement's first real token starts.
        self.end = 0  # Where its last one ends.
        self.parens = 0
        self.words: list[str] = []
        self.atomic = 0  # How deep in BEGIN ATOMIC … END, counting CASE … END too.

    @property
    def open(self) -> bool:
        """Whether a semicolon here belongs to the statement."""
        return self.parens > 0 or self.atomic > 0

    def take(self, text: str, start: int, end: int) -> None:
        self.parens += {"(": 1, ")": -1}.get(text, 0)
        if self.begin < 0:
            self.begin = start
        self.end = end

    def word(self, text: str) -> None:
        word = text.lower()
        if self.atomic:
            self.atomic += {"begin": 1, "case": 1, "end": -1}.get(word, 0)
        elif word == "atomic" and self.words[-1:] == ["begin"] and {"function", "procedure"} & set(self.words[:4]):
            self.atomic = 1
        self.words.append(word)


def split(sql: str, first_line: int = 1) -> tuple[SqlStatement, ...]:
    """The statements of `sql`; `first_line` is the line of the file where the text starts.

    Raises:
        MigrationError: a quote or comment is never closed.
    """
    statements: list[SqlStatement] = []
    cutter = _Cutter()
    for kind, text, start, end in _tokens(sql, first_line):
        if kind == "word":
            cutter.word(text)
        if text == ";" and not cutter.open:
            statements += _statement(sql, cutter, first_line)
            cutter = _Cutter()
        elif kind not in {"space", "comment", "block"}:
            cutter.take(text, start, end)
    return (*statements, *_statement(sql, cutter, first_line))


def _statement(sql: str, cutter: _Cutter, first_line: int) -> tuple[SqlStatement, ...]:
    if cutter.begin < 0:
        return ()
    return (SqlStatement(sql[cutter.begin : cutter.end], _line(sql, cutter.begin, first_line)),)


def without_comments(sql: str) -> str:
    """The text with comments taken out and blanks made single, for recognising what kind of statement it is."""
    parts = [" " if kind in {"space", "comment", "block"} else token for kind, token, _, _ in _tokens(sql, 1)]
    return " ".join("".join(parts).split())


def _tokens(sql: str, first_line: int) -> Iterator[tuple[str, str, int, int]]:
    """Kind, text, start and end of each token; block comments and dollar quotes are one token."""
    position = 0
    while match := _TOKEN.match(sql, position):
        kind, start, position = match.lastgroup or "", match.start(), match.end()
        if kind == "block":
            position = _after_block_comment(sql, position, first_line)
        elif kind == "dollar":
            position = _after_dollar_quote(sql, match[0], position, first_line)
        elif match[0] in {"'", '"'}:
            raise MigrationError(f"Line {_line(sql, start, first_line)}: the quote {match[0]} is never closed.")
        yield kind, sql[start:position], start, position


def _after_block_comment(sql: str, position: int, first_line: int) -> int:
    depth = 1
    while depth:
        edge = _BLOCK_EDGE.search(sql, position)
        if edge is None:
            raise MigrationError(f"Line {_line(sql, position, first_line)}: the comment /* is never closed.")
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def _after_dollar_quote(sql: str, tag: str, position: int, first_line: int) -> int:
    closing = sql.find(tag, position)
    if closing < 0:
        raise MigrationError(f"Line {_line(sql, position, first_line)}: the quote {tag} is never closed.")
    return closing + len(tag)


def _line(sql: str, position: int, first_line: int) -> int:
    return first_line + sql.count("\n", 0, position)
