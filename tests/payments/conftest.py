"""The providers, ready to be used."""

from collections.abc import AsyncIterator

import pytest

from alquimista.payments.gateway import Provider
from alquimista.payments.gateway.manual import Manual
from support.paying import RIGS, Rig, asaas_rig, settings_of, stripe_rig


@pytest.fixture(params=RIGS)
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A provider that is somewhere else."""
    async with RIGS[request.param]() as made:
        yield made


@pytest.fixture
async def stripe() -> AsyncIterator[Rig]:
    async with stripe_rig() as made:
        yield made


@pytest.fixture
async def asaas() -> AsyncIterator[Rig]:
    async with asaas_rig() as made:
        yield made


@pytest.fixture(params=["manual", *RIGS])
async def anyone(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    """Each of the three."""
    if request.param == "manual":
        yield Manual(settings_of())
        return
    async with RIGS[request.param]() as made:
        yield made.provider
