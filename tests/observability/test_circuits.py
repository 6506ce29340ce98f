"""The gauge of open circuits: what is broken is named, what works is not, and there is a bound to it."""

import gc

import pytest

from alquimista.breaker import FAILURES
from alquimista.observability.circuits import Circuits
from alquimista.observability.exposition import Exposition


def break_(breakers, key):
    for _ in range(FAILURES):
        with pytest.raises(ConnectionError), breakers.of(key).call(ConnectionError):
            raise ConnectionError


def shown(circuits):
    (gauge,) = circuits.collect()
    return {(one.labels["service"], one.labels["host"]): one.value for one in gauge.samples}


async def test_open_circuits_are_told_by_service_and_host():
    circuits = Circuits()
    payments, webhooks = circuits.watched("payments"), circuits.watched("webhooks")
    payments.of("api.works.example")
    assert shown(circuits) == {}
    break_(payments, "api.broken.example")
    for number in range(3):
        break_(webhooks, ("tenant", number))
    assert shown(circuits) == {("payments", "api.broken.example"): 1, ("webhooks", ""): 3}
    exposition = Exposition()
    exposition.add(circuits)
    text = (await exposition.render()).decode()
    assert 'alquimista_circuit_open{host="api.broken.example",service="payments"} 1.0' in text
    del payments, webhooks
    gc.collect()
    assert shown(circuits) == {}, "what nobody holds is forgotten"


def test_however_many_hosts_fail_there_are_not_more_lines_than_a_bound():
    circuits = Circuits()
    breakers = circuits.watched("integrations")
    for number in range(60):
        break_(breakers, f"{number}.example:443")
    found = shown(circuits)
    assert len(found) == 51
    assert found["integrations", "other"] == 10
