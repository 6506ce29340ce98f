"""Views that staff save: their own alone, twenty at most, also when two tabs save at the same moment."""

import asyncio

import pytest

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import now
from alquimista.dashboards import service
from alquimista.dashboards.models.tenant import MOST_VIEWS, SavedView, TooManyViews, UnknownView
from alquimista.db.tenancy import tenant_transaction
from alquimista.errors import Invalid


@pytest.fixture
async def person(db):
    return (await factories.make_user(db)).id


async def save(db, person, name, query=""):
    async with tenant_transaction(db, PLATFORM_TENANT) as conn:
        return await service.save_view(conn, person, name, query, now())


async def mine(db, person):
    return await service.saved_views(db.tenant(PLATFORM_TENANT), person)


async def test_a_view_is_kept_by_its_name_for_its_person(db, person):
    other = (await factories.make_user(db)).id
    await save(db, person, " Em  risco ", "status=suspended")
    await save(db, person, "Em risco", "plan=expert")
    await save(db, other, "Em risco", "plan=starter")
    assert await mine(db, person) == [SavedView("Em risco", "plan=expert")]
    conn = db.tenant(PLATFORM_TENANT)
    assert await service.delete_view(conn, person, "Em risco") == SavedView("Em risco", "plan=expert")
    with pytest.raises(UnknownView):
        await service.delete_view(conn, person, "Em risco")
    assert await mine(db, other) == [SavedView("Em risco", "plan=starter")]


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "x" * 61])
async def test_a_name_is_one_line(db, person, name):
    with pytest.raises(Invalid):
        await save(db, person, name)


async def test_two_tabs_cannot_both_save_the_last_one(db, person):
    for number in range(MOST_VIEWS - 1):
        await save(db, person, f"view {number}")
    found = await asyncio.gather(*(save(db, person, f"last {n}") for n in range(2)), return_exceptions=True)
    assert sorted(type(one) for one in found if isinstance(one, Exception)) == [TooManyViews]
    assert len(await mine(db, person)) == MOST_VIEWS
    await save(db, person, "view 3", "plan=expert")  # In place of itself there is always room.
