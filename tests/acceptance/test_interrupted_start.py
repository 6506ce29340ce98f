"""A first start that is killed with -9 at each of its steps: the next one goes on, and in the end all is there once."""

from collections.abc import Callable
from pathlib import Path

import httpx
import psycopg
import pytest

from support.installation import Browser, Installation, poll, span_of

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
PATIENCE_S = 90
MIGRATED = "SELECT count(*) FROM public.migrations"
COMPANIES = "SELECT count(*) FROM alquimista_platform.tenants WHERE demo"
KEYS = "SELECT count(*) FROM alquimista_platform.api_keys WHERE name = 'Demo' AND revoked_at IS NULL"
ROWS = "SELECT count(*) FROM alquimista_platform.agent_requests"


def at_least(home: Installation, query: str, count: int) -> Callable[[], bool]:
    """Whether the unfinished installation's database answers so many."""

    def reached() -> bool:
        if not (home.data_dir / "postgres").exists():
            return False
        try:
            return bool(home.sql(query)[0][0] >= count)
        except psycopg.Error:
            return False  # Not listening yet, or without the table.

    return reached


def programs_in(directory: Path) -> list[str]:
    """The processes whose working directory is in the directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str((entry / "cwd").readlink()).startswith(str(directory)):
                found.append((entry / "comm").read_text().strip())
        except OSError:
            continue  # It ended meanwhile.
    return found


def test_a_first_start_that_is_killed_at_every_step_gets_there(home: Installation) -> None:
    steps = {
        "initialising": lambda: any((home.data_dir / "postgres.new").glob("*")),
        "migrating": at_least(home, MIGRATED, 3),
        "adding companies": at_least(home, COMPANIES, 1),
        "making keys": at_least(home, KEYS, 1),
        "sending traffic": at_least(home, ROWS, 2_000),
    }
    for name, reached in steps.items():
        process = home.begin()
        try:
            assert poll(reached, PATIENCE_S, every=0.01), f"Never seen {name}"
            assert process.poll() is None, f"The start ended while {name}"
        finally:
            process.kill()
            process.wait()
        assert poll(lambda: not programs_in(home.data_dir), PATIENCE_S), programs_in(home.data_dir)

    url, demo = home.up.base_url, home.demo
    assert home.sql(COMPANIES) == [(len(demo.api_keys),)]
    assert home.sql(KEYS) == [(len(demo.api_keys),)]
    assert home.twice() == []
    verified = home.command("migrations", "verify")
    assert verified.returncode == 0, verified.stderr
    for number, key in enumerate(demo.api_keys):
        with demo.api(number) as api:
            usage = api.get("/tenant/usage", params={"period": "30d"}).json()
        assert usage["summary"]["total_requests"] == home.recount(key["tenant_id"], *span_of(usage))[0] > 0
        assert all(day["total_requests"] > 0 for day in usage["daily_data"][:-1])
    for user in demo.users:
        answer = httpx.post(f"{url}/auth/login", json={"email": user["email"], "password": user["password"]})
        assert answer.status_code == 200, answer.text
    assert Browser(url).sign_in(demo.user("TENANT_ADMIN")).url.path == "/app/dashboard"
