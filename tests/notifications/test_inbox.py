"""One's own notifications: listed, read, forgotten, and nobody else's, not even a teammate's."""

import re
from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from alquimista.db.statement import Statement
from alquimista.notifications.jobs import JOBS, purge
from alquimista.notifications.queries import digests, inbox, preferences
from alquimista.wiring import Services
from support import queued

LEFT = "SELECT title FROM alquimista_platform.notifications WHERE user_id = %s ORDER BY title"


async def listed(client, **query):
    answer = await client.get("/notifications", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_the_newest_come_first_a_page_at_a_time(company, tell, signed):
    for number in range(3):
        await tell(company.ana, title=f"Aviso {number}")
    async with await signed(company.ana) as client:
        found = await listed(client, limit=2)
        assert [one["title"] for one in found["notifications"]] == ["Aurora: Aviso 2", "Aurora: Aviso 1"]
        assert (found["total"], found["unread"]) == (3, 3)
        first = found["notifications"][0]
        assert (first["category"], first["type"], first["read_at"]) == ("incident", "incident_opened", None)
        assert first["link"] == "http://localhost:8080/app/x"
        assert [one["title"] for one in (await listed(client, limit=2, offset=2))["notifications"]] == [
            "Aurora: Aviso 0"
        ]


async def test_reading_one_and_all(company, tell, signed):
    for _ in range(3):
        await tell(company.ana)
    async with await signed(company.ana) as client:
        one = (await listed(client))["notifications"][0]["id"]
        for _ in range(2):  # A second time changes nothing.
            assert (await client.post(f"/notifications/{one}/read")).status_code == 204
        found = await listed(client, unread=True)
        assert (len(found["notifications"]), found["total"], found["unread"]) == (2, 2, 2)
        assert (await listed(client))["total"] == 3
        assert (await client.post("/notifications/read-all")).json() == {"read": 2}
        assert (await listed(client))["unread"] == 0


async def test_a_teammate_sees_and_changes_nothing_of_mine(company, tell, signed):
    await tell(company.ana, title="Zebra")
    async with await signed(company.ana) as mine, await signed(company.rui) as mate, await signed(company.lia) as staff:
        one = (await listed(mine))["notifications"][0]["id"]
        for other in (mate, staff):
            assert (await listed(other)) == {"notifications": [], "total": 0, "unread": 0}
            refused = await other.post(f"/notifications/{one}/read")
            assert (refused.status_code, refused.json()["error"]) == (404, "notification_not_found")
            assert (await other.post("/notifications/read-all")).json() == {"read": 0}
        assert (await listed(mine))["unread"] == 1


async def test_one_that_only_waits_for_the_digest_is_not_shown(company, tell, choose, signed):
    await choose(company.ana, incident=(False, "digest"))
    await tell(company.ana)
    async with await signed(company.ana) as client:
        assert (await listed(client))["total"] == 0


@pytest.mark.parametrize("module", [inbox, preferences, digests])
def test_every_statement_says_whose(module):
    # Whole tenants are looked through by those jobs that find what is due or old, and answer no contents.
    for_all = {"AGED", "FORGET", "DUE"}
    for name, statement in vars(module).items():
        if isinstance(statement, Statement) and name not in for_all:
            sql = statement.sql
            whose = "user_id = %(user_id)s" in sql or re.search(r"VALUES \(%\(tenant_id\)s, [^)]*%\(user_id\)s", sql)
            assert whose or "%(user_id)s" in sql.partition("VALUES")[2], name


async def test_preferences_are_ones_own(company, signed):
    wanted = [{"category": "incident", "in_app": False, "mail": "digest"}]
    async with await signed(company.ana) as mine, await signed(company.rui) as mate, await signed(company.lia) as staff:
        before = (await mine.get("/notifications/preferences")).json()
        answer = await mine.put("/notifications/preferences", json={"preferences": wanted})
        assert answer.status_code == 200, answer.text
        after = (await mine.get("/notifications/preferences")).json()
        assert after == answer.json()
        changed = [one for one in after["preferences"] if one not in before["preferences"]]
        assert changed == [{"category": "incident", "in_app": False, "mail": "digest", "fixed": False}]
        for other in (mate, staff):
            assert (await other.get("/notifications/preferences")).json() == before
        fixed = [one for one in before["preferences"] if one["fixed"]]
        assert fixed == [{"category": "security", "in_app": True, "mail": "at_once", "fixed": True}]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"preferences": []},
        {"preferences": [{"category": "security", "in_app": False, "mail": "off"}]},
        {"preferences": [{"category": "nothing", "in_app": True, "mail": "off"}]},
        {"preferences": [{"category": "agent", "in_app": True, "mail": "weekly"}]},
        {"preferences": [{"category": "agent", "in_app": "yes", "mail": "off"}]},
        {"preferences": [{"category": "agent", "in_app": True, "mail": "off", "user_id": str(new_id())}]},
    ],
)
async def test_what_cannot_be_chosen_is_refused(company, signed, body):
    async with await signed(company.ana) as client:
        refused = await client.put("/notifications/preferences", json=body)
        assert refused.status_code == 400, refused.text
        assert refused.json()["errors"]


async def test_old_ones_are_forgotten_the_unread_later(company, tell, signed, db, settings, migrated, sql):
    now = clock.now()
    for days, name in ((181, "unread 181"), (179, "unread 179"), (91, "read 91"), (89, "read 89")):
        with clock.frozen(now - timedelta(days=days)):
            await tell(company.ana, title=name)
            await tell(company.lia, title=name)
    await sql("UPDATE alquimista_platform.notifications SET read_at = created_at WHERE title LIKE %s", "%: read%")
    services = Services(settings, db)
    await purge(services, None, None)
    await queued.work(services, migrated.admin_url, JOBS, twice=True)
    for person in (company.ana, company.lia):
        assert await sql(LEFT, person.id) == [("Aurora: read 89",), ("Aurora: unread 179",)]
    assert company.lia.tenant_id == PLATFORM_TENANT
