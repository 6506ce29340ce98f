"""A provider that fails again and again is left alone, and says so at once."""

import pytest

from alquimista.breaker import FAILURES
from alquimista.payments.models import NotConfigured, ProviderUnavailable
from support.paying import order_of


async def test_a_provider_that_keeps_failing_is_not_asked_any_more(rig):
    rig.faults.next("500", times=100)
    for _ in range(FAILURES):
        with pytest.raises(ProviderUnavailable):
            await rig.provider.open(order_of())
    asked = len(rig.faults.seen)
    with pytest.raises(ProviderUnavailable) as refused:
        await rig.provider.open(order_of())
    assert len(rig.faults.seen) == asked, "nothing was sent"
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 30


async def test_a_refusal_of_what_was_asked_opens_no_circuit(rig):
    stranger = rig.stranger("not-our-key")
    for _ in range(FAILURES + 1):
        before = len(rig.faults.seen)
        with pytest.raises(NotConfigured):
            await stranger.open(order_of())
        assert len(rig.faults.seen) > before
    await stranger.close()
