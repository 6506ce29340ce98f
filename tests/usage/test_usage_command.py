"""`alquimista usage` as a person runs it."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta

from alquimista.clock import now
from alquimista.db.statement import NoRow, Statement
from alquimista.usage import service

SPOIL = Statement(
    "UPDATE alquimista_platform.tenant_usage_daily SET requests = 99 WHERE tenant_id = %(tenant_id)s", NoRow
)


async def alquimista(settings, *arguments):
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("ALQUIMISTA_")},
        "ALQUIMISTA_DATABASE_URL": settings.database_url,
        "ALQUIMISTA_SECRET_KEY": settings.secret_key,
    }
    command = [sys.executable, "-m", "alquimista.cli.main", "usage", *arguments]
    return await asyncio.to_thread(subprocess.run, command, env=env, capture_output=True, text=True, timeout=60)


async def test_drift_is_told_and_mended(ingest, sender, usage_db, settings):
    at = now() - timedelta(days=2)
    await ingest.submit(sender.tenant_id, [sender.event(at=at) for _ in range(4)])
    await service.fold(usage_db, sender.tenant_id)
    days = ["--from", str((at - timedelta(days=1)).date()), "--to", str((at + timedelta(days=1)).date())]
    mine = ["--tenant", str(sender.tenant_id)]
    right = await alquimista(settings, "reconcile", *days, *mine)
    assert (right.returncode, right.stdout) == (0, f"{sender.tenant_id}  right\n")
    await usage_db.tenant(sender.tenant_id).execute(SPOIL, tenant_id=sender.tenant_id)
    wrong = await alquimista(settings, "reconcile", *days, *mine)
    assert wrong.returncode == 1
    assert "differs" in wrong.stdout
    mended = await alquimista(settings, "aggregate", *days, *mine)
    assert (mended.returncode, mended.stdout) == (0, f"{sender.tenant_id}  4 requests, corrected\n")
    every = await alquimista(settings, "aggregate", *days)
    assert f"{sender.tenant_id}  4 requests, unchanged\n" in every.stdout


async def test_a_mistake_is_one_sentence_and_status_2(usage_db, settings):
    for arguments in (
        ["aggregate", "--from", "yesterday", "--to", "2026-01-01"],
        ["aggregate", "--from", "2026-01-02", "--to", "2026-01-01"],
        ["aggregate", "--from", "2001-01-01", "--to", "2001-01-02", "--tenant", "00000000-0000-7000-8000-000000000001"],
        ["aggregate", "--from", "2026-01-01", "--to", "2026-01-01", "--tenant", "me"],
        ["aggregate"],
    ):
        run = await alquimista(settings, *arguments)
        assert run.returncode == 2, (arguments, run.stdout, run.stderr)
        assert "Traceback" not in run.stderr
        assert len(run.stderr.strip().splitlines()) == 1
