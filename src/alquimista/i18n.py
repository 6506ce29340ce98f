"""Texts in two languages: English in the code, Brazilian Portuguese in locale/pt_BR/*.po, one file a room."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po

LOCALES: Final = ("pt-BR", "en")
DEFAULT_LOCALE: Final = "pt-BR"
_CATALOGUES = Path(__file__).parent / "locale" / "pt_BR"


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is translated when it is shown: an English template with {named} parameters."""

    template: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.render("en")

    def render(self, locale: str) -> str:
        """The text in a locale of LOCALES; a parameter that is itself a Text is rendered too."""
        params = {k: v.render(locale) if isinstance(v, Text) else v for k, v in self.params.items()}
        return translate(self.template, locale).format(**params)


def N_(template: str, /, **params: Any) -> Text:  # noqa: ANN401, N802 - N_ is gettext's own name for a deferred text.
    """Mark a text for translation; it is rendered later, in the reader's language."""
    return Text(template, params)


def translate(template: str, locale: str) -> str:
    """The template in the locale, or the English one when the catalogue has no entry."""
    return template if locale == "en" else portuguese().get(template, template)


@cache
def portuguese() -> dict[str, str]:
    """Every Portuguese entry, from all the catalogue files together."""
    texts: dict[str, str] = {}
    for path in sorted(_CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            texts |= {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
    return texts


def negotiate(accept_language: str | None, preferred: Iterable[str] = ()) -> str:
    """The locale to answer in: an explicit preference first, then Accept-Language, then Portuguese."""
    for wanted in preferred:
        if wanted in LOCALES:
            return wanted
    ranked: list[tuple[float, str]] = []
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            ranked.append((-float(weight or 1), tag.lower()))
        except ValueError:
            continue
    for _, tag in sorted(ranked, key=lambda pair: pair[0]):
        if tag.startswith("en"):
            return "en"
        if tag.startswith("pt"):
            return "pt-BR"
    return DEFAULT_LOCALE
