"""How the texts of settings are read. Each raises ValueError with what to write instead."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from stdnum.br import cnpj, cpf

_ADDRESS: Final = re.compile(r"[^@\s<>,;:\"\\()\[\]]+@[^@\s<>,;:\"\\()\[\]]+")
KEY_BYTES: Final = 32
# The shapes of Pix keys (Banco Central, "Manual Operacional do DICT"); CPF and CNPJ are checked by their digits.
_PIX_KEYS: Final = (
    re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    re.compile(r"\+[1-9][0-9]{9,14}"),
    re.compile(r"(?=.{3,77}$)[a-z0-9.!#$&'*+/=?^_`{|}~-]+@[a-z0-9-]+(\.[a-z0-9-]+)+"),
)


def text(raw: str) -> str:
    return raw


# The types of commands, for the setting that names some of them; operations' own table is compared with it by a test.
COMMAND_TYPES: Final = (
    "HEALTH_CHECK",
    "RESET_TOKEN",
    "RESTART_AGENT",
    "REPROCESS_QUEUE",
    "RECOMPUTE_USAGE",
    "EXPORT_TENANT",
)


def command_types(raw: str) -> tuple[str, ...]:
    if raw.strip() == "none":
        return ()
    names = tuple(name.strip() for name in raw.split(","))
    if not set(names) <= set(COMMAND_TYPES):
        raise ValueError(f"write none, or some of {', '.join(COMMAND_TYPES)}, separated by commas")
    return names


# What each rule may do by itself: what asks for a person's approval, or destroys something, is never among it.
RULE_COMMANDS: Final = {
    "agent.offline": ("HEALTH_CHECK", "RESTART_AGENT", "none"),
    "integration.failing": ("HEALTH_CHECK", "none"),
    "jobs.queue_lag": ("HEALTH_CHECK", "none"),
    "usage.error_rate": ("HEALTH_CHECK", "none"),
}


def rule_commands(raw: str) -> tuple[tuple[str, str], ...]:
    pairs = [(rule.strip(), command.strip()) for rule, _, command in (one.partition(":") for one in raw.split(","))]
    for rule, command in pairs:
        if rule not in RULE_COMMANDS:
            raise ValueError(f"write pairs as agent.offline:RESTART_AGENT, of the rules {', '.join(RULE_COMMANDS)}")
        if command not in RULE_COMMANDS[rule]:
            raise ValueError(f"{rule} may give {', '.join(RULE_COMMANDS[rule])}")
    return tuple(dict(pairs).items())


def boolean(raw: str) -> bool:
    value = raw.strip().lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ValueError("write true or false")
    return value in {"true", "1", "yes"}


def environment(raw: str) -> str:
    if raw not in {"development", "production"}:
        raise ValueError("write development or production")
    return raw


def positive(raw: str) -> int:
    # Nine digits are enough for every count here, and refuse what int() would take minutes to read.
    if not raw.isdecimal() or len(raw) > 9 or int(raw) == 0:
        raise ValueError("write a whole number above zero")
    return int(raw)


def days_ahead(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 4 or int(raw) > 3650:
        raise ValueError("write a whole number of days, 3650 at most")
    return int(raw)


def level(raw: str) -> str:
    if raw not in {"debug", "info", "warning", "error"}:
        raise ValueError("write debug, info, warning or error")
    return raw


def address(raw: str) -> str:
    address = raw.strip().lower()
    if len(address) > 254 or not address.isprintable() or not _ADDRESS.fullmatch(address):
        raise ValueError("write one e-mail address, such as vendas@empresa.com.br")
    return address


def networks(raw: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in raw.split(",") if part.strip())


def keys(raw: str) -> tuple[tuple[str, bytes], ...]:
    keys = []
    for part in raw.split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or len(key) != KEY_BYTES:
            raise ValueError("write id:key pairs, each key 32 bytes in base64; the first one encrypts, all decrypt")
        keys.append((key_id, key))
    return tuple(keys)


def hard_percent(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 5 or 0 < int(raw) < 100:
        raise ValueError("write 0, or a whole number from 100")
    return int(raw)


def percentage(raw: str) -> int:
    if not raw.isdecimal() or len(raw) > 2 or int(raw) == 0:
        raise ValueError("write a whole number from 1 to 99")
    return int(raw)


def rising(raw: str) -> tuple[int, ...]:
    days = tuple(positive(part.strip()) for part in raw.split(","))
    if list(days) != sorted(set(days)) or len(days) < 2 or len(days) > 20:
        raise ValueError("write 2 to 20 rising numbers of days, separated by commas")
    return days


def taxes(raw: str) -> tuple[tuple[str, int], ...]:
    taxes = []
    for part in raw.split(","):
        name, _, percent = part.strip().rpartition(":")
        whole, _, rest = percent.partition(".")
        if not 1 <= len(name) <= 50 or not (whole + rest).isdecimal() or len(whole) > 2 or not whole or len(rest) > 2:
            raise ValueError("write name:percent pairs with at most two decimals, such as ISS:5.00")
        taxes.append((name, int(whole) * 100 + int(rest.ljust(2, "0"))))
    return tuple(taxes)


def web_address(raw: str) -> str:
    if not raw.startswith(("http://", "https://")):
        raise ValueError("write an address that begins with https:// or http://")
    return raw.rstrip("/")


def secure_address(raw: str) -> str:
    parts = urlsplit(raw)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme not in ({"https", "http"} if local else {"https"}) or not parts.hostname or parts.query:
        raise ValueError("write an https:// address")
    return raw.rstrip("/")


def header_text(raw: str) -> str:
    # It is sent in a header, which holds nothing else. The value itself is never repeated.
    if not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("write it on one line, without spaces, as the provider shows it")
    return raw


def payment_provider(raw: str) -> str:
    if raw not in {"manual", "stripe", "asaas"}:
        raise ValueError("write manual, stripe or asaas")
    return raw


def beginning(*prefixes: str, hint: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if not raw.startswith(prefixes) or not raw.isascii() or not raw.isprintable() or " " in raw:
            raise ValueError(hint)
        return raw

    return parse


def webhook_token(raw: str) -> str:
    # The length that Asaas itself asks for; compare_digest takes ASCII.
    if not 32 <= len(raw) <= 255 or not raw.isascii() or not raw.isprintable() or " " in raw:
        raise ValueError("write 32 to 255 characters without spaces, as in the webhook's form at Asaas")
    return raw


def pix_key(raw: str) -> str:
    key = raw.strip()
    for document in (cpf, cnpj):
        if document.is_valid(key):
            return str(document.compact(key)).upper()
    if not any(shape.fullmatch(key.lower()) for shape in _PIX_KEYS):
        raise ValueError("write a CPF, a CNPJ, an e-mail address, a phone as +5511912345678, or a random key")
    return key.lower()


def within(limit: int) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        text = " ".join(raw.split())
        if not 1 <= len(text) <= limit or not any(one.isascii() and one.isalnum() for one in text):
            raise ValueError(f"write 1 to {limit} characters")
        return text

    return parse
