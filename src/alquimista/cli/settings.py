"""The settings of a command that needs a database which is already there; the process's clock goes by them."""

from collections.abc import Mapping
from pathlib import Path

from alquimista import clock
from alquimista.config import ConfigError, Settings, load, variable


def by_the_clock(settings: Settings) -> Settings:
    """The settings, once this process's clock goes by them."""
    clock.move_ahead(settings.clock_offset_days)
    return settings


def with_database(env: Mapping[str, str]) -> Settings:
    """Settings whose database_url is set.

    Raises:
        ConfigError: it is not set, or some other setting is wrong.
    """
    settings = load(env)
    if not settings.database_url:
        raise ConfigError("Set ALQUIMISTA_DATABASE_URL to the PostgreSQL server; only `alquimista up` brings its own.")
    return by_the_clock(settings)


def of_installation(env: Mapping[str, str]) -> Settings:
    """Settings of the configured server or, when none is, of the installation that `alquimista up` runs here.

    Raises:
        ConfigError: no server is configured and none runs from the data directory, or some other setting is wrong.
    """
    from alquimista.runtime import datadir
    from alquimista.runtime.embedded import EmbeddedServer

    directory = Path(env.get(variable("data_dir")) or datadir.default())
    if env.get(variable("database_url")):
        # In development `up` makes a secret key of its own, with a configured server too, and keeps it there.
        own = not env.get(variable("secret_key")) and env.get(variable("environment")) != "production"
        if own and (directory / datadir.SECRETS).exists():
            return by_the_clock(load(env, secret_key=datadir.secrets(directory).secret_key))
        return by_the_clock(load(env))
    if not datadir.held(directory):
        raise ConfigError(
            f"Nothing runs from {directory}: start `alquimista up` first, "
            "or set ALQUIMISTA_DATABASE_URL to the PostgreSQL server."
        )
    known: dict[str, object] = {"database_url": EmbeddedServer(directory).plain_url}
    if not env.get(variable("secret_key")):
        known["secret_key"] = datadir.secrets(directory).secret_key
    return by_the_clock(load(env, **known))
