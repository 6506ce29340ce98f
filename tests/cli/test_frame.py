import subprocess
import sys
from pathlib import Path

import pytest

from alquimista import __version__
from alquimista.cli import main


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"PATH": "/usr/bin:/bin"})


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"alquimista {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("up", "serve", "worker", "migrations"):
        assert f" {command} " in shown


def test_without_a_command_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main.run([])
    assert "Commands" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--speed"], "No such option: --speed"),
        (["sreve"], "No such command 'sreve'."),
        (["up", "--port", "many"], "Invalid value for '--port': "),
        (["up", "--port", "70000"], "Invalid value for '--port': "),
        (["up", "--workers", "0"], "Invalid value for '--workers': "),
        (["up", "extra"], "Got unexpected extra argument"),
        (["up", "--host"], "requires an argument"),
        (["serve"], "There is no secret key; set ALQUIMISTA_SECRET_KEY to "),
        (["worker"], "There is no secret key; set ALQUIMISTA_SECRET_KEY to "),
        (["up", "--data-dir", "/dev/null"], "The data directory /dev/null cannot be made: "),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert sentence in shown.err
    assert len(shown.err.splitlines()) == 1


def test_serve_asks_for_a_database(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEY", "8f0c1d2e3b4a59687786a5b4c3d2e1f0")
    assert main.run(["serve"]) == 2
    assert capsys.readouterr().err.startswith("Set ALQUIMISTA_DATABASE_URL to the PostgreSQL server; ")


def test_a_mistyped_setting_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALQUIMISTA_SECRET_KEYS", "x")
    assert main.run(["worker"]) == 2
    assert capsys.readouterr().err.startswith("ALQUIMISTA_SECRET_KEYS is not a setting; ")


def _broken() -> None:
    raise RuntimeError("a bug")


def test_a_bug_is_one_sentence_that_names_a_log_with_the_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main, "app", lambda *_, **__: _broken())
    assert main.run([]) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("Alquimista failed by its own fault; the details are in /")
    assert len(shown.splitlines()) == 1
    log = Path(shown.split(" are in ")[1].strip().removesuffix("."))
    assert "RuntimeError: a bug" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0
    log.unlink()


def test_debug_shows_the_traceback_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "app", lambda *_, **__: _broken())
    monkeypatch.setenv("ALQUIMISTA_LOG_LEVEL", "debug")
    assert main.run([]) == 1
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    Path(shown.split(" are in ")[1].strip().removesuffix(".")).unlink()


def test_interruption_is_no_bug(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(main, "app", interrupted)
    assert main.run([]) == 130
    assert capsys.readouterr().err == "Stopped.\n"


def test_the_command_line_loads_neither_the_web_nor_the_jobs_nor_the_database() -> None:
    heavy = (
        "{'uvicorn', 'starlette', 'alquimista.app', 'alquimista.worker', 'alquimista.identity', 'jinja2', 'psycopg'}"
    )
    program = f"import sys, alquimista.cli.main; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_processes_that_up_starts_read_no_options() -> None:
    program = (
        "import sys, alquimista.cli.child; sys.exit(', '.join({'pydantic', 'psycopg', 'rich'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
