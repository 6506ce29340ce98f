import pytest

from alquimista.observability.masking import mask, mask_field, mask_value, names_secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("from maria.silva+x@empresa.com.br to", "from m***@empresa.com.br to"),
        ("call +55 11 91234-5678 now", "call *** now"),
        ("call +5511912345678", "call ***"),
        ("tel (11) 91234-5678.", "tel ***."),
        ("tel (11)3123-4567", "tel ***"),
        ("cpf 529.982.247-25", "cpf ***"),
        ("cpf 52998224725", "cpf ***"),
        ("cnpj 12.ABC.345/01DE-35", "cnpj ***"),
        ("cnpj 11.222.333/0001-81", "cnpj ***"),
        ("cnpj 11222333000181", "cnpj ***"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("Basic dXNlcjpwYXNz", "Basic ***"),
        ("token eyJhbGciOi.eyJzdWIi.c2ln end", "token *** end"),
        ("postgresql://app:s3cret@db:5432/x", "postgresql://app:***@db:5432/x"),
        ("GET /reset-password?token=abc&x=1", "GET /reset-password?token=***&x=1"),
        ("password=hunter2, user=ana", "password=***, user=ana"),
    ],
)
def test_personal_data_and_secrets_are_hidden(text, masked) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "tenant 00000000-0000-7000-8000-000000000000",
        "trace 0af7651916cd43dd8448eb211c80319c",
        "2026-11-22T03:42:14.123456Z took 1234 ms",
        "203.0.113.7:54321 answered 200",
        "line 42, column 7: 1,234,567 rows",
        "postgresql://app@db:5432/x",
    ],
)
def test_ids_times_and_addresses_stay_readable(text) -> None:
    assert mask(text) == text


def test_values_are_masked_at_any_depth() -> None:
    value = {
        "who": ["ana@example.com", {"Password": "x", "api_key_id": "k1"}],
        "error": ValueError("no ana@example.com"),
        "raw": b"ana@example.com",
        "totp_required": True,
        "count": 3,
    }
    assert mask_value(value) == {
        "who": ["a***@example.com", {"Password": "***", "api_key_id": "k1"}],
        "error": "ValueError: no a***@example.com",
        "raw": "<15 bytes>",
        "totp_required": True,
        "count": 3,
    }
    assert mask_field("refresh_token", "abc") == "***"


def test_a_value_that_holds_itself_ends() -> None:
    value: dict = {}
    value["again"] = value
    assert "***" in str(mask_value(value))


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("key", True),
        ("X-Api-Key", True),
        ("api_key", True),
        ("key_id", False),
        ("output_tokens", False),
        ("Cookie", True),
    ],
)
def test_a_name_tells_a_secret(name, secret) -> None:
    assert names_secret(name) is secret
