"""A company has a few seats for sending: its slow receivers and its backlog keep nobody else waiting."""

import asyncio

import pytest

from alquimista.clock import now
from alquimista.db.tenancy import tenant_transaction
from alquimista.webhooks import service
from alquimista.webhooks.models.deliveries import SendDelivery
from alquimista.webhooks.queries import deliveries
from webhooks.test_sending import emit


@pytest.fixture(autouse=True)
def seats(monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.service.sending._SEATS", 2)


@pytest.fixture
def jobs(sql):
    """How many jobs to send a company's messages there are."""
    await_all = "SELECT count(*) FROM alquimista_platform.job_queue WHERE entrypoint = %s AND payload::text LIKE %s"

    async def count(company):
        pattern = f"%{str(company.id).encode().hex()}%"  # A payload is bytes, and is written in hexadecimal.
        return (await sql(await_all, service.DELIVER, pattern))[0][0]

    return count


async def messages(company, made):
    return [SendDelivery(one["id"], made["webhook"]["id"]) for one in await company.deliveries(made["webhook"]["id"])]


async def test_slow_receivers_take_a_companys_seats_and_whoever_has_one_sends_the_rest(
    company, receiver, db, worker, jobs
):
    made = await company.webhook(receiver.url())
    for _ in range(5):
        await emit(db, company)
    assert await jobs(company) == 5
    first, second, *others = await messages(company, made)
    receiver.hold = asyncio.Event()
    sending = [asyncio.create_task(service.deliver(worker, company.id, one)) for one in (first, second)]
    async with asyncio.timeout(5):
        while await sending_now(db, company) < 2:  # noqa: ASYNC110 - The database's own time.
            await asyncio.sleep(0.01)
    for one in others:  # These come back at once, and their workers are free.
        await asyncio.wait_for(service.deliver(worker, company.id, one), 5)
    assert len(receiver.got) <= 2
    assert await jobs(company) == 5, "nothing is put back to be looked at again and again"
    receiver.hold.set()
    await asyncio.gather(*sending)
    assert len(receiver.got) == 5
    assert {one["state"] for one in await company.deliveries(made["webhook"]["id"])} == {"delivered"}


async def sending_now(db, company):
    async with tenant_transaction(db, company.id) as conn:
        return await deliveries.sending(conn, company.id, now())


async def test_many_that_begin_at_once_take_no_more_than_the_seats(company, receiver, db, worker):
    made = await company.webhook(receiver.url())
    for _ in range(6):
        await emit(db, company)
    receiver.hold = asyncio.Event()
    tasks = [asyncio.create_task(service.deliver(worker, company.id, one)) for one in await messages(company, made)]
    await asyncio.wait(tasks, timeout=2)
    assert sum(not task.done() for task in tasks) == 2
    receiver.hold.set()
    await asyncio.gather(*tasks)
    assert len(receiver.got) == 6


async def test_a_backlog_has_no_more_jobs_for_more_messages(company, receiver, db, worker, jobs, monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.service.deliveries._BACKLOG", 3)
    made = await company.webhook(receiver.url())
    for _ in range(7):
        await emit(db, company)
    assert await jobs(company) == 3
    await service.deliver(worker, company.id, (await messages(company, made))[0])
    assert len(receiver.got) == 7


async def test_after_a_while_the_seat_goes_to_whoever_waits(company, receiver, db, worker, jobs, monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.service.sending._FOR_S", 0)
    made = await company.webhook(receiver.url())
    for _ in range(3):
        await emit(db, company)
    await service.deliver(worker, company.id, (await messages(company, made))[0])
    assert len(receiver.got) == 1
    assert await jobs(company) == 4, "the rest has its turn behind what others wait for"
