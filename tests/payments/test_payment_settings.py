"""A provider that cannot work stops the start, with a sentence that says what to set."""

import pytest

from alquimista.config import ConfigError, load, new_secret
from support.paying import SECRETS

SECRET = {"ALQUIMISTA_SECRET_KEY": new_secret()}
STRIPE = {"STRIPE_SECRET_KEY": SECRETS[0], "STRIPE_WEBHOOK_SECRET": SECRETS[1]}
ASAAS = {
    "ASAAS_API_KEY": SECRETS[2],
    "ASAAS_WEBHOOK_TOKEN": SECRETS[3],
    "ASAAS_URL": "https://api-sandbox.asaas.com/v3/",
}


def loaded(**given):
    return load(SECRET | {f"ALQUIMISTA_{name}": value for name, value in given.items()})


def test_by_hand_is_the_default_and_needs_nothing():
    assert loaded().payment_provider == "manual"


@pytest.mark.parametrize(("name", "settings"), [("stripe", STRIPE), ("asaas", ASAAS)])
def test_a_provider_with_its_settings_starts(name, settings):
    assert loaded(PAYMENT_PROVIDER=name, **settings).payment_provider == name
    assert not loaded(**ASAAS).asaas_url.endswith("/")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"PAYMENT_PROVIDER": "cash"}, "manual, stripe or asaas"),
        ({"PAYMENT_PROVIDER": "stripe"}, "ALQUIMISTA_STRIPE_SECRET_KEY and ALQUIMISTA_STRIPE_WEBHOOK_SECRET"),
        (
            {"PAYMENT_PROVIDER": "stripe", "STRIPE_SECRET_KEY": SECRETS[0]},
            "is stripe: set ALQUIMISTA_STRIPE_WEBHOOK_SECRET",
        ),
        ({"PAYMENT_PROVIDER": "asaas"}, "ALQUIMISTA_ASAAS_API_KEY and ALQUIMISTA_ASAAS_WEBHOOK_TOKEN"),
        ({"STRIPE_SECRET_KEY": "pk_test_publishable"}, "begins with sk_ or rk_"),
        ({"STRIPE_WEBHOOK_SECRET": "sk_test_other"}, "begins with whsec_"),
        ({"ASAAS_API_KEY": "_prod_aShellAteTheFirstPart"}, "quote it"),
        ({"ASAAS_URL": "http://api.asaas.com/v3"}, "https://"),
        ({"ASAAS_URL": "api.asaas.com"}, "https://"),
        ({"ASAAS_WEBHOOK_TOKEN": "short"}, "32 to 255"),
        ({"ASAAS_API_KEY": SECRETS[2]}, "both be of the sandbox or of production"),
        ({"ASAAS_API_KEY": "$aact_prod_x", "ASAAS_URL": ASAAS["ASAAS_URL"]}, "both be of the sandbox or of production"),
        ({"PIX_KEY": "fin@alquimista.example"}, "ALQUIMISTA_PIX_NAME and ALQUIMISTA_PIX_CITY"),
        ({"PIX_KEY": "11987654321"}, "write a CPF"),
        ({"PIX_KEY": "12.345.678/0001-00"}, "write a CPF"),
        ({"PIX_NAME": "N" * 26}, "1 to 25"),
        ({"PIX_CITY": "C" * 16}, "1 to 15"),
    ],
)
def test_nonsense_is_refused_with_what_to_set(given, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        loaded(**given)
    secrets = [value for name, value in given.items() if "KEY" in name or "SECRET" in name or "TOKEN" in name]
    assert not [value for value in secrets if value in str(refused.value)]


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("529.982.247-25", "52998224725"),
        ("11.222.333/0001-81", "11222333000181"),
        ("12.abc.345/01de-35", "12ABC34501DE35"),
        ("+5511912345678", "+5511912345678"),
        ("Fin@Alquimista.example", "fin@alquimista.example"),
        ("123E4567-e12b-12d1-a456-426655440000", "123e4567-e12b-12d1-a456-426655440000"),
    ],
)
def test_each_kind_of_pix_key_is_written_as_the_directory_writes_it(raw, key):
    assert loaded(PIX_KEY=raw, PIX_NAME="Alquimista", PIX_CITY="São Paulo").pix_key == key
