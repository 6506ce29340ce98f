"""An export says who made it: what was changed is refused, and so is a foreign one unless its key is trusted."""

import asyncio
import base64
import json
import zipfile

import msgspec
import pytest

from alquimista.audit import service as audit
from alquimista.audit.models import Wanted
from alquimista.audit.models.heads import Signer
from alquimista.cli.main import run
from alquimista.config import variable
from alquimista.portability.models import BadExport, Signature, UnknownSigner
from alquimista.portability.service.export import export
from alquimista.portability.service.restore import restore
from alquimista.tenants import service as tenants
from alquimista.tenants.models import UnknownTenant
from factories import make_tenant


@pytest.fixture
async def company(here):
    return await make_tenant(here.db, name="Padaria Assinada")


@pytest.fixture
async def file(here, company, tmp_path):
    await export(here.db, None, company.id, tmp_path / "one.zip")
    return tmp_path / "one.zip"


def key_of(signer):
    return base64.b64encode(signer.public_key).decode()


def changed(file, name, change):
    """The same archive with another content of one file; None leaves it out."""
    other = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w") as new:
        for each in old.namelist():
            data = change(old.read(each)) if each == name else old.read(each)
            if data is not None:
                new.writestr(each, data)
    return other


def resigned_by(key):
    return lambda data: json.dumps(json.loads(data) | {"public_key": key}).encode()


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("manifest.json", lambda data: data.replace(b"Padaria", b"Padarla"), "does not fit"),
        ("manifest.sig.json", lambda _: None, "not signed"),
        ("manifest.sig.json", resigned_by(base64.b64encode(bytes(32)).decode()), "does not fit"),
        ("manifest.sig.json", resigned_by("no key"), "does not fit"),
        ("manifest.sig.json", lambda _: b"{}", "missing required field"),
    ],
)
async def test_what_says_something_else_than_was_signed_is_refused(file, there, company, name, change, why):
    with pytest.raises(BadExport, match=why):
        await restore(there.db, changed(file, name, change))
    with pytest.raises(UnknownTenant):
        await tenants.get(there.db.staff(), company.id)


@pytest.fixture
def foreign(file):
    """The same export as another installation would have made it, and that one's key."""
    other = Signer(b"k" * 32)
    with zipfile.ZipFile(file) as archive:
        signed = Signature.of(other, archive.read("manifest.json"))
    return changed(file, "manifest.sig.json", lambda _: msgspec.json.encode(signed)), key_of(other)


async def test_another_installations_export_is_restored_once_its_key_is_trusted(foreign, there, company):
    path, theirs = foreign
    with pytest.raises(UnknownSigner, match="another installation") as refused:
        await restore(there.db, path)
    assert theirs in str(refused.value.detail)
    with pytest.raises(UnknownSigner):
        await restore(there.db, path, trusted=key_of(audit.signer(there.db.settings)))
    _, signature = await restore(there.db, path, trusted=theirs)
    assert signature.public_key == theirs
    (told,) = await audit.entries(there.db.tenant(company.id), company.id, Wanted(action="tenant.restored"), 5)
    assert told.details["signed_by"] == signature.key_id == Signer(b"k" * 32).key_id


async def test_the_command_says_who_signed_and_asks_for_trust(foreign, there, monkeypatch, capsys):
    path, theirs = foreign
    monkeypatch.setenv(variable("database_url"), there.db.settings.database_url)
    monkeypatch.setenv(variable("secret_key"), there.db.settings.secret_key)
    assert await asyncio.to_thread(run, ["tenants", "restore", str(path)]) == 2
    assert "--trust" in capsys.readouterr().err
    assert await asyncio.to_thread(run, ["tenants", "restore", str(path), "--trust", theirs]) == 0
    shown = capsys.readouterr().out
    assert f"Signed by the key {Signer(b'k' * 32).key_id}." in shown
    assert "Padaria Assinada:" in shown
