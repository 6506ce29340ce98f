"""Billing's jobs, through the queue: what is due is found, done, and collected; doing it again changes nothing."""

from datetime import timedelta

import pytest

from alquimista import clock
from alquimista.billing import jobs
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.collecting import InvoiceRef
from alquimista.billing.models.invoices import InvoiceStatus
from alquimista.db.statement import Statement
from alquimista.payments import service as payments
from alquimista.payments.service import Providers
from alquimista.wiring import Services
from support.billing import Customer, customer, load_catalogue
from support.usage import Count

QUEUED = Statement(
    """
    SELECT count(*) AS count FROM alquimista_platform.job_queue
    WHERE entrypoint = %(name)s AND convert_from(payload, 'UTF8') LIKE %(tenant)s
    """,
    Count,
)


@pytest.fixture(scope="module")
async def services(db, settings):
    await load_catalogue(db)
    made = Services(settings, db)
    made.add(Providers(settings))
    yield made
    await made.get(Providers).close()


@pytest.fixture
async def one(services) -> Customer:
    made = await customer(services.db)
    made.now, made.rules = clock.now(), Rules.of(services.settings)
    await made.pay(await made.subscribe())
    return made


async def queued(one: Customer, name: str) -> int:
    found = await one.db.staff().fetch_one(QUEUED, name=name, tenant=f"%{one.tenant.id}%")
    assert found is not None
    return found.count


async def test_a_renewal_is_found_issued_and_collected_once(services, one):
    with clock.frozen(clock.now() + timedelta(days=35)):
        await jobs.hourly(services, None, None)
        assert await queued(one, "billing.advance") == 1
        for _ in range(2):
            await jobs.advance(services, one.tenant.id, None)
        (invoice,) = await one.invoices(InvoiceStatus.OPEN)
        assert await queued(one, "billing.collect") == 1
        for _ in range(2):
            await jobs.collect(services, one.tenant.id, InvoiceRef(invoice.id))
        (charge,) = await payments.of_invoice(one.db.tenant(one.tenant.id), one.tenant.id, invoice.id)
        assert (charge.provider, charge.status, bool(charge.checkout_url)) == ("manual", "pending", True)
        await jobs.tell(services, one.tenant.id, None)
        await jobs.look_after(services, one.tenant.id, None)
    with clock.frozen(clock.now() + timedelta(days=35, hours=1)):
        await jobs.hourly(services, None, None)
        assert await queued(one, "billing.advance") == 1, "it is not due again before its next moment"


async def test_nothing_is_due_for_who_has_just_paid(services, one):
    await jobs.hourly(services, None, None)
    assert await queued(one, "billing.advance") == 0


def test_jobs_are_named_after_their_room():
    names = [job.name for job in (*jobs.JOBS, *jobs.PERIODIC)]
    assert all(name.startswith("billing.") for name in names)
    assert len(set(names)) == len(names)
