"""Every text that a person reads has its Portuguese, with the same parameters."""

import ast
import re
from pathlib import Path

from babel.messages.pofile import read_po
from jinja2 import Environment

from alquimista.i18n import portuguese

SOURCE = Path(__file__).parents[2] / "src" / "alquimista"
PARAMETER = re.compile(r"\{(\w+)[^}]*\}")


def marked_in_code() -> dict[str, str]:
    """Each literal inside N_("…"), _("…") or translate("…"), with the module that holds it."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"N_", "_", "translate"} and node.args:
                literal = node.args[0]
                if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                    found[literal.value] = path.relative_to(SOURCE).as_posix()
    return found


def marked_in_templates() -> dict[str, str]:
    """Each literal inside {{ _("…") }}, with the template that holds it."""
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    found = {}
    for path in SOURCE.rglob("*.html"):
        for _line, _function, message in env.extract_translations(path.read_text()):
            # With parameters, the text is the first of them.
            text = message if isinstance(message, str) else message[0]
            if isinstance(text, str):
                found[text] = path.relative_to(SOURCE).as_posix()
    return found


def test_every_marked_text_has_its_portuguese():
    marked = marked_in_code() | marked_in_templates()
    assert len(marked) > 50, "the search above no longer finds the texts"
    missing = {text: place for text, place in marked.items() if text not in portuguese()}
    assert not missing, f"add these to locale/pt_BR: {missing}"


def test_every_portuguese_text_is_used():
    unused = sorted(set(portuguese()) - set(marked_in_code()) - set(marked_in_templates()))
    assert not unused, f"take these out of locale/pt_BR: {unused}"


def test_a_translation_keeps_its_parameters():
    wrong = {
        english: text
        for english, text in portuguese().items()
        if set(PARAMETER.findall(english)) != set(PARAMETER.findall(text))
    }
    assert not wrong


def test_a_text_is_translated_alike_in_every_file():
    found: dict[str, set[str]] = {}
    for path in sorted((SOURCE / "locale" / "pt_BR").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file):
                if message.id:
                    found.setdefault(str(message.id), set()).add(str(message.string))
    differing = {english: texts for english, texts in found.items() if len(texts) > 1}
    assert not differing, f"the last file would win: {differing}"
