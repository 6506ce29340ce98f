"""`alquimista-sdk`: the SDK as a wheel of its own, which runs where nothing of the platform is."""

import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
RUN = """
import importlib.util, alquimista, alquimista.sdk
print(alquimista.__file__, alquimista.sdk.Agent, alquimista.sdk.AsyncAgent)
assert importlib.util.find_spec("alquimista.app") is None
assert importlib.util.find_spec("msgspec") is None
"""


def run(*command, **how):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, timeout=120, **how)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built by the build system of sdk/pyproject.toml, without a network."""
    out = tmp_path_factory.mktemp("wheel")
    return out / run(sys.executable, "-c", BUILD, out, cwd=ROOT / "sdk").split()[-1]


def needed(name, found=None):
    """The distributions that one needs here, itself among them."""
    found = {} if found is None else found
    if name not in found:
        found[name] = metadata.distribution(name)
        for one in map(Requirement, found[name].requires or []):
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                needed(one.name, found)
    return found


def test_it_holds_the_sdk_and_its_licence_and_asks_for_httpx_alone(wheel):
    sdk = {path.relative_to(SOURCE).as_posix() for path in (SOURCE / "alquimista" / "sdk").glob("*.py")}
    with zipfile.ZipFile(wheel) as file:
        held = {name for name in file.namelist() if ".dist-info/" not in name}
    assert held == sdk | {"alquimista/__init__.py", "alquimista/sdk/LICENSE"}
    (known,) = metadata.distributions(path=[str(wheel)])
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["sdk"]
    assert (known.name, known.version) == ("alquimista-sdk", metadata.version("alquimista"))
    assert known.requires == extra == ["httpx>=0.28"]


def test_an_agents_machine_runs_it_with_httpx_and_nothing_of_the_platform(wheel, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False)
    python = tmp_path / "bare" / "bin" / "python"
    run(sys.executable, "-m", "uv", "pip", "install", "--no-cache", "--offline", "--no-deps", "--python", python, wheel)
    others = tmp_path / "others"
    others.mkdir()
    for distribution in needed("httpx").values():
        for top in {file.parts[0] for file in distribution.files or [] if file.parts[0] not in {"..", "__pycache__"}}:
            (others / top).symlink_to(distribution.locate_file(top))
    said = run(python, "-c", RUN, cwd=tmp_path, env={"PYTHONPATH": str(others)})
    assert said.startswith(str(tmp_path / "bare"))
