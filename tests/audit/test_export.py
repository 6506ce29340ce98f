"""An export proves itself without any database: what somebody does to the file is found."""

import base64
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from alquimista.audit import service
from alquimista.audit.models.chain import GENESIS, Sealed, actor_digest, content_digest, link
from alquimista.audit.models.exporting import NotAnExport, verify_lines
from support.audit import found


@pytest.fixture
async def lines(db, anchored, tenant, write) -> list[bytes]:
    """An export of some entries: a header, the entries, the signed end."""
    await write(8)
    data = b"".join([piece async for piece in service.export(db, anchored, tenant)])
    return data.splitlines(keepends=True)


def verify(lines, trusted=None):
    return found(verify_lines(lines, trusted)[0])


def changed(line: bytes, **values) -> bytes:
    return json.dumps(json.loads(line) | values).encode() + b"\n"


def test_an_untouched_export_is_intact_and_names_its_key(lines, anchored, tenant):
    report, key = verify_lines(lines, service.signer(anchored).public_key)
    assert (report.total, report.entries, report.tenant_id) == (0, len(lines) - 2, str(tenant))
    assert key == service.signer(anchored).public_key
    entry = json.loads(lines[-2])
    assert (entry["actor_email"], entry["after"]) == ("ana@example.com", '{"limit": 8.5}')


async def test_what_waits_is_sealed_first_and_a_company_without_entries_has_an_export(db, anchored, tenant, write):
    await write(2, seal=False)
    data = b"".join([piece async for piece in service.export(db, anchored, tenant)])
    report, _ = verify_lines(data.splitlines())
    assert (found(report), report.entries) == ([], (await service.verify(db, anchored, tenant)).entries)
    empty = b"".join([piece async for piece in service.export(db, anchored, uuid4())])
    assert len(empty.splitlines()) == 2
    assert found(verify_lines(empty.splitlines())[0]) == []


@pytest.mark.parametrize(
    "field",
    sorted(set(Sealed.__struct_fields__) - {"sealed_at", "seal_id", "seq"}),
)
def test_every_changed_field_is_found(lines, field):
    place = len(lines) - 4
    entry = json.loads(lines[place])
    old = entry[field]
    new = (not old) if isinstance(old, bool) else ("ab" * 16 if old is None else "1" + str(old)[1:])
    new = new if new != old else f"2{str(old)[1:]}"
    lines[place] = changed(lines[place], **{field: new})
    assert verify(lines)


def test_a_removed_line_is_found(lines):
    place = json.loads(lines[4])["seq"]
    del lines[4]
    assert verify(lines) == [("removed", place)]


def test_an_inserted_or_repeated_line_is_found(lines):
    lines.insert(4, lines[4])
    assert [what for what, _ in verify(lines)] == ["inserted"]


def test_lines_that_changed_places_are_found(lines):
    lines[3], lines[5] = lines[5], lines[3]
    assert {"removed", "inserted"} <= {what for what, _ in verify(lines)}


def test_a_file_that_was_cut_is_found(lines):
    assert [what for what, _ in verify(lines[:-1])] == ["truncated"]
    assert [what for what, _ in verify([*lines[:-3], lines[-1]])] == ["truncated"]
    assert [what for what, _ in verify([*lines, lines[-2]])] == ["inserted"]


def test_a_line_that_is_nothing_is_found(lines):
    lines.insert(3, b"{}\n")
    assert [what for what, _ in verify(lines)] == ["changed"]
    with pytest.raises(NotAnExport):
        verify_lines([])
    with pytest.raises(NotAnExport):
        verify_lines(lines[1:])
    with pytest.raises(NotAnExport):
        verify_lines([changed(lines[0], format="alquimista.audit.v9"), *lines[1:]])


def rewritten(lines, tenant):
    """The entries without the third, numbered and hashed anew."""
    previous, made = GENESIS, []
    for seq, line in enumerate([*lines[1:3], *lines[4:-1]], 1):
        row = Sealed(**{k: v for k, v in json.loads(line).items() if k != "kind"})
        previous = link(previous, seq, tenant, row, actor_digest(row), content_digest(row))
        made.append(changed(line, seq=seq, hash=previous))
    return made, previous


def test_a_chain_that_was_rewritten_as_a_whole_is_found_by_the_signature(lines, tenant):
    made, previous = rewritten(lines, str(tenant))
    assert [what for what, _ in verify([lines[0], *made, lines[-1]])] == ["truncated"]
    forged = changed(lines[-1], seq=len(made), hash=previous)
    assert [what for what, _ in verify([lines[0], *made, forged])] == ["unsigned"]


def test_a_file_signed_by_another_key_is_found_by_who_knows_the_right_one(lines, anchored, tenant):
    forger = service.signer(replace(anchored, secret_key="another key that somebody made up, long enough"))
    made, previous = rewritten(lines, str(tenant))
    head = forger.sign(str(tenant), len(made), previous, "2026-03-01T00:00:00.000000Z")
    forged = [
        changed(lines[0], public_key=base64.b64encode(forger.public_key).decode()),
        *made,
        changed(lines[-1], seq=head.seq, hash=head.hash, signed_at=head.signed_at, key_id=head.key_id).replace(
            json.loads(lines[-1])["signature"].encode(), head.signature.encode()
        ),
    ]
    assert verify(forged) == []
    assert {what for what, _ in verify(forged, service.signer(anchored).public_key)} == {"unsigned"}


def test_the_verifier_in_the_documentation_works(lines, tmp_path):
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    code = text.partition("```python\n")[2].partition("```")[0]

    def run() -> subprocess.CompletedProcess[str]:
        (tmp_path / "audit.jsonl").write_bytes(b"".join(lines))
        return subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=False, capture_output=True, text=True)

    assert run().returncode == 0
    lines[4] = changed(lines[4], action="agent.other")
    assert "AssertionError" in run().stderr
