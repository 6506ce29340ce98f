"""Signed heads: what an anchor outside the database holds, and the key that signs."""

import base64
from hashlib import sha256
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from alquimista.audit.models.chain import HEAD, pack

_KEY_ID_DIGITS: Final = 16


class Head(msgspec.Struct, frozen=True, tag_field="kind", tag="head", forbid_unknown_fields=True):
    """The last place of a chain and its hash at a moment, signed. The signature is in base64."""

    tenant_id: str
    seq: int
    hash: str
    signed_at: str
    key_id: str
    signature: str

    @property
    def message(self) -> bytes:
        """What is signed."""
        return pack(HEAD, self.tenant_id, str(self.seq), self.hash, self.signed_at)


class Signer:
    """Signs with Ed25519, with a private key of 32 bytes."""

    def __init__(self, private_key: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(self.public_key)

    def sign(self, tenant_id: str, seq: int, hash_: str, signed_at: str) -> Head:
        """The signed head."""
        bare = Head(tenant_id, seq, hash_, signed_at, self.key_id, "")
        return msgspec.structs.replace(bare, signature=self.sign_bytes(bare.message))

    def sign_bytes(self, message: bytes) -> str:
        """The signature of a message, in base64. What is signed says by its first text what kind of thing it is."""
        return base64.b64encode(self._key.sign(message)).decode()


def key_id(public_key: bytes) -> str:
    """The short name of a public key of 32 bytes."""
    return sha256(public_key).hexdigest()[:_KEY_ID_DIGITS]


def genuine(head: Head, public_key: bytes) -> bool:
    """Whether the key signed this head."""
    return signed_by(public_key, head.message, head.signature)


def signed_by(public_key: bytes, message: bytes, signature: str) -> bool:
    """Whether a signature, in base64, is that of a key of 32 bytes under a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    return True
