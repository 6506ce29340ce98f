"""The settings of a command that needs a database which is already there."""

from collections.abc import Mapping

from alquimista.config import ConfigError, Settings, load


def with_database(env: Mapping[str, str]) -> Settings:
    """Settings whose database_url is set.

    Raises:
        ConfigError: it is not set, or some other setting is wrong.
    """
    settings = load(env)
    if not settings.database_url:
        raise ConfigError("Set ALQUIMISTA_DATABASE_URL to the PostgreSQL server; only `alquimista up` brings its own.")
    return settings
