"""A database where plans are sold and use can be written."""

import pytest

from support.billing import Customer, customer, load_catalogue
from support.metered import make_partitions


@pytest.fixture(scope="module")
async def metered_db(db):
    await load_catalogue(db)
    await make_partitions(db)
    return db


@pytest.fixture
async def payer(metered_db) -> Customer:
    """A customer who has just paid for a month of the starter plan: 10,000 requests."""
    one = await customer(metered_db)
    await one.pay(await one.subscribe())
    return one
