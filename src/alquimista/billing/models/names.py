"""What the plans that the platform ships are called in each language."""

from typing import Final

from alquimista.i18n import N_, Text

PLANS: Final[dict[str, Text]] = {
    "starter": N_("Starter"),
    "profissional": N_("Professional"),
    "expert": N_("Expert"),
    "enterprise": N_("Enterprise"),
}
_SHIPPED: Final = {text.render("pt-BR"): text for text in PLANS.values()}  # As catalogue/plans.toml writes them.


def plan_name(display_name: str) -> Text | str:
    """A plan's name for the reader: a shipped one is translated, one that the vendor chose stays as it is."""
    return _SHIPPED.get(display_name, display_name)
