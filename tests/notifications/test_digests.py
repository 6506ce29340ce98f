"""One digest a day, with all that waits, however often and by however many workers it is tried."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import factories
from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.notifications.jobs import JOBS, look_for_digests
from alquimista.notifications.models import Owner
from alquimista.notifications.service import digests
from alquimista.wiring import Services
from support import queued

# São Paulo is three hours behind UTC all year.
EVENING = datetime(2026, 3, 9, 22, tzinfo=UTC)
BEFORE_EIGHT = datetime(2026, 3, 10, 10, 59, tzinfo=UTC)
EIGHT = datetime(2026, 3, 10, 11, tzinfo=UTC)
NEXT_DAY = EIGHT + timedelta(days=1)
MAILED = "SELECT subject, body_text, body_html FROM alquimista_platform.mails WHERE recipient = %s ORDER BY id"
WAITING = "SELECT count(*) FROM alquimista_platform.notifications WHERE user_id = %s AND digest AND digested_at IS NULL"


@pytest.fixture
def morning(db, settings, migrated):
    """`await morning(moment)`: what a worker does at that moment, each job twice if asked."""

    async def run(moment, *, twice=False):
        services = Services(settings, db)
        with clock.frozen(moment):
            await look_for_digests(services, None, None)
            return await queued.work(services, migrated.admin_url, [j for j in JOBS if j.name == digests.DIGEST],
                                     twice=twice)  # fmt: skip

    return run


@pytest.fixture
async def ana(company, choose, tell):
    """Somebody for whom three things wait since the evening."""
    await choose(company.ana, incident=(True, "digest"), ticket=(False, "digest"))
    with clock.frozen(EVENING):
        await tell(company.ana, title="Agente fora do ar")
        await tell(company.ana, "ticket_answered")
        await tell(company.ana, title="<b>Integração</b> falhou", link="http://localhost:8080/app/y?a=1&b=2")
    return company.ana


async def test_what_waits_comes_at_eight_in_one_mail_by_category(ana, morning, sql):
    await morning(BEFORE_EIGHT)
    assert await sql(MAILED, ana.email) == []
    await morning(EIGHT, twice=True)
    ((subject, text, html),) = await sql(MAILED, ana.email)
    assert subject == "Resumo de Clínica Aurora (3)"
    order = [text.index(one) for one in ("Incidentes", "fora do ar", "Integração", "Chamados de suporte", "chamado 7")]
    assert order == sorted(order)
    assert "<http://localhost:8080/app/y?a=1&b=2>" in text
    assert "&lt;b&gt;Integração&lt;/b&gt;" in html
    assert await sql(WAITING, ana.id) == [(0,)]


async def test_it_is_in_the_persons_own_language(ana, morning, sql):
    await sql("UPDATE alquimista_platform.users SET locale = 'en' WHERE id = %s", ana.id)
    await morning(EIGHT)
    ((subject, text, _),) = await sql(MAILED, ana.email)
    assert subject == "Digest of Clínica Aurora (3)"
    assert "Support tickets" in text


async def test_one_a_day_and_what_comes_later_waits_for_the_next(ana, morning, tell, sql):
    await morning(EIGHT)
    with clock.frozen(EIGHT + timedelta(hours=1)):
        await tell(ana, title="Mais um")
    await morning(EIGHT + timedelta(hours=2))
    assert len(await sql(MAILED, ana.email)) == 1
    await morning(NEXT_DAY)
    mails = await sql(MAILED, ana.email)
    assert [subject for subject, *_ in mails] == ["Resumo de Clínica Aurora (3)", "Resumo de Clínica Aurora (1)"]
    assert "Mais um" in mails[1][1]


async def test_what_comes_after_eight_waits_even_if_nothing_was_sent_that_day(company, choose, tell, morning, sql):
    await choose(company.ana, incident=(True, "digest"))
    with clock.frozen(EIGHT + timedelta(minutes=5)):
        await tell(company.ana)
    await morning(EIGHT + timedelta(hours=3))
    assert await sql(MAILED, company.ana.email) == []
    await morning(NEXT_DAY)
    assert len(await sql(MAILED, company.ana.email)) == 1


async def test_a_worker_that_was_away_writes_it_late(ana, morning, sql):
    await morning(EIGHT + timedelta(hours=9))
    assert len(await sql(MAILED, ana.email)) == 1


async def test_eight_is_the_companys_own_and_staffs_is_the_platforms(db, choose, tell, morning, sql):
    far = await factories.make_tenant(db, time_zone="Asia/Tokyo")  # Nine hours ahead of UTC.
    person = await factories.make_user(db, far.id)
    staff = await factories.make_user(db, PLATFORM_TENANT, role=Role.INTERNAL_SUPPORT)
    for one in (person, staff):
        await choose(one, incident=(True, "digest"))
        with clock.frozen(EVENING):
            await tell(one)
    eight_there = datetime(2026, 3, 9, 23, tzinfo=UTC)
    await morning(eight_there - timedelta(minutes=1))
    assert await sql(MAILED, person.email) == []
    await morning(eight_there)
    assert len(await sql(MAILED, person.email)) == 1
    assert await sql(MAILED, staff.email) == []
    await morning(EIGHT)
    assert len(await sql(MAILED, staff.email)) == 1


async def test_two_workers_write_one(ana, db, sql):
    owner = Owner(ana.tenant_id, ana.id)
    wrote = await asyncio.gather(*(asyncio.create_task(digests.write(db, owner, EIGHT)) for _ in range(4)))
    assert sorted(wrote) == [False, False, False, True]
    assert len(await sql(MAILED, ana.email)) == 1


async def test_a_crash_before_the_end_changes_nothing_and_nothing_is_lost(ana, db, sql, monkeypatch):
    owner, post = Owner(ana.tenant_id, ana.id), digests.post

    async def dies(*given):
        await post(*given)
        raise RuntimeError("The power failed")

    monkeypatch.setattr(digests, "post", dies)
    with pytest.raises(RuntimeError):
        await digests.write(db, owner, EIGHT)
    assert await sql(MAILED, ana.email) == []
    assert await sql(WAITING, ana.id) == [(3,)]
    monkeypatch.setattr(digests, "post", post)
    assert await digests.write(db, owner, EIGHT)
    assert not await digests.write(db, owner, EIGHT)
    assert len(await sql(MAILED, ana.email)) == 1


async def test_what_was_read_meanwhile_is_left_out(ana, signed, morning, sql):
    async with await signed(ana) as client:
        assert (await client.post("/notifications/read-all")).json() == {"read": 2}
    await morning(EIGHT)
    ((subject, text, _),) = await sql(MAILED, ana.email)
    assert subject == "Resumo de Clínica Aurora (1)"
    assert "chamado 7" in text


async def test_more_than_a_mail_holds_follows_on_the_next_day(company, choose, tell, morning, sql, monkeypatch):
    monkeypatch.setattr(digests, "_MOST_LINES", 2)
    await choose(company.ana, incident=(True, "digest"))
    for number in range(3):
        with clock.frozen(EVENING + timedelta(seconds=number)):
            await tell(company.ana, title=f"Aviso {number}")
    await morning(EIGHT)
    await morning(NEXT_DAY)
    first, second = (text for _, text, _ in await sql(MAILED, company.ana.email))
    assert "Aviso 0" in first
    assert "Aviso 1" in first
    assert "Aviso 2" not in first
    assert "Aviso 2" in second


async def test_somebody_who_left_gets_none(ana, morning, sql):
    await sql("UPDATE alquimista_platform.tenant_users SET status = 'deactivated' WHERE user_id = %s", ana.id)
    await morning(EIGHT)
    assert await sql(MAILED, ana.email) == []
