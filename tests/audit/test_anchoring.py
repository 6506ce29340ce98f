"""Signed heads in a file outside the database, and the command line that goes by them."""

import asyncio
import os
import stat
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from alquimista.audit import gateway, service
from alquimista.audit.models.heads import genuine
from alquimista.cli import main
from support.audit import anchors


@pytest.fixture
def cli(anchored, monkeypatch, capfd):
    """Run a command of this installation: its status, and what it printed."""
    for name in list(os.environ):
        if name.startswith("ALQUIMISTA_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ALQUIMISTA_DATABASE_URL", anchored.database_url)
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEY", anchored.secret_key)
    monkeypatch.setenv("ALQUIMISTA_AUDIT_ANCHOR", anchored.audit_anchor)

    async def run(*arguments):
        status = await asyncio.to_thread(main.run, ["audit", *map(str, arguments)])
        said = capfd.readouterr()
        return SimpleNamespace(status=status, out=said.out, err=said.err)

    return run


def mode(anchored):
    return stat.S_IMODE(Path(anchored.audit_anchor).stat().st_mode)


async def test_an_anchor_holds_each_end_once_signed_and_for_its_owner_alone(db, anchored, tenant, write):
    await write(3)
    await service.anchor(db, anchored)
    assert await service.anchor(db, anchored) == 0
    await write(1, seal=False)  # Anchoring seals first.
    assert await service.anchor(db, anchored) == 1
    key = service.signer(anchored).public_key
    ours = [one for one in anchors(anchored) if one.tenant_id == str(tenant)]
    end = (await service.verify(db, anchored, tenant)).last
    assert [one.seq for one in ours] == [end - 1, end]
    assert all(genuine(one, key) for one in ours)
    assert mode(anchored) == 0o600


async def test_a_file_that_cannot_be_written_leaves_nothing_anchored(db, anchored, tenant, write, tmp_path):
    await write(1)
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError):
        await service.anchor(db, replace(anchored, audit_anchor=str(tmp_path / "file" / "below")))
    assert await service.anchor(db, anchored) >= 1


def test_a_line_that_a_crash_cut_is_told_and_costs_no_other(anchored):
    path, key = Path(anchored.audit_anchor), service.signer(anchored)
    heads = [key.sign("t", seq, "ab" * 32, "2026-03-01T00:00:00.000000Z") for seq in (1, 2)]
    gateway.append(path, heads[:1])
    with path.open("ab") as file:
        file.write(b'{"kind":"head","tenant')
    gateway.append(path, heads[1:])
    assert list(gateway.read(path)) == [heads[0], 2, heads[1]]


async def test_verify_says_intact_and_what_is_not(cli, db, tenant, write, tamper):
    ids = await write(4)
    assert (await cli("anchor")).status == 0
    done = await cli("verify", "--tenant", tenant)
    assert (done.status, "entries intact; 1 anchors agree" in done.out) == (0, True)
    everyone = await cli("verify")
    assert (everyone.status, str(tenant) in everyone.out) == (0, True)
    async with tamper() as conn:
        await conn.execute("UPDATE alquimista_platform.audit_logs SET action = 'agent.y' WHERE id = %s", [ids[1]])
    done = await cli("verify", "--tenant", tenant)
    assert done.status == 1
    assert "  changed: Entry" in done.out
    assert "is not what was sealed." in done.out
    assert (await cli("verify", "--tenant", tenant, "--since", "2999-01-01")).status == 0


async def test_verify_finds_a_company_that_is_gone_with_all_it_had(cli, db, anchored, tenant, write, tamper):
    await write(2)
    await cli("anchor")
    async with tamper() as conn:
        for table in ("audit_logs", "audit_personal", "audit_seals", "audit_heads", "tenants"):
            column = "id" if table == "tenants" else "tenant_id"
            await conn.execute(f"DELETE FROM alquimista_platform.{table} WHERE {column} = %s", [tenant])
    done = await cli("verify")
    assert done.status == 1
    assert "The chain ends at entry 0" in done.out


async def test_an_export_verifies_offline_with_the_key_that_was_kept(cli, monkeypatch, tenant, write, tmp_path):
    await write(3)
    out = tmp_path / "audit.jsonl"
    assert (await cli("export", "--tenant", tenant, "--out", out)).status == 0
    assert (await cli("export", "--tenant", tenant, "--out", out)).status == 2  # Nothing is written over.
    key = (await cli("key")).out.strip()
    # Nowhere near the database or its secrets.
    monkeypatch.delenv("ALQUIMISTA_DATABASE_URL")
    monkeypatch.delenv("ALQUIMISTA_SECRET_KEY")
    done = await cli("verify", "--file", out, "--public-key", key)
    assert (done.status, "entries intact" in done.out) == (0, True)
    assert "give --public-key" in (await cli("verify", "--file", out)).err
    text = out.read_text()
    out.write_text(text.replace("203.0.113.7", "203.0.113.8", 1))
    done = await cli("verify", "--file", out)
    assert (done.status, "who did it was changed" in done.out) == (1, True)
    out.write_text("nothing\n")
    assert (await cli("verify", "--file", out)).status == 2


@pytest.mark.parametrize(
    "wrong",
    [
        ("verify", "--tenant", "x"),
        ("verify", "--since", "x"),
        ("verify", "--public-key", "x"),
        ("verify", "--anchors", "/nowhere/at/all"),
        ("verify", "--file", "/nowhere/at/all"),
        ("verify", "--file", "x", "--tenant", "x"),
        ("export", "--tenant", "x", "--out", "x"),
    ],
)
async def test_a_mistake_is_a_sentence(cli, wrong):
    done = await cli(*wrong)
    assert done.status == 2
    assert done.err.strip().count("\n") <= 1
    assert "Traceback" not in done.err
