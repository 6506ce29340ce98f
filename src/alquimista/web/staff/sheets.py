"""The staff's form of an agent: who it is to customers, and the rules that its runtime keeps to."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import structs

from alquimista.agents.models.agents import Agent
from alquimista.agents.models.definitions import Sheet
from alquimista.errors import FieldError
from alquimista.i18n import N_
from alquimista.web import formats
from alquimista.web.staff.trees import Sent, shaped

SECTIONS: Final = ("functions", "confirm", "never", "hand_over")
# A row is there when one of these says something; what is chosen from a list is always sent.
TELLING: Final[Mapping[str, tuple[str, ...]]] = {
    "functions": ("name", "text"),
    "confirm": ("what", "text"),
    "never": ("rule", "text", "instead"),
    "hand_over": ("when", "text", "signals"),
}
_NAMES: Final = {"functions": "name", "confirm": "what", "never": "rule", "hand_over": "when"}
_PLAIN: Final = ("name", "segment", "category", "description", "version", "status")
_PERSONA: Final = ("role", "tone", "text")
_WHOLE: Final = "whole"  # Of a mistake that the shape would refuse as a whole, in no field.
_TWICE: Final = N_("Another row has this name already.")
_BEFORE: Final = N_("Choose at least one function that must wait for it.")
_COUNT: Final = N_("Write a whole number.")


def fields(agent: Agent) -> Sent:
    """An agent as its form shows it."""
    pairs = [(name, str(getattr(agent, name))) for name in _PLAIN] + [("tags", ", ".join(agent.tags))]
    rules = agent.definition
    if rules is None:
        return Sent((*pairs, ("limits.offers", "0")))
    pairs += [(f"persona.{name}", getattr(rules.persona, name)) for name in _PERSONA]
    pairs += [("limits.offers", str(rules.limits.offers))]
    for section in SECTIONS:
        for place, part in enumerate(getattr(rules, section)):
            pairs += _row_fields(f"{section}[{place}]", part)
    return Sent(tuple(pairs))


def _row_fields(row: str, part: Any) -> Iterable[tuple[str, str]]:  # noqa: ANN401 - A part of a Definition.
    for name, value in structs.asdict(part).items():
        if name == "signals":
            yield f"{row}.signals", "\n".join(value)
        elif isinstance(value, tuple):
            yield from ((f"{row}.{name}", str(one)) for one in value)
        else:
            yield f"{row}.{name}", str(value)
    if row.startswith("functions"):
        yield f"{row}.was", part.name


def read(sent: Sent, before: Agent) -> Sheet:
    """The agent that a form makes; its slug and number stay.

    Raises:
        Invalid: each wrong field. Rules that changed under the same version are a mistake in the version.
    """
    mistakes: list[FieldError] = []
    raw: dict[str, Any] = {name: sent.text(name) for name in _PLAIN}
    raw |= {"slug": before.slug, "number": before.number}
    raw["tags"] = [tag for tag in (part.strip() for part in sent.text("tags").split(",")) if tag]
    raw["persona"] = {name: sent.text(f"persona.{name}") for name in _PERSONA}
    offers = formats.count(sent.text("limits.offers"))
    if offers is None:
        mistakes.append(FieldError("limits.offers", _COUNT))
    raw["limits"] = {"offers": offers or 0}
    # The form has no fields for it.
    raw["configuration"] = msgspec.to_builtins(before.definition.configuration) if before.definition else []
    for section in SECTIONS:
        raw[section] = [_row(sent, section, place, before) for place in range(sent.count(section))]
        mistakes += _repeated(section, raw[section])
    mistakes += _bind(sent, raw, before)
    if any(one.code == _WHOLE for one in mistakes):
        # The rest is checked without them.
        raw |= {section: _distinct(section, raw[section]) for section in SECTIONS}
        raw["confirm"] = [one for one in raw["confirm"] if one["before"]]
    sheet = shaped(raw, Sheet, mistakes)
    if sheet.definition != before.definition and sheet.version == before.version:
        reason = N_(
            "The rules have changed, so the version needs a number of its own, such as {version}.",
            version=next_version(before.version),
        )
        shaped(raw, Sheet, [FieldError("version", reason)])
    return sheet


def next_version(version: str) -> str:
    """The number that a change of the rules may have."""
    major, minor, _ = version.split(".")
    return f"{major}.{int(minor) + 1}.0"


def functions(sent: Sent) -> list[tuple[str, str]]:
    """The functions that something can be confirmed before: each by the name that it had when the page was made."""
    rows = (f"functions[{place}]" for place in range(sent.count("functions")))
    found = ((sent.text(f"{row}.was") or sent.text(f"{row}.name"), sent.text(f"{row}.name")) for row in rows)
    return [(was, name or was) for was, name in found if was]


def _row(sent: Sent, section: str, place: int, before: Agent) -> dict[str, Any]:
    row = f"{section}[{place}]"
    made: dict[str, Any] = {name: sent.text(f"{row}.{name}") for name in TELLING[section] if name != "signals"}
    if section == "functions":
        former = before.definition.functions if before.definition else ()
        had = {one.name: [tool.value for tool in one.tools] for one in former}
        made["tools"] = _as_before(sent.all(f"{row}.tools"), had.get(sent.text(f"{row}.was"), []))
    elif section == "hand_over":
        made |= {"urgency": sent.text(f"{row}.urgency"), "signals": sent.lines(f"{row}.signals")}
    else:
        made["kind"] = sent.text(f"{row}.kind")
    return made


def _bind(sent: Sent, raw: dict[str, Any], before: Agent) -> list[FieldError]:
    """Say what waits for a confirmation by the names that the functions have now; one may just have been renamed."""
    names = dict(functions(sent))
    former = {one.what: one.before for one in before.definition.confirm} if before.definition else {}
    mistakes = []
    for place, one in enumerate(raw["confirm"]):
        chosen = _as_before(sent.all(f"confirm[{place}].before"), former.get(one["what"], ()))
        one["before"] = list(dict.fromkeys(names[was] for was in chosen if was in names))
        if not one["before"]:
            mistakes.append(FieldError(f"confirm[{place}].before", _BEFORE, _WHOLE))
    return mistakes


def _as_before(chosen: Iterable[str], former: Iterable[str]) -> list[str]:
    """What is ticked, in the order that it had: boxes have an order of their own, which changes no rule."""
    ticked = dict.fromkeys(chosen)
    return list(dict.fromkeys([*(one for one in former if one in ticked), *ticked]))


def _repeated(section: str, rows: list[dict[str, Any]]) -> list[FieldError]:
    key = _NAMES[section]
    names = [row[key] for row in rows]
    return [
        FieldError(f"{section}[{place}].{key}", _TWICE, _WHOLE)
        for place, name in enumerate(names)
        if name and name in names[:place]
    ]


def _distinct(section: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row[_NAMES[section]]: row for row in reversed(rows)}.values())[::-1]
