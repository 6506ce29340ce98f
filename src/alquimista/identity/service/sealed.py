"""Rotation of the key that seals identity's secrets."""

from alquimista.db.crypto import Sealed, Sealer
from alquimista.db.statement import Conn
from alquimista.identity.models.keys import seal_context, totp_context
from alquimista.identity.queries import sealed as queries


async def reseal(conn: Conn, sealer: Sealer) -> int:
    """Seal again, with the active key, what older keys sealed; how many secrets changed. Takes the login role.

    Raises:
        SealError: an old key is not configured any more.
    """
    active = sealer.active_key_id
    keys = await queries.old_signing_keys(conn, active)
    for key in keys:
        context = seal_context(key.kid)
        clear = sealer.open(Sealed(key.key_id, key.private_ciphertext), context)
        await queries.set_signing_key(conn, key.kid, active, sealer.seal(clear, context).ciphertext)
    factors = await queries.old_factors(conn, active)
    for factor in factors:
        context = totp_context(factor.user_id)
        clear = sealer.open(Sealed(factor.totp_key_id, factor.totp_ciphertext), context)
        await queries.set_factor(conn, factor.user_id, active, sealer.seal(clear, context).ciphertext)
    return len(keys) + len(factors)
