"""An agent dies and comes back, as its company and staff see it: a real process, and pages that are never reloaded."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from playwright.async_api import expect

from alquimista.access import PLATFORM_TENANT
from alquimista.config import Settings
from alquimista.db.pool import Database
from alquimista.jobs.queue import enqueue
from alquimista.runtime.embedded import EmbeddedServer
from support.installation import poll
from web.journeys.steps import BUSY

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[3]
COMMAND = re.compile(r"/operations/[0-9a-f-]{36}")
SLUG, NAME = "agendamento", "Agendamento de atendimentos"
COMPANY = "Clínica Vitória-Régia (demo)"
SEEN = """
SELECT i.seen_at FROM alquimista_platform.agent_instances i JOIN alquimista_platform.agents a ON a.id = i.agent_id
 WHERE a.slug = %s AND i.seen_at > %s
"""
WATCH = "fleet.watch"
WATCHED = "SELECT watched_at FROM alquimista_platform.fleet_watches"
# What a minute and a half of silence leaves behind, on a platform that was up all the while.
SILENCE = """
UPDATE alquimista_platform.agent_instances SET seen_at = seen_at - interval '95 seconds';
UPDATE alquimista_platform.fleet_watches SET watched_at = now(), quiet_until = now() - interval '1 minute'
"""


@pytest.fixture
def start(home, tmp_path):
    """Start examples/agent.py as a service manager would, with the key; what is left of it is killed at the end."""
    running = []

    def started(key):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("ALQUIMISTA_")}
        own = {
            "PYTHONPATH": str(ROOT / "src"),
            "ALQUIMISTA_URL": home.up.base_url,
            "ALQUIMISTA_KEY": key,
            "ALQUIMISTA_AGENT": SLUG,
            "ALQUIMISTA_INSTANCE": "recepcao-2",
            "ALQUIMISTA_SPOOL": str(tmp_path / "spool"),
            "ALQUIMISTA_BEAT_S": "0.5",
        }
        program = [sys.executable, str(ROOT / "examples" / "agent.py")]
        running.append(subprocess.Popen(program, env=inherited | own, stdout=subprocess.PIPE, text=True))
        return running[-1]

    yield started
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
async def look(home):
    """Have the worker look for silent agents now: it does so each minute."""
    home.up.get("/health/ready")
    database = await Database.open(Settings(**home.way_in))

    platform = database.tenant(PLATFORM_TENANT)

    async def looked():
        async with asyncio.timeout(BUSY / 1000):
            # Nothing new is taken while the last look is not over.
            while not await enqueue(platform, WATCH, dedupe=WATCH):  # noqa: ASYNC110 - Another process ends it.
                await asyncio.sleep(0.1)

    yield looked
    await database.close()


def booted(process):
    """The pid and the boot id that the agent prints when it starts."""
    word, pid, boot = process.stdout.readline().split()
    assert word == "started"
    return int(pid), boot


def fall_silent(home):
    with psycopg.connect(EmbeddedServer(home.data_dir).url, autocommit=True) as conn:
        conn.execute(SILENCE)


async def restart(page, reason):
    """Give RESTART_AGENT in the console; the command's page."""
    await page.goto("/app/company/operations/new?command_type=RESTART_AGENT")
    await page.get_by_role("searchbox").fill("vitória")
    await page.get_by_role("link", name=COMPANY).click()
    await page.get_by_label("Agente").select_option(label=NAME)
    await page.get_by_label("Motivo").fill(reason)
    await page.get_by_role("button", name="Dar o comando").click()
    await page.wait_for_url(COMMAND)


async def test_an_agent_that_dies_is_missed_restarted_and_back_live_before_its_companys_eyes(home, enter, start, look):
    admin = await enter(home.demo.user("TENANT_ADMIN"))
    await admin.goto("/app/dashboard/settings/api-keys")
    await admin.get_by_role("button", name="Nova chave").click()
    await admin.get_by_label("Nome", exact=True).fill("Processo da recepção")
    await admin.locator("input[name=scopes]").evaluate_all("all => all.forEach(e => e.checked = e.value === 'agent')")
    await admin.get_by_role("button", name="Criar a chave").click()
    key = await admin.get_by_role("textbox", name="Sua nova chave").input_value()

    agent = start(key)
    first = booted(agent)
    began = home.sql("SELECT now() - interval '1 minute'")[0][0]
    assert poll(lambda: bool(home.sql(SEEN, SLUG, began)), BUSY / 1000)
    page = await enter(home.demo.user("TENANT_USER"))
    await page.goto("/app/dashboard")
    await page.evaluate("window.same = true")
    incident = page.get_by_role("region", name="Incidentes recentes").get_by_role("listitem").filter(has_text=NAME)
    await expect(incident).to_have_count(0)

    agent.kill()  # SIGKILL: it says no good-bye.
    agent.wait()
    if not home.sql(WATCHED):  # The first look of a fresh installation blames itself.
        await look()
        assert poll(lambda: bool(home.sql(WATCHED)), BUSY / 1000)
    fall_silent(home)
    await look()
    await expect(incident).to_contain_text("está fora do ar")
    await expect(incident).not_to_contain_text("Resolvido")

    staff = await enter(home.demo.user("INTERNAL_ADMIN"))
    await restart(staff, "Não dá sinal de vida")
    await expect(staff.locator("#error")).to_contain_text("Nenhum processo")

    agent = start(key)  # Nothing but its service manager can start a process that is gone.
    pid, boot = booted(agent)
    assert boot != first[1]
    await expect(incident).to_contain_text("Resolvido")

    await restart(staff, "Começar de novo, limpo")
    await expect(staff.get_by_role("heading", level=1)).to_contain_text("Feito")
    await expect(staff.locator("#result")).to_contain_text("recepcao-2")
    again = booted(agent)
    assert (again[0], again[1] != boot) == (pid, True)
    assert await page.evaluate("window.same") is True, "all that was seen without a reload"
