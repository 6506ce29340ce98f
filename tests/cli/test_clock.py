"""The clock of a whole demonstration, moved ahead: every process goes by it, and signing in still works."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from alquimista import clock
from alquimista.cli.main import run
from alquimista.cli.settings import with_database
from alquimista.config import new_secret
from support.platform import Up

DAYS = 40


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    clock.move_ahead(0)


def test_a_process_goes_by_its_setting(restored: None) -> None:
    env = {"ALQUIMISTA_DATABASE_URL": "postgresql://localhost/x", "ALQUIMISTA_SECRET_KEY": new_secret()}
    with_database(env | {"ALQUIMISTA_CLOCK_OFFSET_DAYS": str(DAYS)})
    ahead = clock.now() - datetime.now(UTC)
    assert abs(ahead - timedelta(days=DAYS)) < timedelta(seconds=1)
    moment = datetime(2026, 1, 15, 15, tzinfo=UTC)
    with clock.frozen(moment):
        assert clock.now() == moment
    with_database(env)
    assert clock.now() - datetime.now(UTC) < timedelta(seconds=1)


def test_only_a_demonstrations_clock_is_moved(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["up", "--clock-days", "3"]) == 2
    assert "add --demo" in capsys.readouterr().err


@pytest.mark.crash
def test_a_moved_platform_signs_people_in_meters_and_runs_its_jobs(up: Callable[..., Up]) -> None:
    one = up("--demo", "--clock-days", str(DAYS))
    user = next(
        user
        for user in json.loads((one.data_dir / "demo-credentials.json").read_text())["users"]
        if user["role"] == "TENANT_ADMIN"
    )
    today = (datetime.now(UTC) + timedelta(days=DAYS)).date()
    with httpx.Client(base_url=one.base_url, timeout=20) as client:
        login = client.post("/auth/login", json={"email": user["email"], "password": user["password"]})
        assert login.status_code == 200, login.text
        client.headers["authorization"] = f"Bearer {login.json()['access_token']}"
        days = client.get("/tenant/usage").json()["daily_data"]
        # The worker's signs of life carry its clock; were it another one than the web process's, none would count.
        assert client.get("/health/ready").json()["checks"]["worker"] is True
    assert abs(datetime.fromisoformat(days[-1]["date"]).date() - today) <= timedelta(days=1)
    assert sum(day["total_requests"] for day in days[:-1]) > 0
