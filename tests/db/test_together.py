"""Statements that are sent together: one transaction, one round trip, or nothing."""

from uuid import UUID

import pytest
from psycopg.errors import DivisionByZero, InsufficientPrivilege, UniqueViolation

from alquimista.clock import new_id
from alquimista.db.pool import Database
from alquimista.db.statement import NoRow, Statement
from support.notes import ADD, NOTES, Note

pytestmark = pytest.mark.usefixtures("notes")

DIVIDE = Statement("SELECT 1 / %(zero)s AS x", NoRow)


async def test_what_is_written_together_is_one_transaction(db: Database, tenants: list[UUID]):
    mine = new_id()
    async with db.together(mine) as writer:
        for body in ("a", "b"):
            await writer.execute(ADD, tenant_id=mine, id=new_id(), body=body)
        assert await db.tenant(mine).fetch(NOTES) == []
    assert await db.tenant(mine).fetch(NOTES) == [Note(mine, "a"), Note(mine, "b")]
    assert len(await db.tenant(tenants[0]).fetch(NOTES)) == 1


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_one_that_fails_leaves_nothing_of_the_others(db: Database, place: int):
    mine = new_id()
    with pytest.raises(DivisionByZero):
        async with db.together(mine) as writer:
            for number in range(3):
                if number == place:
                    await writer.execute(DIVIDE, zero=0)
                await writer.execute(ADD, tenant_id=mine, id=new_id(), body="x")
    assert await db.tenant(mine).fetch(NOTES) == []


async def test_a_block_that_raises_sends_nothing(db: Database):
    mine = new_id()
    with pytest.raises(ZeroDivisionError):
        async with db.together(mine) as writer:
            await writer.execute(ADD, tenant_id=mine, id=new_id(), body="x")
            raise ZeroDivisionError
    async with db.together(mine):
        pass
    assert await db.tenant(mine).fetch(NOTES) == []


async def test_what_is_another_tenants_or_there_already_is_refused_by_its_name(db: Database):
    mine, key = new_id(), new_id()
    with pytest.raises(InsufficientPrivilege):
        async with db.together(mine) as writer:
            await writer.execute(ADD, tenant_id=mine, id=key, body="mine")
            await writer.execute(ADD, tenant_id=new_id(), id=new_id(), body="stolen")
    with pytest.raises(UniqueViolation) as refused:
        async with db.together(mine) as writer:
            await writer.execute(ADD, tenant_id=mine, id=key, body="mine")
            await writer.execute(ADD, tenant_id=mine, id=key, body="again")
    assert refused.value.diag.constraint_name == "notes_pkey"
    assert await db.tenant(mine).fetch(NOTES) == []
