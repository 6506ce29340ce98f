"""The providers of payments: the only code that speaks to them."""

from collections.abc import Callable
from typing import Final

from alquimista.config import Settings, payment_settings_missing, variable
from alquimista.errors import NotFound
from alquimista.payments.gateway.asaas import Asaas
from alquimista.payments.gateway.manual import Manual
from alquimista.payments.gateway.port import Provider
from alquimista.payments.gateway.stripe import Stripe
from alquimista.payments.models import NotConfigured

__all__ = ["Provider", "configured", "provider"]

_PROVIDERS: Final[dict[str, Callable[[Settings], Provider]]] = {"manual": Manual, "stripe": Stripe, "asaas": Asaas}


def provider(settings: Settings, name: str) -> Provider:
    """A provider with connections of its own: keep it for the life of the process, and close it.

    Raises:
        NotFound: there is none of this name.
        NotConfigured: its settings are missing; the message names them.
    """
    if name not in _PROVIDERS:
        raise NotFound
    missing = payment_settings_missing(settings, name)
    if missing:
        raise NotConfigured(settings=", ".join(variable(one) for one in missing), retry_after=3600)
    return _PROVIDERS[name](settings)


def configured(settings: Settings) -> tuple[str, ...]:
    """The names of the providers whose settings are there; `manual` always is."""
    return tuple(name for name in _PROVIDERS if not payment_settings_missing(settings, name))
