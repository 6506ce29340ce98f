import json

import pytest

from alquimista.db.migrations.files import Chain
from alquimista.db.migrations.models import Skipped
from alquimista.db.migrations.serverless import handle


def test_one_number_all_and_the_list_answer_what_json_can_hold(url, two, tables) -> None:
    assert handle({"action": "run-migration", "target": "001"}, url, two.chain) == {
        "ok": True,
        "applied": ["001_books"],
    }
    assert handle({"action": "run-migration", "target": "all"}, url, two.chain) == {
        "ok": True,
        "applied": ["002_title"],
    }
    assert handle({"action": "run-migration", "target": "002"}, url, two.chain) == {"ok": True, "applied": []}
    listed = json.loads(json.dumps(handle({"action": "list-migrations"}, url, two.chain)))
    assert [(m["number"], m["name"], m["state"]) for m in listed["migrations"]] == [
        ("001", "001_books", "applied"),
        ("002", "002_title", "applied"),
    ]
    assert tables() == {"books"}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, "action must be"),
        ({"action": "drop-everything", "target": "all"}, "action must be"),
        ({"action": ["run-migration"]}, "action must be"),
        ({"action": "run-migration", "target": "seventeen"}, "target must be"),
        ({"action": "run-migration", "target": "-1"}, "target must be"),
        ({"action": "run-migration", "target": 17}, "target must be"),
        ({"action": "run-migration", "target": "017"}, "There is no migration 017"),
        ({"action": "run-migration", "target": "3"}, "003_gone is skipped: nobody needs it."),
    ],
)
def test_a_wrong_event_is_answered_with_a_sentence(url, two, event, error, tables) -> None:
    chain = Chain(two.chain.directory, (Skipped(3, "gone", "nobody needs it."),))
    answer = handle(event, url, chain)
    assert answer["ok"] is False
    assert answer["error"].startswith(error)
    assert tables() == set()
