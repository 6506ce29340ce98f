"""`alquimista up --demo` as a new user meets it: start, sign in, look around, stop, start again."""

import signal
import subprocess

import httpx
import pytest

from support.installation import Browser, Installation, span_of
from support.platform import COMMAND, environment

ROLES = {"INTERNAL_ADMIN", "INTERNAL_SUPPORT", "TENANT_ADMIN", "TENANT_USER"}
EVERYTHING = """
SELECT (SELECT count(*) FROM alquimista_platform.tenants), (SELECT count(*) FROM alquimista_platform.users),
       (SELECT count(*) FROM alquimista_platform.api_keys), (SELECT count(*) FROM alquimista_platform.tenant_agents),
       (SELECT count(*) FROM alquimista_platform.tenant_integrations),
       (SELECT count(*) FROM alquimista_platform.incidents)
"""


def test_the_terminal_shows_the_address_and_a_login_of_each_role(home: Installation) -> None:
    one = home.up
    if not any("Demo logins" in line for line in one.said):
        one.line("Demo logins")
        one.line("API keys of the demo companies: ")
    shown = "".join(one.said)
    assert one.base_url.startswith("http://localhost:")
    assert str(home.data_dir / "demo-credentials.json") in shown
    for user in home.demo.users:
        assert any({user["role"], user["email"], user["password"]} <= set(line.split()) for line in one.said), shown


def test_the_credentials_file_has_the_promised_shape_and_is_its_owners_alone(home: Installation) -> None:
    assert home.up.get("/health/ready").json()["ok"] is True
    path = home.data_dir / "demo-credentials.json"
    demo = home.demo
    assert path.stat().st_mode & 0o777 == 0o600
    assert demo.base_url == home.up.base_url
    assert {user["role"] for user in demo.users} == ROLES
    assert all(set(user) == {"role", "email", "password", "tenant_id"} for user in demo.users)
    assert all((user["tenant_id"] is None) == user["role"].startswith("INTERNAL_") for user in demo.users)
    companies = {user["tenant_id"] for user in demo.users} - {None}
    assert len(companies) >= 2
    assert {key["tenant_id"] for key in demo.api_keys} == companies
    assert all(set(key) == {"tenant_id", "key"} for key in demo.api_keys)


def test_every_login_of_the_file_opens_a_session(home: Installation) -> None:
    for user in (home.up, home.demo)[1].users:
        with httpx.Client(base_url=home.up.base_url, timeout=10) as client:
            answer = client.post("/auth/login", json={"email": user["email"], "password": user["password"]})
            assert answer.status_code == 200, answer.text
            client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
            me = client.get("/auth/me")
        assert me.status_code == 200, me.text
        assert user["role"] in me.text
        assert (user["tenant_id"] or user["email"]) in me.text


def test_an_administrator_lands_on_figures_that_equal_the_api_and_a_fresh_count(home: Installation) -> None:
    base_url, demo = home.up.base_url, home.demo
    for number, key in enumerate(demo.api_keys):
        browser = Browser(base_url)
        landed = browser.sign_in(demo.user("TENANT_ADMIN", key["tenant_id"]))
        assert landed.url.path == "/app/dashboard"
        with demo.api(number) as api:
            usage = api.get("/tenant/usage", params={"period": "7d"}).json()
        told = usage["summary"]
        requests, failures, tokens, milliseconds = home.recount(key["tenant_id"], *span_of(usage))
        assert requests > 100
        assert (told["total_requests"], told["failed_requests"], told["total_tokens"]) == (requests, failures, tokens)
        assert told["avg_response_time_ms"] == pytest.approx(milliseconds / requests, abs=0.01)
        assert sum(day["total_requests"] for day in usage["daily_data"]) == requests
        shown = browser.overview("7d")
        assert (shown.requests, shown.failed) == (requests, failures)
        for line in usage["by_agent"]:
            assert shown.agent(line["agent_name"]) == line["total_requests"]


def test_staff_land_on_the_company_page_and_see_every_company(home: Installation) -> None:
    browser = Browser(home.up.base_url)
    landed = browser.sign_in(home.demo.user("INTERNAL_ADMIN"))
    assert landed.url.path == "/app/company"
    page = browser.http.get("/app/company?period=7d").text
    for (name,) in home.sql("SELECT name FROM alquimista_platform.tenants WHERE demo"):
        assert name in page


def test_a_second_instance_on_the_same_directory_is_refused_in_a_sentence(home: Installation) -> None:
    first = home.up
    second = subprocess.run(
        [*COMMAND, "up", "--demo", "--data-dir", home.data_dir, "--port", "0"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"The data directory {home.data_dir} is in use by process {first.process.pid}; "
        "stop it, or choose another with --data-dir.\n"
    )
    assert first.get("/health/ready").status_code == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_clean_and_the_next_start_finds_everything_as_it_was(home: Installation, how: signal.Signals) -> None:
    assert home.up.get("/health/live").status_code == 200
    demo = home.demo
    with demo.api() as api:
        shown = api.get("/tenant/usage", params={"period": "7d"}).json()["summary"]["total_requests"]
    before, mark = home.sql(EVERYTHING), home.sql("SELECT now()")[0][0]
    rows = "SELECT count(*), sum(response_time_ms) FROM alquimista_platform.agent_requests WHERE received_at < %s"
    kept = home.sql(rows, mark)

    stopped = home.up
    assert home.stop(how) == 0
    assert [line.strip() for line in stopped.said[-2:]] == ["Stopping…", "Stopped."]
    assert home.postgres() == set()

    assert home.up.get("/health/live").status_code == 200
    again = home.demo
    assert (again.users, again.api_keys) == (demo.users, demo.api_keys)
    assert again.base_url == home.up.base_url
    assert home.sql(EVERYTHING) == before
    assert home.sql(rows, mark) == kept
    assert home.twice() == []
    browser = Browser(home.up.base_url)
    browser.sign_in(again.user("TENANT_ADMIN"))
    with again.api() as api:
        usage = api.get("/tenant/usage", params={"period": "7d"}).json()
    counted = home.recount(again.api_keys[0]["tenant_id"], *span_of(usage))[0]
    assert browser.overview("7d").requests == usage["summary"]["total_requests"] == counted >= shown
