"""Where commands find their database and secret key: the environment first, then what `alquimista up` keeps."""

from pathlib import Path

import pytest

from alquimista.cli.settings import of_installation
from alquimista.config import ConfigError
from alquimista.runtime import datadir

URL = "postgresql://127.0.0.1:5432/alquimista"


@pytest.fixture
def used(tmp_path: Path) -> Path:
    """A data directory in which `up` has run once, against a configured server."""
    datadir.secrets(tmp_path)
    return tmp_path


def test_a_configured_server_is_opened_with_the_secret_that_up_made_for_it(used):
    settings = of_installation({"ALQUIMISTA_DATABASE_URL": URL, "ALQUIMISTA_DATA_DIR": str(used)})
    assert settings.database_url == URL
    assert settings.secret_key == datadir.secrets(used).secret_key


def test_a_secret_of_the_environment_comes_first(used):
    key = "Zq8-own-key-Zq8-own-key-Zq8-own-key"
    env = {"ALQUIMISTA_DATABASE_URL": URL, "ALQUIMISTA_DATA_DIR": str(used), "ALQUIMISTA_SECRET_KEY": key}
    assert of_installation(env).secret_key == key


def test_production_names_its_secret_itself(used):
    env = {"ALQUIMISTA_DATABASE_URL": URL, "ALQUIMISTA_DATA_DIR": str(used), "ALQUIMISTA_ENVIRONMENT": "production"}
    with pytest.raises(ConfigError, match="There is no secret key"):
        of_installation(env)


def test_without_a_server_and_a_running_installation_it_says_what_to_do(used):
    with pytest.raises(ConfigError, match="start `alquimista up` first"):
        of_installation({"ALQUIMISTA_DATA_DIR": str(used)})
