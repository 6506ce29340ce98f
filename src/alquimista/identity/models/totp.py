"""The second factor: TOTP (RFC 6238) and recovery codes."""

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Final

import pyotp

RECOVERY_CODES: Final = 10
_CODE: Final = re.compile(r"[0-9]{6}")
_RECOVERY: Final = re.compile(r"[a-z2-7]{16}")
_STEP: Final = 30


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, email: str) -> str:
    """What the QR code says to the authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Alquimista")


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """The time step of a right code (this one or a neighbour, for clocks that differ), or None."""
    if not _CODE.fullmatch(code):
        return None
    current = int(now.timestamp()) // _STEP
    totp = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if hmac.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, written as xxxx-xxxx-xxxx-xxxx."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[i : i + 4] for i in range(0, 16, 4)) for code in codes]


def recovery_hash(code: str) -> bytes | None:
    """What is stored of a recovery code, however it is spaced; None when the text is not one."""
    plain = re.sub(r"[\s-]", "", code.lower())
    return hashlib.sha256(plain.encode()).digest() if _RECOVERY.fullmatch(plain) else None
