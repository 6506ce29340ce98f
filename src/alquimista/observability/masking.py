"""Personal data and secrets are taken out of what is logged or kept about a failure (LGPD; requirements 7.6).

By shape, since a log line may quote anything: e-mail addresses, phone numbers, CPF and CNPJ, tokens and passwords.
Shapes are wide on purpose: a number that is masked without need costs less than a person's number in a log.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "***"
MAX_TEXT: Final = 8_000  # Longer texts are cut: the shapes below may look at a text once for each of its characters.
_DEPTH_LIMIT: Final = 6

_SECRET_NAMES: Final = re.compile(
    r"password|senha|secret|token|authorization|cookie|credential|totp|api[_-]?key|key_hash|private|ciphertext|^key$",
    re.IGNORECASE,
)
# Ids that only sound like secrets.
_HARMLESS_NAMES: Final = frozenset(
    {"api_key_id", "key_id", "token_kind", "input_tokens", "output_tokens", "max_tokens"}
)

_PATTERNS: Final = (
    # Bearer and Basic credentials, JSON Web Tokens.
    (re.compile(r"\b(Bearer|Basic)\s+[^\s,;\"']+", re.IGNORECASE), r"\1 " + HIDDEN),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    # Passwords in addresses; secrets in query strings and in key=value texts.
    (re.compile(r"(://[^\s:/@]*):[^\s@]+@"), r"\1:" + HIDDEN + "@"),
    (
        re.compile(r"\b(password|senha|secret|token|code|key|signature)=([^\s&;,\"']+)", re.IGNORECASE),
        r"\1=" + HIDDEN,
    ),
    # E-mail addresses keep their first letter and their domain, which is enough to recognise one's own.
    (re.compile(r"\b([\w])[\w.+%-]*@([\w-]+(?:\.[\w-]+)+)"), r"\1" + HIDDEN + r"@\2"),
    # CNPJ, the alphanumeric one of 2026 too, then CPF; with punctuation.
    (re.compile(r"(?<![\w-])[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}(?![\w-])"), HIDDEN),
    (re.compile(r"(?<![\w-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])"), HIDDEN),
    # Phones: +55 11 91234-5678, (11) 91234-5678, +5511912345678; then bare CPF, CNPJ and phone digits.
    (re.compile(r"(?<![\w.:-])\+\d{1,3}[\s-]?\(?\d{2,3}\)?[\s-]?\d{4,5}[\s-]?\d{3,4}(?![\w-])"), HIDDEN),
    (re.compile(r"(?<![\w.:-])\(\d{2}\)\s?\d{4,5}[\s-]?\d{4}(?![\w-])"), HIDDEN),
    (re.compile(r"(?<![\w.:-])\d{11,14}(?![\w.-])"), HIDDEN),
)


def names_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return bool(_SECRET_NAMES.search(name)) and name.lower() not in _HARMLESS_NAMES


def mask(text: str) -> str:
    """The text, or its first 8,000 characters, with personal data and secrets hidden."""
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "…"
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def mask_value(value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - Whatever somebody logs.
    """The value with every text in it masked, and what a secret's name holds hidden altogether."""
    if isinstance(value, str | BaseException):
        return mask(value if isinstance(value, str) else f"{type(value).__name__}: {value}")
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value)} bytes>"
    if depth >= _DEPTH_LIMIT:
        return HIDDEN
    if isinstance(value, Mapping):
        return {name: mask_field(str(name), inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(inner, depth + 1) for inner in value]
    return value


def mask_field(name: str, value: Any, depth: int = 0) -> Any:  # noqa: ANN401 - As above.
    """As mask_value, for a value with a name."""
    if names_secret(name) and not isinstance(value, bool | None):
        return HIDDEN
    return mask_value(value, depth)
