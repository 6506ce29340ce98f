"""What a page says to people, and the words in it that only a machine should read."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

# What these hold is for machines, is typed by people, or is not shown.
_ASIDE: Final = frozenset({"code", "pre", "kbd", "script", "style", "template", "textarea"})
_SPOKEN: Final = frozenset({"aria-label", "title", "placeholder", "alt"})
# Not within an address, an e-mail, or another word.
_MACHINES: Final = re.compile(
    r"(?<![\w./@:-])(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z]+(?:_[A-Z]+)+|[a-z_]{2,}(?:\.[a-z_]{3,})+)(?![\w./@])"
)
_WITHOUT_ACCENT: Final = re.compile(
    r"(?<![\w./@:-])(?:(?:(?:a|configura|situa|permiss|sess|vers|notifica|informa|integra|cone[xc]|opera)(?:cao|coes|ao|oes))"
    r"|usuarios?|nao|ate|voce|tambem|relatorios?|periodos?|(?:ultim|proxim|minim|maxim|unic|public|medic|destinatari)[oa]s?"
    r"|historico|numeros?|codigos?|paginas?|servicos?|precos?|cobranca|credito|endereco|titulo|saude|horarios?|descricao"
    r"|mes|tres|sera|apos|media)(?![\w./@-])",
    re.IGNORECASE,
)
# Names that people know in this shape.
_KNOWN: Final = frozenset({"media", "p.p", "com.br"})


class Prose(HTMLParser):
    """The texts of a page, one for each element or attribute that is read, seen or heard."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._aside = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._aside += tag in _ASIDE
        self.texts += [value for name, value in attrs if name in _SPOKEN and value and not self._aside]

    def handle_endtag(self, tag: str) -> None:
        self._aside -= tag in _ASIDE

    def handle_data(self, data: str) -> None:
        if not self._aside and data.strip():
            self.texts.append(" ".join(data.split()))


def faults(html: str, *, portuguese: bool) -> Iterator[str]:
    """A machine's names among the words of a page, and Portuguese ones without their accents."""
    for text in Prose(html).texts:
        for pattern in (_MACHINES, _WITHOUT_ACCENT) if portuguese else (_MACHINES,):
            for found in pattern.findall(text):
                if found.lower() not in _KNOWN:
                    yield f"{found!r} in {text[:100]!r}"
