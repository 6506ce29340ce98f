"""The key that signs the ends of the chains."""

from typing import Final

from alquimista.audit.models.heads import Signer
from alquimista.config import Settings
from alquimista.db.crypto import derive

_PURPOSE: Final = "signing of audit heads"


def signer(settings: Settings) -> Signer:
    """Signs with the installation's key. It derives from the secret key, of which the database holds nothing."""
    return Signer(derive(settings, _PURPOSE))
