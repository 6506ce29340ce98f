"""An erasure is no cloak: what is emptied or forged in its name, and was not emptied by it, is found."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from alquimista.audit import service
from alquimista.audit.models import Erased, Wanted
from alquimista.audit.models.exporting import verify_lines
from alquimista.audit.queries import entries, seals
from alquimista.audit.service import erasing, verification
from alquimista.db.roles import connection_info
from alquimista.db.tenancy import tenant_transaction
from support.audit import found

PERSONAL = "alquimista_platform.audit_personal"
EMPTY_ACTOR = (
    f"UPDATE {PERSONAL} SET actor_salt = NULL, actor_email = '', actor_name = '', ip = NULL, user_agent = '',"
    " actor_erased_by = %s WHERE entry_id = %s"
)
EMPTY_CONTENT = (
    f"UPDATE {PERSONAL} SET content_salt = NULL, details = '{{}}', before = NULL, after = NULL,"
    " content_erased_by = %s WHERE entry_id = %s"
)


@pytest.fixture
def boss(ana):
    """Another administrator."""
    return replace(ana, user_id=uuid4(), email="boss@example.com", name="Bruno Reis")


@pytest.fixture
async def refund(db, tenant, boss):
    """The id of an entry that no erasure of Ana concerns."""
    return await service.record(
        db.tenant(tenant), boss, "invoice.refunded", category="tenant", details={"cents": 100}, before={"paid": 100}
    )


@pytest.fixture
def erase(db, tenant, ana, boss):
    async def run(actor=boss, person=ana):
        async with tenant_transaction(db, tenant) as conn:
            return await service.erase(conn, actor, tenant, person.user_id, emails=[person.email])

    return run


@pytest.fixture
def erasure(db, tenant):
    """The newest erasure's entry."""

    async def newest():
        return (await service.entries(db.tenant(tenant), tenant, Wanted(action="audit.erase"), 1))[0]

    return newest


@pytest.fixture
async def as_app(settings, tenant):
    """The app's own role, which may empty."""
    async with await psycopg.AsyncConnection.connect(connection_info(settings, "app"), autocommit=True) as conn:
        await conn.execute("SELECT set_config('app.tenant_id', %s, false)", [str(tenant)])
        yield conn


@pytest.mark.parametrize("statement", [EMPTY_ACTOR, EMPTY_CONTENT])
async def test_what_another_empties_in_an_erasures_name_is_found(
    write, refund, erase, erasure, verified, as_app, statement
):
    await write(3)
    assert await erase() == Erased(3, 0)
    by = await erasure()
    await as_app.execute(statement, [by.id, refund])
    report = await verified()
    assert found(report) == [("changed", by.seq)]
    assert "is not what it emptied" in str(report.findings[0].sentence)
    await write(1)
    assert found(await verified(latest=2)) == [("changed", by.seq)]


async def test_an_erasure_without_anything_to_empty_covers_nothing_either(refund, erase, erasure, verified, as_app):
    assert await erase() == Erased(0, 0)
    by = await erasure()
    assert found(await verified()) == []
    await as_app.execute(EMPTY_CONTENT, [by.id, refund])
    assert found(await verified()) == [("changed", by.seq)]


async def test_what_is_emptied_after_the_erasure_in_its_name_is_found(write, erase, erasure, verified, as_app):
    await write(2)
    await erase()
    (late,) = await write(1)
    await as_app.execute(EMPTY_CONTENT, [(await erasure()).id, late])
    assert found(await verified()) == [("changed", None)]


async def test_swapping_one_emptied_entry_for_another_is_found(write, refund, erase, erasure, verified, tamper):
    ids = await write(2)
    async with tamper() as conn:
        kept = await (
            await conn.execute(
                f"SELECT actor_salt, actor_email, actor_name, ip, user_agent FROM {PERSONAL} WHERE entry_id = %s",
                [ids[0]],
            )
        ).fetchone()
    await erase()
    by = await erasure()
    async with tamper() as conn:  # As from a backup of before: the digest of the entry itself agrees.
        await conn.execute(
            f"UPDATE {PERSONAL} SET actor_salt = %s, actor_email = %s, actor_name = %s, ip = %s, user_agent = %s,"
            " actor_erased_by = NULL WHERE entry_id = %s",
            [*kept, ids[0]],
        )
    assert found(await verified()) == [("changed", by.seq)]
    async with tamper() as conn:
        await conn.execute(EMPTY_ACTOR, [by.id, refund])
    assert found(await verified()) == [("changed", by.seq)]


async def test_what_an_erasure_tells_cannot_be_emptied_or_changed(db, tenant, write, erase, erasure, verified, as_app):
    await write(2)
    await erase()
    first = await erasure()
    await erase()
    second = await erasure()
    await as_app.execute(EMPTY_CONTENT, [second.id, first.id])
    assert found(await verified()) == [("changed", first.seq), ("changed", second.seq)]


async def test_erasers_can_be_erased_in_turn(write, erase, ana, boss, verified):
    await write(4)
    await erase()
    assert await erase(actor=ana, person=boss) == Erased(1, 0)
    assert await erase(actor=ana) == Erased(1, 0)
    assert found(await verified()) == []


async def test_an_entry_that_is_not_sealed_yet_is_left_for_the_next_erasure(db, tenant, ana, write):
    await write(2, seal=False)
    async with tenant_transaction(db, tenant) as conn:
        assert await entries.erase(conn, tenant, ana.user_id, [ana.email], uuid4()) == (0, 0)


async def test_an_erasure_of_many_is_read_in_stretches_and_verified_from_any_place(write, erase, verified, monkeypatch):
    monkeypatch.setattr(erasing, "_STRETCH", 3)
    await write(10)
    await erase()
    await write(4)
    await erase()
    end = (await verified()).last
    for latest in range(1, end + 1):
        assert found(await verified(latest=latest)) == []


async def test_an_erasure_while_the_chain_is_verified_is_no_finding(write, erase, verified, monkeypatch):
    await write(6)
    chain, asked = seals.chain, []

    async def interrupted(*args):
        asked.append(args)
        if len(asked) == 2:
            await erase()
        return await chain(*args)

    monkeypatch.setattr(verification, "CHUNK", 3)
    monkeypatch.setattr(seals, "chain", interrupted)
    report = await verified()
    assert (found(report), report.erased > 0) == ([], True)


@pytest.fixture
async def exported(db, anchored, tenant, write, refund, erase):
    """An export with an erasure, by its lines."""
    await write(3)
    await erase()
    await write(1)
    data = b"".join([piece async for piece in service.export(db, anchored, tenant)])
    return [json.loads(line) for line in data.splitlines()]


def one(exported, action, place=0):
    return [row for row in exported if row.get("action") == action][place]


def forge_content(exported, by):
    one(exported, "invoice.refunded").update(content_salt=None, content_erased_by=by, details='{"cents": 999999}')


def forge_actor(exported, by):
    one(exported, "invoice.refunded").update(actor_salt=None, actor_erased_by=by, actor_name="Innocent")


def fill_in(exported, _by):
    one(exported, "agent.configured").update(actor_name="Innocent")


def empty_another(exported, by):
    one(exported, "invoice.refunded").update(
        content_salt=None, content_erased_by=by, details="{}", before=None, after=None
    )


def empty_a_later_one(exported, by):
    one(exported, "agent.configured", -1).update(
        content_salt=None, content_erased_by=by, details="{}", before=None, after=None
    )


def empty_for_no_reason(exported, _by):
    one(exported, "invoice.refunded").update(content_salt=None, details="{}", before=None, after=None)


def say_that_it_was_erased(exported, by):
    one(exported, "invoice.refunded").update(content_erased_by=by)


def empty_the_erasure(exported, by):
    one(exported, "audit.erase").update(content_salt=None, content_erased_by=by, details="{}", before=None, after=None)


def forge_the_erasure(exported, by):
    details = json.dumps(json.loads(one(exported, "audit.erase")["details"]) | {"parts": 4})
    one(exported, "audit.erase").update(content_salt=None, content_erased_by=by, details=details)


def salt_without_a_byte(exported, _by):
    one(exported, "invoice.refunded").update(content_salt="", details='{"cents": 999999}')


def in_nobodys_name(exported, _by):
    one(exported, "invoice.refunded").update(
        content_salt=None, content_erased_by="", details="{}", before=None, after=None
    )


FORGERIES = [
    forge_content,
    forge_actor,
    fill_in,
    empty_another,
    empty_a_later_one,
    empty_for_no_reason,
    say_that_it_was_erased,
    empty_the_erasure,
    forge_the_erasure,
    salt_without_a_byte,
    in_nobodys_name,
]


def written(exported):
    return [json.dumps(row).encode() + b"\n" for row in exported]


@pytest.mark.parametrize("forge", FORGERIES)
def test_a_forged_export_is_found(exported, forge):
    assert found(verify_lines(written(exported))[0]) == []
    forge(exported, one(exported, "audit.erase")["id"])
    assert found(verify_lines(written(exported))[0])


def test_the_verifier_in_the_documentation_finds_every_forgery(exported, tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]

    def run(rows):
        (tmp_path / "audit.jsonl").write_bytes(b"".join(written(rows)))
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)
        return done.stderr

    assert run(exported) == ""
    for forge in FORGERIES:
        forged = [dict(row) for row in exported]
        forge(forged, one(forged, "audit.erase")["id"])
        assert run(forged) != "", forge.__name__
