"""Whatever somebody changes who owns the whole database is found."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from alquimista import clock
from alquimista.audit import service
from support.audit import forget_anchors, found, rewrite

LOGS = "alquimista_platform.audit_logs"
PERSONAL = "alquimista_platform.audit_personal"
SEALS = "alquimista_platform.audit_seals"


async def test_an_untouched_chain_is_intact(write, verified):
    before = (await verified()).last
    await write(25)
    report = await verified()
    assert (report.total, report.last, report.entries) == (0, before + 25, before + 25)


async def test_a_chain_of_nothing_is_intact(db, settings):
    report = await service.verify(db, settings, uuid4())
    assert (report.total, report.entries) == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'agent.other'",
        "occurred_at = occurred_at + interval '1 microsecond'",
        "actor_id = gen_random_uuid()",
        "actor_id = NULL",
        "actor_role = 'TENANT_USER'",
        "actor_kind = 'token'",
        "session_id = NULL",
        "category = 'user'",
        "resource_type = 'x'",
        "resource_id = ''",
        "result = 'failure'",
        "trace_id = 'x'",
    ],
)
async def test_a_changed_field_is_found(write, verified, tamper, change):
    ids = await write(7)
    end = (await verified()).last
    async with tamper() as conn:
        await conn.execute(f"UPDATE {LOGS} SET {change} WHERE id = %s", [ids[3]])
    assert found(await verified()) == [("changed", end - 3)]


@pytest.mark.parametrize(
    "change",
    [
        "actor_email = 'eva@example.com'",
        "actor_name = ''",
        "ip = NULL",
        "user_agent = 'x'",
        "details = details || '{\"number\": 9}'",
        "before = NULL",
        "after = '{}'",
        "actor_salt = decode(repeat('ab', 16), 'hex')",
    ],
)
async def test_changed_personal_data_is_found(write, verified, tamper, change):
    ids = await write(3)
    end = (await verified()).last
    async with tamper() as conn:
        await conn.execute(f"UPDATE {PERSONAL} SET {change} WHERE entry_id = %s", [ids[1]])
    assert found(await verified()) == [("changed", end - 1)]


async def test_personal_data_that_was_emptied_without_an_erasure_is_found(write, verified, tamper):
    ids = await write(2)
    async with tamper() as conn:
        await conn.execute(
            f"UPDATE {PERSONAL} SET actor_salt = NULL, actor_email = '', actor_name = '', ip = NULL, user_agent = '',"
            " actor_erased_by = gen_random_uuid() WHERE entry_id = %s",
            [ids[0]],
        )
    assert found(await verified()) == [("changed", None)]


@pytest.mark.parametrize("table", [LOGS, PERSONAL, SEALS])
async def test_a_removed_row_is_found(write, verified, tamper, table):
    ids = await write(5)
    end = (await verified()).last
    column = "id" if table == LOGS else "entry_id"
    async with tamper() as conn:
        await conn.execute(f"DELETE FROM {table} WHERE {column} = %s", [ids[2]])
    what = found(await verified())
    assert ("removed", end - 2) in what
    # Without its seal, the entry is one that was never sealed.
    assert [one for one in what if one != ("removed", end - 2)] == ([("inserted", None)] if table == SEALS else [])


async def test_an_entry_removed_with_all_that_belongs_to_it_is_found(write, verified, tamper):
    ids = await write(5)
    end = (await verified()).last
    async with tamper() as conn:
        for table, column in ((LOGS, "id"), (PERSONAL, "entry_id"), (SEALS, "entry_id")):
            await conn.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids[1:3]])
    report = await verified()
    assert found(report) == [("removed", end - 3)]
    assert f"Entries {end - 3} to {end - 2} are missing" in str(report.findings[0].sentence)


async def test_an_inserted_row_is_found(write, verified, tamper):
    ids = await write(3)
    copied = (
        "actor_kind, actor_id, actor_role, session_id, action, category, resource_type, resource_id, result, trace_id"
    )
    async with tamper() as conn:
        await conn.execute(
            f"INSERT INTO {LOGS} (tenant_id, id, occurred_at, {copied})"
            f" SELECT tenant_id, gen_random_uuid(), occurred_at, {copied} FROM {LOGS} WHERE id = %s",
            [ids[1]],
        )
    assert found(await verified()) == [("inserted", None)]


async def test_two_rows_that_changed_places_are_found(write, verified, tamper):
    ids = await write(9)
    end = (await verified()).last
    async with tamper() as conn:
        await conn.execute(f"ALTER TABLE {SEALS} DROP CONSTRAINT audit_seals_tenant_id_entry_id_key")
        await conn.execute(
            f"UPDATE {SEALS} a SET entry_id = b.entry_id, actor_digest = b.actor_digest,"
            f" content_digest = b.content_digest FROM {SEALS} b"
            " WHERE a.entry_id = ANY(%s) AND b.entry_id = ANY(%s) AND a.entry_id <> b.entry_id",
            [[ids[2], ids[6]]] * 2,
        )
        await conn.execute(f"ALTER TABLE {SEALS} ADD UNIQUE (tenant_id, entry_id)")
    assert found(await verified()) == [("reordered", end - 6), ("reordered", end - 2)]


async def test_two_whole_seals_that_changed_places_are_found(write, verified, tamper):
    await write(9)
    end = (await verified()).last
    async with tamper() as conn:
        for old, new in ((end - 6, end + 100), (end - 2, end - 6), (end + 100, end - 2)):
            await conn.execute(f"UPDATE {SEALS} SET seq = %s WHERE seq = %s", [new, old])
    assert found(await verified()) == [("reordered", end - 6), ("reordered", end - 2)]


async def cut(conn, tenant, ids):
    for table, column in ((LOGS, "id"), (PERSONAL, "entry_id"), (SEALS, "entry_id")):
        await conn.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])
    await conn.execute("DELETE FROM alquimista_platform.audit_heads WHERE tenant_id = %s", [tenant])


async def test_a_tail_that_was_cut_off_is_found_by_the_anchor(db, anchored, tenant, write, verified, tamper):
    ids = await write(6)
    assert await service.anchor(db, anchored) >= 1
    end = (await verified()).last
    async with tamper() as conn:
        await cut(conn, tenant, ids[4:])
    report = await verified()
    assert found(report) == [("truncated", end - 1)]
    assert f"ends at entry {end - 2}, but entry {end} was anchored" in str(report.findings[0].sentence)


async def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_the_anchor_alone(
    db, anchored, tenant, write, verified, tamper
):
    ids = await write(6)
    await service.anchor(db, anchored)
    end = (await verified()).last
    async with tamper() as conn:
        await conn.execute(f"UPDATE {LOGS} SET action = 'agent.other' WHERE id = %s", [ids[2]])
        await conn.execute("DELETE FROM alquimista_platform.audit_heads WHERE tenant_id = %s", [tenant])
        await rewrite(db, conn, tenant)
    assert found(await verified()) == [("rewritten", end)]
    forget_anchors(anchored)
    assert found(await verified()) == []  # By itself it is a chain like any other.


async def test_later_anchors_do_not_make_a_rewritten_chain_good(db, anchored, tenant, write, verified, tamper):
    ids = await write(3)
    await service.anchor(db, anchored)
    end = (await verified()).last
    async with tamper() as conn:
        await conn.execute(f"UPDATE {PERSONAL} SET details = '{{}}' WHERE entry_id = %s", [ids[1]])
        await rewrite(db, conn, tenant)
    await write(2)
    await service.anchor(db, anchored)
    assert found(await verified()) == [("rewritten", end)]


async def test_an_anchor_of_another_key_proves_nothing(db, anchored, tenant, write, verified):
    await write(2)
    end = (await verified()).last
    forger = service.signer(replace(anchored, secret_key="another key that somebody made up, long enough"))
    forged = forger.sign(str(tenant), end, "ab" * 32, "2026-03-01T00:00:00.000000Z")
    report = await service.verify(db, anchored, tenant, anchors=[forged])
    assert found(report) == [("unsigned", end)]
    ours = service.signer(anchored).sign(str(tenant), end, report.hash, "2026-03-01T00:00:00.000000Z")
    moved = type(ours)(ours.tenant_id, end - 1, ours.hash, ours.signed_at, ours.key_id, ours.signature)
    assert found(await service.verify(db, anchored, tenant, anchors=[moved])) == [("unsigned", end - 1)]
    assert found(await service.verify(db, anchored, tenant, anchors=[ours])) == []


async def test_an_entry_that_waits_for_long_is_told(write, verified):
    await write(1, seal=False)
    assert found(await verified()) == []
    with clock.frozen(clock.now() + timedelta(minutes=2)):
        assert found(await verified()) == [("unsealed", None)]


async def test_a_part_of_the_chain_is_verified_by_itself(db, write, verified, tamper):
    with clock.frozen(clock.now() - timedelta(days=10)):
        old = await write(4)
    await write(4)
    async with tamper() as conn:
        await conn.execute(f"UPDATE {LOGS} SET action = 'agent.other' WHERE id = %s", [old[1]])
    assert [what for what, _ in found(await verified())] == ["changed"]
    recent = await verified(since=clock.now() - timedelta(days=1))
    assert (recent.total, recent.entries) == (0, 4)
    newest = await verified(latest=2)
    assert (newest.total, newest.entries) == (0, 2)
