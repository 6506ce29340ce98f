"""What incidents are, and the rules that open them, as other rooms import them."""

from alquimista.incidents.models.incidents import (
    REACT,
    Event,
    EventKind,
    Incident,
    IncidentResolved,
    InternalIncident,
    MirroredIncident,
    NewIncident,
    Reaction,
    Reported,
    Severity,
    State,
    UnknownIncident,
    Visibility,
    shown_comment,
)
from alquimista.incidents.models.rules import RULES, Rule, RuleName, by_rule, rule_of, texts

__all__ = [
    "REACT",
    "RULES",
    "Event",
    "EventKind",
    "Incident",
    "IncidentResolved",
    "InternalIncident",
    "MirroredIncident",
    "NewIncident",
    "Reaction",
    "Reported",
    "Rule",
    "RuleName",
    "Severity",
    "State",
    "UnknownIncident",
    "Visibility",
    "by_rule",
    "rule_of",
    "shown_comment",
    "texts",
]
