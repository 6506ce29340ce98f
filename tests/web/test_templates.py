"""Templates keep the strict content policy and speak two languages."""

import re
from pathlib import Path

import jinja2
import pytest
from jinja2.nodes import Call, Const, Filter, Name

from alquimista.i18n import LOCALES, portuguese
from alquimista.web.rendering import TEMPLATES, environment

FILES = sorted(TEMPLATES.rglob("*.html"))
# Words that are the same in every language: names of ours, the languages' own, keys and kinds of files.
UNIVERSAL = {"Alquimista", "PT", "EN", "Ctrl", "Enter", "Esc", "CSV", "PNG"}
_VOID_OF_TEXT = re.compile(r"<(script|style)\b[^>]*>.*?</\1>|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def source(path: Path) -> str:
    return path.read_text("utf-8")


def visible(path: Path) -> str:
    """The template without its code: tags and the text that is written into it."""
    return _VOID_OF_TEXT.sub(" ", source(path))


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_every_text_is_translated(path):
    tree = jinja2.Environment(autoescape=True).parse(source(path))
    calls = [c for c in tree.find_all(Call) if isinstance(c.node, Name) and c.node.name == "_"]
    texts = [c.args[0].value if isinstance(c.args[0], Const) else f"(computed, line {c.lineno})" for c in calls]
    assert [text for text in texts if text not in portuguese()] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_no_text_stands_outside_of_the_translations(path):
    words = " ".join(re.sub(r"<[^>]*>", " | ", visible(path)).split(" | "))
    found = {w for w in re.findall(r"[A-Za-zÀ-ÿ]{2,}", words) if w not in UNIVERSAL}
    spoken = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"{]*[A-Za-zÀ-ÿ]{2,}[^"{]*)"', source(path))
    assert found == set()
    assert [text for text in spoken if text not in {"Alquimista", "Português", "English"}] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_nothing_needs_a_looser_content_policy(path):
    text = source(path)
    assert re.findall(r"\sstyle\s*=", text) == []
    assert re.findall(r"\son\w+\s*=(?!=)", text) == []
    assert [
        tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "application/json" not in tag
    ] == []
    assert re.findall(r"hx-(?:on|vals=.js)", text) == []
    assert re.findall(r"https?://", text) == ["http://"] * text.count('xmlns="http://')


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_every_moment_is_written_in_a_zone_that_is_named(path):
    tree = jinja2.Environment(autoescape=True).parse(source(path))
    assert [f.lineno for f in tree.find_all(Filter) if f.name == "moment" and len(f.args) != 1] == []


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_every_template_compiles(path, locale):
    assert environment(locale).get_template(path.relative_to(TEMPLATES).as_posix())


def test_texts_escape_what_they_are_given():
    env = environment("pt-BR")
    shown = env.from_string('{{ _("To {recipient}", recipient=who) }}').render(who="<b>x</b>")
    assert shown == "Para &lt;b&gt;x&lt;/b&gt;"


@pytest.mark.parametrize(("stored", "english"), [("Profissional", "Professional"), ("Sob {medida}", "Sob {medida}")])
def test_a_plan_of_the_vendors_own_keeps_its_name_and_a_shipped_one_is_translated(stored, english):
    template = "{{ _('Choose {plan}', plan=stored | plan) }}"
    shown = {one: environment(one).from_string(template).render(stored=stored) for one in LOCALES}
    assert shown == {"en": f"Choose {english}", "pt-BR": f"Escolher {stored}"}


def test_an_unknown_name_is_an_error_not_a_blank():
    with pytest.raises(jinja2.UndefinedError):
        environment("en").from_string("{{ nothing }}").render()


def test_the_way_to_a_page_leads_back_and_ends_with_the_page_itself():
    template = '{% from "_macros/page.html" import crumbs %}{{ crumbs(*trail) }}'
    trail = ("Clínica <b>", ""), ("Agents", "/app/dashboard/agents"), ("Cobrança", "/not/a/link")
    shown = environment("en").from_string(template).render(trail=trail)
    assert re.findall(r">([^<]+)<", shown) == ["Clínica &lt;b&gt; / ", "Agents", " / ", "Cobrança"]
    assert re.findall(r'href="([^"]+)"', shown) == ["/app/dashboard/agents"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(TEMPLATES).as_posix())
def test_every_page_with_a_way_to_it_says_it_by_the_one_rule(path):
    block = re.search(r"\{% block crumbs %\}(.*?)\{% endblock %\}", source(path))
    assert block is None or path.name == "app.html" or "crumbs(" in block[1]
