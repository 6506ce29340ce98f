"""Settings: a bad environment stops the start with one sentence that says what to set."""

import base64
import os

import pytest

from alquimista.config import ConfigError, load, new_secret

SECRET = new_secret()


def test_values_are_parsed_into_their_types():
    key = base64.b64encode(os.urandom(32)).decode()
    settings = load(
        {
            "ALQUIMISTA_SECRET_KEY": SECRET,
            "ALQUIMISTA_SIGNUP_ENABLED": "yes",
            "ALQUIMISTA_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128",
            "ALQUIMISTA_ENCRYPTION_KEYS": f"k2:{key}",
            "ALQUIMISTA_DATABASE_POOL": "3",
            "ALQUIMISTA_SALES_EMAIL": " Vendas@Empresa.com.br ",
            "PATH": "/bin",
        }
    )
    assert settings.signup_enabled is True
    assert len(settings.trusted_proxies) == 2
    assert settings.encryption_keys[0][0] == "k2"
    assert settings.database_pool == 3
    assert settings.sales_email == "vendas@empresa.com.br"


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({}, "There is no secret key"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_COLOUR": "red"}, "ALQUIMISTA_COLOUR is not a setting"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_DATABASE_POOL": "many"}, "a whole number above zero"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_SIGNUP_ENABLED": "perhaps"}, "write true or false"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_ERROR_RATE_PERCENT": "100"}, "a whole number from 1 to 99"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_TRUSTED_PROXIES": "10.0.0.1/8"}, "has host bits set"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_ENCRYPTION_KEYS": "k1:short"}, "32 bytes in base64"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_ENVIRONMENT": "prod"}, "development or production"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_SALES_EMAIL": "vendas"}, "one e-mail address"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_SALES_EMAIL": "a@b.com, c@d.com"}, "one e-mail address"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_CLOCK_OFFSET_DAYS": "-1"}, "a whole number of days"),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_CLOCK_OFFSET_DAYS": "9999"}, "a whole number of days"),
        (
            {
                "ALQUIMISTA_ENVIRONMENT": "production",
                "ALQUIMISTA_SECRET_KEY": SECRET,
                "ALQUIMISTA_PUBLIC_URL": "https://a.example",
                "ALQUIMISTA_CLOCK_OFFSET_DAYS": "1",
            },
            "A production clock is never moved",
        ),
        (
            {"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_MODEL_BASE_URL": "localhost:1"},
            "begins with https:// or http://",
        ),
        ({"ALQUIMISTA_SECRET_KEY": SECRET, "ALQUIMISTA_MODEL_API_KEY": "sk-1\n"}, "on one line, without spaces"),
        ({"ALQUIMISTA_ENVIRONMENT": "production"}, "There is no secret key"),
        ({"ALQUIMISTA_ENVIRONMENT": "production", "ALQUIMISTA_SECRET_KEY": "changeme" * 6}, "secret key is weak"),
        ({"ALQUIMISTA_ENVIRONMENT": "production", "ALQUIMISTA_SECRET_KEY": "short"}, "secret key is weak"),
        ({"ALQUIMISTA_ENVIRONMENT": "production", "ALQUIMISTA_SECRET_KEY": "a" * 48}, "secret key is weak"),
        ({"ALQUIMISTA_ENVIRONMENT": "production", "ALQUIMISTA_SECRET_KEY": SECRET}, "ALQUIMISTA_PUBLIC_URL"),
    ],
)
def test_a_bad_environment_is_refused_with_what_to_set(env, sentence):
    with pytest.raises(ConfigError, match=sentence):
        load(env)


def test_an_error_never_repeats_the_secret():
    with pytest.raises(ConfigError) as refused:
        load({"ALQUIMISTA_ENVIRONMENT": "production", "ALQUIMISTA_SECRET_KEY": "hunter2hunter2"})
    assert "hunter2" not in str(refused.value)
