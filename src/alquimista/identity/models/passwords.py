"""Rules for passwords (requirements 1.1; docs/decisions/0010-passwords.md)."""

import base64
import hashlib
import hmac
import re
import unicodedata
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from alquimista.errors import FieldError, Invalid
from alquimista.i18n import N_, Text

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 256
FREE_FAILURES: Final = 5
LONGEST_LOCK: Final = timedelta(minutes=60)
# Separates our pre-hash from every other SHA-256 in the world, so that a leaked list of plain digests is no dictionary.
_DOMAIN: Final = b"alquimista.password.v1"
_PLAIN: Final[dict[int, int]] = {}
_LEET_I: Final = str.maketrans("01345789@$!€£", "oieastbgasiel")
_LEET_L: Final = _LEET_I | str.maketrans("1!", "ll")
_EDGES: Final = re.compile(r"^[^a-z]+|[^a-z]+$")


def prehash(password: str) -> bytes:
    """44 ASCII bytes for bcrypt: its limit of 72 bytes and its stop at NUL cannot cut the password short."""
    text = unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(_DOMAIN, text, hashlib.sha256))


@cache
def _common() -> frozenset[str]:
    text = files("alquimista.identity").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _cores(password: str) -> set[str]:
    """What a password may be a variation of.

    Case and accents are dropped, then digits and signs at both ends; up to three of them may belong to the word, read
    as letters (0 as o, @ as a). A doubled word counts once.
    """
    folded = unicodedata.normalize("NFKD", password.casefold())
    folded = "".join(char for char in folded if not unicodedata.combining(char))
    body = _EDGES.sub("", folded)
    head, _, tail = folded.partition(body) if body else ("", "", "")
    wholes = {head[len(head) - h :] + body + tail[:t] for h in range(min(len(head), 3) + 1) for t in range(4)}
    cores = {folded} | {whole.translate(table) for whole in wholes for table in (_PLAIN, _LEET_I, _LEET_L)}
    return cores | {core[: len(core) // 2] for core in cores if core[: len(core) // 2] * 2 == core}


def is_common(password: str) -> bool:
    """Whether the password is a common word or pattern dressed up with digits, signs or capitals."""
    cores = _cores(password)
    return any(core in _common() or len(set(core)) <= 2 for core in cores)


def check_password(password: str, email: str, field: str = "password") -> None:
    """8 to 256 characters, an upper and a lower case letter and a digit, neither common nor the e-mail.

    Raises:
        Invalid: with one entry for each rule that is not met.
    """
    reasons: list[tuple[str, Text]] = []
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        reasons.append(("length", N_("Use {low} to {high} characters.", low=MIN_LENGTH, high=MAX_LENGTH)))
    if not any(char.isupper() for char in password):
        reasons.append(("upper", N_("Add an upper-case letter.")))
    if not any(char.islower() for char in password):
        reasons.append(("lower", N_("Add a lower-case letter.")))
    if not any(char.isdecimal() for char in password):
        reasons.append(("digit", N_("Add a digit.")))
    cores = _cores(password)
    local = email.casefold().partition("@")[0]
    if email.casefold() in password.casefold() or _cores(local) & cores:
        reasons.append(("email", N_("Do not use your e-mail as the password.")))
    elif not reasons and is_common(password):
        reasons.append(("common", N_("This is one of the passwords that attackers try first. Choose another.")))
    if reasons:
        raise Invalid(errors=tuple(FieldError(field, text, code) for code, text in reasons))


def lock_until(failures: int, now: datetime) -> datetime | None:
    """When an account with so many failures in a row opens again: 1, 2, 4… minutes from the fifth on, 60 at most."""
    if failures < FREE_FAILURES:
        return None
    exponent = min(failures - FREE_FAILURES, 6)
    return now + min(timedelta(minutes=2**exponent), LONGEST_LOCK)
