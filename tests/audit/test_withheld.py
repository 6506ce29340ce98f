"""A company's own export tells of staff their names alone, and proves itself all the same."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from alquimista.access import Role
from alquimista.audit import service
from alquimista.audit.models.chain import Withheld
from alquimista.audit.models.exporting import verify_lines
from alquimista.cli import main
from support.audit import found

PRIVATE = ("silvia@vendor.example", "198.51.100.9", "Firefox of Sílvia")


@pytest.fixture
async def rows(db, anchored, tenant, write, ana):
    """The company's own export, of entries of its own and two of staff, the second of whom has no name."""
    await write(3)
    silvia = replace(
        ana, role=Role.INTERNAL_SUPPORT, user_id=uuid4(), email=PRIVATE[0], name="Sílvia Nunes", tenant_id=None
    )
    for who in (silvia, replace(silvia, name="")):
        await service.record(
            db.tenant(tenant),
            who,
            "tenant.read",
            category="tenant",
            resource_type="endpoint",
            resource_id="/tenant/me",
            ip=PRIVATE[1],
            user_agent=PRIVATE[2],
            tenant_id=tenant,
        )
    await write(1)
    data = b"".join([piece async for piece in service.export(db, anchored, tenant, whole=False)])
    return [json.loads(line) for line in data.splitlines()]


def written(rows):
    return [json.dumps(row).encode() + b"\n" for row in rows]


def of_staff(rows):
    return [row for row in rows if row.get("action") == "tenant.read"]


def test_of_staff_the_name_is_told_and_neither_address_nor_ip_nor_software(rows, tenant):
    text = b"".join(written(rows)).decode()
    assert [one for one in PRIVATE if json.dumps(one)[1:-1] in text] == []
    for row, name in zip(of_staff(rows), ("Sílvia Nunes", "Alquimista"), strict=True):
        assert (row["kind"], row["staff_name"], row["actor_salt"], row["actor_erased_by"]) == (
            "withheld",
            name,
            None,
            None,
        )
    own = [row for row in rows if row.get("actor_email") == "ana@example.com"]
    assert len(own) == 4
    report, _ = verify_lines(written(rows))
    assert (found(report), report.entries, report.withheld, report.erased) == ([], len(rows) - 2, 2, 0)


async def test_the_whole_export_still_holds_who_of_the_staff_it_was(rows, db, anchored, tenant):
    data = b"".join([piece async for piece in service.export(db, anchored, tenant)])
    assert [one for one in PRIVATE if one not in data.decode()] == []
    report, _ = verify_lines(data.splitlines())
    assert (found(report), report.withheld) == ([], 0)


@pytest.mark.parametrize("field", sorted(set(Withheld.__struct_fields__) - {"sealed_at", "seal_id", "staff_name"}))
def test_every_changed_field_of_a_withheld_entry_is_found(rows, field):
    row = of_staff(rows)[0]
    old = row[field]
    row[field] = (not old) if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"ab{old or ''}"
    assert found(verify_lines(written(rows))[0])


def withhold_what_is_the_companys(rows):
    row = next(row for row in rows if row.get("actor_email"))
    row |= {"kind": "withheld", "actor_salt": None, "actor_email": "", "actor_name": "", "ip": None, "user_agent": ""}


def make_it_staffs(rows):
    withhold_what_is_the_companys(rows)
    next(row for row in rows if row["kind"] == "withheld")["actor_role"] = "INTERNAL_SUPPORT"


def call_it_whole(rows):
    del of_staff(rows)[0]["staff_name"]
    of_staff(rows)[0]["kind"] = "entry"


def fill_it_in(rows):
    of_staff(rows)[0]["actor_name"] = "Innocent"


def empty_its_content(rows):
    of_staff(rows)[0].update(content_salt=None, details="{}", before=None, after=None)


FORGERIES = [withhold_what_is_the_companys, make_it_staffs, call_it_whole, fill_it_in, empty_its_content]


@pytest.mark.parametrize("forge", FORGERIES)
def test_nothing_else_is_passed_off_as_withheld(rows, forge):
    forge(rows)
    assert found(verify_lines(written(rows))[0])


def test_the_verifier_in_the_documentation_knows_what_is_withheld(rows, tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]

    def run(some):
        (tmp_path / "audit.jsonl").write_bytes(b"".join(written(some)))
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)
        return done.stderr

    assert run(rows) == ""
    for forge in FORGERIES:
        forged = [dict(row) for row in rows]
        forge(forged)
        assert run(forged) != "", forge.__name__


def test_the_command_line_says_how_much_is_withheld(rows, tmp_path, capsys):
    out = tmp_path / "own.jsonl"
    out.write_bytes(b"".join(written(rows)))
    assert main.run(["audit", "verify", "--file", str(out)]) == 0
    assert "2 without who of the staff did them" in capsys.readouterr().out
