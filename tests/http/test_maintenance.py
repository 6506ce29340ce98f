"""Maintenance: one file, and everything but health and assets says so."""

import asyncio
from dataclasses import replace

import pytest

from alquimista.cli.main import run
from alquimista.http import maintenance
from support.web import route


@pytest.fixture
def client(connect, plain_settings, tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "_LOOK_EVERY_S", 0.05)
    monkeypatch.setenv("ALQUIMISTA_DATA_DIR", str(tmp_path))
    routes = [route("GET", path) for path in ("/x", "/health/live", "/static/app.css")]
    return connect(*routes, settings=replace(plain_settings, data_dir=str(tmp_path)))


async def test_it_is_switched_on_and_off_and_health_goes_on(client):
    assert (await client.get("/x")).status_code == 200
    assert run(["maintenance", "on"]) == 0
    await asyncio.sleep(0.06)
    refused = await client.get("/x")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "120")
    assert refused.json()["error"] == "maintenance"
    assert (await client.post("/nowhere")).status_code == 503
    for path in ("/health/live", "/static/app.css"):
        assert (await client.get(path)).status_code == 200
    assert run(["maintenance", "off"]) == 0
    assert run(["maintenance", "off"]) == 0, "safe to repeat"
    await asyncio.sleep(0.06)
    assert (await client.get("/x")).status_code == 200


async def test_without_a_data_directory_there_is_none(connect):
    assert (await connect(route("GET", "/x")).get("/x")).status_code == 200


def test_a_directory_that_is_not_there_is_a_mistake(tmp_path, capsys):
    assert run(["maintenance", "on", "--data-dir", str(tmp_path / "nowhere")]) == 2
    assert "--data-dir" in capsys.readouterr().err
