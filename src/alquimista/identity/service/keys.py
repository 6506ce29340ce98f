"""The signing keys of a process: loaded from the database, made on first use, rotated without logging anyone out."""

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from joserfc.jwk import ECKey, KeyParameters

from alquimista.clock import now
from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.pool import Database
from alquimista.db.tenancy import login_transaction
from alquimista.identity.models.keys import (
    ALGORITHM,
    KEEP_AFTER,
    KEY_LIFE,
    PUBLISH_AHEAD,
    SigningKey,
    seal_context,
    signer,
)
from alquimista.identity.queries import signing_keys as queries

_RELOAD_EVERY: Final = timedelta(seconds=60)
# An unknown kid may be a key that another process just made, or a forgery: the database is asked, but not for each.
_RELOAD_FOR_STRANGERS: Final = timedelta(seconds=5)


class KeyRing:
    """Who signs now, and who may have signed."""

    def __init__(self, db: Database, sealer: Sealer) -> None:
        self._db = db
        self._sealer = sealer
        self._stored: list[SigningKey] = []
        self._loaded_at: datetime | None = None
        self._public: dict[str, ECKey] = {}
        self._private: dict[str, ECKey] = {}

    async def signing_key(self) -> ECKey:
        """The private key that signs now; the first call ever makes it."""
        moment = now()
        await self._refresh(moment, _RELOAD_EVERY)
        key = signer(self._stored, moment)
        if key is None:
            await self.rotate(moment)
            key = signer(self._stored, moment)
            assert key is not None
        if key.kid not in self._private:
            sealed = Sealed(key.key_id, key.private_ciphertext)
            jwk = msgspec.json.decode(self._sealer.open(sealed, seal_context(key.kid)), type=dict[str, Any])
            self._private = {key.kid: ECKey.import_key(jwk)}
        return self._private[key.kid]

    async def verifying_key(self, kid: str) -> ECKey | None:
        """The public key of this id, if it may still verify."""
        moment = now()
        await self._refresh(moment, _RELOAD_EVERY)
        if kid not in self._public:
            await self._refresh(moment, _RELOAD_FOR_STRANGERS)
        return self._public.get(kid)

    async def published(self) -> list[dict[str, Any]]:
        """The public keys as /.well-known/jwks.json shows them, the coming one included."""
        await self.signing_key()
        return [key.public_jwk for key in self._stored]

    async def rotate(self, moment: datetime) -> bool:
        """Make the next key when the present one is old; whether one was made. Safe in many processes at once."""
        async with login_transaction(self._db) as conn:
            await queries.lock(conn)
            stored = await queries.list_keys(conn, moment - KEEP_AFTER)
            newest = max(stored, key=lambda key: key.active_from, default=None)
            due = newest is None or newest.active_from + KEY_LIFE <= moment
            if due:
                key = self._make(moment, moment + PUBLISH_AHEAD if newest else moment)
                await queries.insert(conn, key)
                await queries.retire_others(conn, key.kid, key.active_from)
        await self._refresh(moment, timedelta(0))
        return due

    async def purge(self, moment: datetime) -> int:
        """Delete keys whose last token expired a day ago."""
        return await queries.purge(self._db.login(), moment - KEEP_AFTER - timedelta(days=1))

    def _make(self, moment: datetime, active_from: datetime) -> SigningKey:
        kid = secrets.token_hex(8)
        labels: KeyParameters = {"kid": kid, "use": "sig", "alg": ALGORITHM}
        pair = ECKey.generate_key("P-256", labels, private=True)
        sealed = self._sealer.seal(msgspec.json.encode(pair.as_dict(private=True)), seal_context(kid))
        return SigningKey(
            kid=kid,
            public_jwk={**pair.as_dict(private=False), **labels},
            private_ciphertext=sealed.ciphertext,
            key_id=sealed.key_id,
            created_at=moment,
            active_from=active_from,
            retired_at=None,
        )

    async def _refresh(self, moment: datetime, older_than: timedelta) -> None:
        if self._loaded_at is not None and abs(moment - self._loaded_at) < older_than:
            return
        self._stored = await queries.list_keys(self._db.login(), moment - KEEP_AFTER)
        self._public = {key.kid: ECKey.import_key(key.public_jwk) for key in self._stored}
        self._loaded_at = moment
