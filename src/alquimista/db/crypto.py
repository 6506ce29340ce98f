"""Encryption of stored secrets, and the subkeys that derive from the one secret key.

Stored secrets are sealed with AES-256-GCM (NIST SP 800-38D) under a random 96-bit nonce that leads the ciphertext.
The context (table, tenant, row id) is associated data: a ciphertext copied to another row does not open there.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from alquimista.config import Settings

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_DERIVED_KEY_ID: Final = "derived"


class SealError(Exception):
    """A sealed secret does not open: its key is not configured, or it was altered or moved to another row."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret at rest: the id of the key that sealed it, and nonce + ciphertext + tag."""

    key_id: str
    ciphertext: bytes


def derive(settings: Settings, purpose: str) -> bytes:
    """A 32-byte subkey of the secret key (HKDF-SHA256, RFC 5869), independent of the other purposes' subkeys.

    Args:
        settings: they hold the secret key.
        purpose: a constant that names the use; changing it changes the subkey and orphans what it protected.
    """
    hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"alquimista", info=purpose.encode())
    return hkdf.derive(settings.secret_key.encode())


class Sealer:
    """Seals with the active key, the first of `encryption_keys`, and opens with any of them.

    Without configured keys one derives from the secret key. It stays available for opening afterwards, so that
    configuring keys later leaves nothing unreadable.
    """

    def __init__(self, settings: Settings) -> None:
        keys = dict(settings.encryption_keys)
        keys.setdefault(_DERIVED_KEY_ID, derive(settings, "encryption of stored credentials"))
        self.active_key_id = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}

    def seal(self, plaintext: bytes, context: bytes) -> Sealed:
        """The plaintext sealed with the active key, bound to the context."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return Sealed(self.active_key_id, nonce + self._ciphers[self.active_key_id].encrypt(nonce, plaintext, context))

    def open(self, sealed: Sealed, context: bytes) -> bytes:
        """The plaintext.

        Raises:
            SealError: the key is not configured, or the ciphertext or its context is not the one that was sealed.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise SealError(f"No encryption key has the id {sealed.key_id!r}; add it to ALQUIMISTA_ENCRYPTION_KEYS.")
        nonce, body = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, body, context)
        except (InvalidTag, ValueError) as error:  # ValueError: shorter than a nonce and a tag.
            raise SealError("A stored secret does not open: it was altered, or moved to another row.") from error
