"""The staff's form of a SubNúcleo."""

from collections.abc import Iterable
from typing import Any

from alquimista.agents.models.agents import Agent
from alquimista.billing.models.catalogue import StoredSubNucleo, SubNucleo
from alquimista.errors import FieldError
from alquimista.i18n import N_
from alquimista.web import formats
from alquimista.web.staff.trees import Sent, shaped

_EMPTY = N_("Choose at least one agent.")
_COUNT = N_("Write a whole number.")


def fields(one: StoredSubNucleo) -> Sent:
    """A SubNúcleo as its form shows it."""
    pairs = [(name, str(getattr(one, name))) for name in ("display_name", "description", "category", "sort_order")]
    pairs += [(f"part.{slug}", "required") for slug in one.required]
    return Sent((*pairs, *((f"part.{slug}", "optional") for slug in one.optional)))


def read(sent: Sent, before: StoredSubNucleo, agents: Iterable[Agent]) -> SubNucleo:
    """The SubNúcleo that a form makes. Agents keep the order that they had, and new ones follow in the catalogue's.

    Raises:
        Invalid: each wrong field.
    """
    slugs = list(dict.fromkeys((*before.agents, *(one.slug for one in agents))))
    order = formats.count(sent.text("sort_order"))
    mistakes = [FieldError("sort_order", _COUNT)] if order is None else []
    raw: dict[str, Any] = {name: sent.text(name) for name in ("display_name", "description", "category")}
    raw |= {"name": before.name, "sort_order": order or 0}
    for part in ("required", "optional"):
        raw[part] = [slug for slug in slugs if sent.text(f"part.{slug}") == part]
    if not raw["required"] and not raw["optional"]:
        mistakes.append(FieldError("agents", _EMPTY))
        raw["optional"] = list(before.agents)
    return shaped(raw, SubNucleo, mistakes)
