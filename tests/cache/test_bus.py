"""The bus: what is committed is heard everywhere; what may have been missed is told."""

import asyncio
import os
import signal
from dataclasses import replace

import psycopg
import pytest

from alquimista.access import PLATFORM_TENANT
from alquimista.cache import bus as bus_module
from alquimista.cache.bus import Bus, publish
from alquimista.config import Settings
from alquimista.db.tenancy import tenant_transaction


def kill_listeners(admin_url):
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'alquimista bus' AND datname = current_database()"
        )


async def test_a_message_reaches_every_process_and_only_its_topic(db, listen, eventually):
    heard = []
    for name in ("one", "two"):
        bus = await listen()
        bus.subscribe("usage", lambda message, name=name: heard.append((name, message)))
        bus.subscribe("other", heard.append)
    await publish(db.tenant(PLATFORM_TENANT), "usage", tenant_id="t", version=7)
    await eventually(lambda: len(heard) == 2)
    assert sorted(heard) == [("one", {"tenant_id": "t", "version": 7}), ("two", {"tenant_id": "t", "version": 7})]


async def test_a_process_hears_what_it_says_itself(db, listen):
    one, other = await listen(), await listen()
    conn = db.tenant(PLATFORM_TENANT)
    await asyncio.gather(one.round_trip(conn), one.round_trip(conn), other.round_trip(conn))


async def test_a_bus_that_only_believes_that_it_listens_is_found_out(db, settings, monkeypatch):
    monkeypatch.setattr(bus_module, "PROOF_WITHIN_S", 0.1)
    deaf = Bus(settings)
    deaf.healthy = True
    with pytest.raises(TimeoutError):
        await deaf.round_trip(db.tenant(PLATFORM_TENANT))


async def test_a_message_of_a_transaction_that_fails_is_never_heard(db, listen, eventually):
    heard = []
    bus = await listen()
    bus.subscribe("t", heard.append)

    async def act(*, fail):
        async with tenant_transaction(db, PLATFORM_TENANT) as conn:
            await publish(conn, "t", fail=fail)
            assert heard == []
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        await act(fail=True)
    await act(fail=False)
    await eventually(lambda: heard)
    assert heard == [{"fail": False}]


async def test_a_lost_connection_is_told_and_made_again(db, listen, migrated, eventually):
    bus = await listen()
    resets, heard = [], []
    bus.on_reset(lambda: resets.append(bus.healthy))
    bus.subscribe("t", heard.append)
    kill_listeners(migrated.admin_url)
    await eventually(lambda: resets)
    assert resets == [False], "callbacks drop what they hold before anybody trusts the bus again"
    await eventually(lambda: bus.healthy)
    await publish(db.tenant(PLATFORM_TENANT), "t", n=1)
    await eventually(lambda: heard)


async def test_a_message_that_arrives_while_the_bus_proves_itself_is_heard(db, listen, eventually, monkeypatch):
    monkeypatch.setattr(bus_module, "PROOF_EVERY_S", 0.001)
    bus = await listen()
    heard = []
    bus.subscribe("t", lambda message: heard.append(message["n"]))
    for number in range(200):
        await publish(db.tenant(PLATFORM_TENANT), "t", n=number)
    await eventually(lambda: len(heard) == 200)
    assert heard == list(range(200))


async def test_a_server_that_falls_silent_is_noticed_and_left(listen, migrated, eventually, monkeypatch):
    monkeypatch.setattr(bus_module, "PROOF_EVERY_S", 0.05)
    monkeypatch.setattr(bus_module, "PROOF_WITHIN_S", 0.2)
    bus = await listen()
    resets = []
    bus.on_reset(lambda: resets.append(1))
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        row = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'alquimista bus'"
            " AND datname = current_database() ORDER BY backend_start DESC LIMIT 1"
        ).fetchone()
    assert row
    os.kill(row[0], signal.SIGSTOP)
    try:
        await eventually(lambda: not bus.healthy)
        await eventually(lambda: bus.healthy)
    finally:
        os.kill(row[0], signal.SIGCONT)
    assert resets == [1]


async def test_nonsense_and_failing_callbacks_do_not_make_it_deaf(db, listen, migrated, eventually):
    bus = await listen()
    heard = []

    def fail(_message):
        raise ValueError

    bus.subscribe("t", fail)
    bus.subscribe("t", heard.append)
    with psycopg.connect(migrated.admin_url, autocommit=True) as admin:
        for nonsense in ("", "{", "[]", "{}", '{"topic": 1}'):
            admin.execute("SELECT pg_notify(%s, %s)", [bus_module.CHANNEL, nonsense])
    await publish(db.tenant(PLATFORM_TENANT), "t", n=1)
    await eventually(lambda: heard)
    assert bus.healthy


async def test_a_database_that_is_down_is_waited_for(settings: Settings, eventually):
    bus = Bus(replace(settings, database_url="postgresql://x@127.0.0.1:1/x"))
    await bus.start()
    assert not bus.healthy
    bus._settings = settings
    await eventually(lambda: bus.healthy)
    await bus.stop()
    assert not bus.healthy
