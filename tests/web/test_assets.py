"""The built assets: pinned, complete, compressed, immutable under their address."""

import gzip
import json
import re
from pathlib import Path

import pytest

from alquimista.web import assets
from alquimista.web.rendering import TEMPLATES

ROOT = Path(__file__).parents[2]
LOCK = json.loads((ROOT / "frontend/package-lock.json").read_text())["packages"]


def test_every_optional_package_of_the_lock_has_an_entry():
    """An npm bug leaves other platforms' binaries out of the lock; the build then fails on those platforms."""
    wanted = {
        (path, name, version)
        for path, package in LOCK.items()
        for name, version in package.get("optionalDependencies", {}).items()
    }
    assert len(wanted) > 30
    missing = [(path, name) for path, name, _ in wanted if not _entry(path, name)]
    assert missing == []


def _entry(path: str, name: str) -> dict[str, object] | None:
    """As node resolves: the nearest node_modules on the way up."""
    parts = path.split("/node_modules/") if path else []
    for depth in range(len(parts), -1, -1):
        base = "/node_modules/".join(parts[:depth])
        place = f"{base}/node_modules/{name}" if base else f"node_modules/{name}"
        if place in LOCK:
            return LOCK[place]
    return None


def test_the_lock_names_no_registry_and_proves_every_package():
    assert [path for path, package in LOCK.items() if "resolved" in package] == []
    own = {path: package for path, package in LOCK.items() if path and not package.get("inBundle")}
    assert [path for path, package in own.items() if "integrity" not in package] == []


def test_versions_are_pinned():
    package = json.loads((ROOT / "frontend/package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    assert {name: LOCK[f"node_modules/{name}"]["version"] for name in versions} == versions


def test_every_named_asset_and_icon_is_built():
    sprite = assets.catalogue()["icons.svg"].bodies[""].decode()
    symbols = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    named: set[str] = set()
    for path in TEMPLATES.rglob("*.html"):
        text = path.read_text()
        assert set(re.findall(r'asset\("([^"]+)"\)', text)) <= assets.catalogue().keys()
        named |= set(re.findall(r'icon\("([a-z0-9-]+)"', text))
    for path in TEMPLATES.parent.rglob("*.py"):
        named |= set(re.findall(r'icon="([a-z0-9-]+)"', path.read_text()))
    assert named - symbols == set()


def test_compressed_forms_hold_the_same_bytes_and_the_first_load_is_small():
    files = assets.catalogue()
    for name, asset in files.items():
        if "gzip" in asset.bodies:
            assert gzip.decompress(asset.bodies["gzip"]) == asset.bodies[""], name
    scripts = sum(len(files[name].bodies["gzip"]) for name in ("theme.js", "htmx.js", "app.js"))
    assert scripts < 50_000
    assert len(files["app.css"].bodies["gzip"]) < 32_000


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("", ""), ("identity", "")],
)
def test_the_best_form_that_the_client_takes(accepted, chosen):
    assert assets.catalogue()["app.css"].best(accepted)[0] == chosen


async def test_assets_are_immutable_under_their_address_and_only_there(site):
    async with site.browser() as browser:
        current = await browser.get(assets.url("app.js"))
        assert current.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert current.headers["content-type"] == "text/javascript; charset=utf-8"
        assert current.headers["vary"] == "Accept-Encoding"
        assert current.headers["x-content-type-options"] == "nosniff"
        again = await browser.get(assets.url("app.js"), headers={"if-none-match": current.headers["etag"]})
        assert again.status_code == 304
        old = await browser.get("/static/0123456789abcdef/app.js")
        assert old.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize("name", ["version", ".stamp", "..%2f..%2frendering.py", "../assets.py", "app.css.br", "%00"])
async def test_nothing_but_assets_is_served(site, name):
    async with site.browser() as browser:
        answer = await browser.get(f"/static/x/{name}")
    assert answer.status_code in {400, 404}
