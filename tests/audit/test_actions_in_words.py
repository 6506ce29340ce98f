"""Every action that the code can write into the audit has its words for who reads it in a page."""

import ast
import re
from pathlib import Path

import pytest

from alquimista.approvals.models import ApprovalStatus
from alquimista.audit.models.chain import ERASURE
from alquimista.tenants.models import TenantStatus
from alquimista.web.acts import ACTS, THINGS

SOURCE = Path(__file__).parents[2] / "src" / "alquimista"
ACTION = re.compile(r"^([a-z_]+)\.[a-z_]+$")
# Named like actions, and none: jobs, an act that waits for approval, attributes of traces.
_JOBS = {"incidents.alert", "incidents.escalate", "incidents.mirror", "incidents.tell"}
OTHERS = (
    {"billing.refund"}
    | _JOBS
    | {f"{noun}.{what}" for noun in ("event", "webhook") for what in ("attempt", "consumer", "id", "source", "type")}
)
# Rooms whose helper adds the noun, and which of its arguments is the rest of the name.
ADDED = {"webhooks": ("webhook", 4), "approvals": ("approval", 2)}
# Names that are made of a state.
MADE = {f"tenant.{status.value}" for status in TenantStatus} | {
    f"approval.{status.value}" for status in ApprovalStatus if status is not ApprovalStatus.PENDING
}
WRITERS = {"record", "seen", "listed", "note", "_record", "_audit"}


def named(node):
    return getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""


def literals(node):
    """The texts below a node, but for those of f-strings and of the log."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    logs = isinstance(node, ast.Call) and getattr(getattr(node.func, "value", None), "id", "") in {"_log", "log"}
    if not isinstance(node, ast.JoinedStr) and not logs:
        for child in ast.iter_child_nodes(node):
            yield from literals(child)


def recorded():
    """Every action that is named in the code."""
    trees = {path.relative_to(SOURCE): ast.parse(path.read_text()) for path in SOURCE.rglob("*.py")}
    found = set(MADE) | {ERASURE}
    for path, tree in trees.items():
        for call in (node for node in ast.walk(tree) if named(node) in WRITERS):
            given = [*call.args, *(word.value for word in call.keywords if word.arg == "action")]
            found.update(text for one in given for text in literals(one) if ACTION.match(text))
            if path.parts[0] in ADDED and named(call) == "_record":
                noun, place = ADDED[path.parts[0]]
                found.update(f"{noun}.{text}" for one in call.args[place : place + 1] for text in literals(one))
    # Some names reach the audit by a variable: in services, whatever is called like an action of a known noun.
    nouns = {text.partition(".")[0] for text in found | set(ACTS)}
    for path, tree in trees.items():
        if "service" in path.parts or path.name == "service.py":
            found.update(text for text in literals(tree) if (like := ACTION.match(text)) and like[1] in nouns)
    return found - OTHERS


@pytest.fixture(scope="module")
def actions():
    return recorded()


def test_every_action_has_its_words(actions):
    assert len(actions) > 100, "the search above no longer finds the actions"
    assert sorted(actions - set(ACTS)) == []


def test_no_words_are_kept_for_what_is_not_written_any_more(actions):
    assert sorted(set(ACTS) - actions) == []


def test_every_kind_of_thing_has_its_name():
    found = {
        text
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if named(node) in {"record", "seen"}
        for word in node.keywords
        if word.arg == "resource_type"
        for text in literals(word.value)
    }
    assert sorted(found - set(THINGS) - {"."}) == []
