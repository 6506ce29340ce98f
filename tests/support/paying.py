"""The providers of payments, each beside a fake server that speaks its HTTP on a real socket."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

from alquimista.clock import new_id
from alquimista.config import Settings
from alquimista.payments.gateway import Provider
from alquimista.payments.gateway.asaas import Asaas
from alquimista.payments.gateway.stripe import Stripe
from alquimista.payments.models import Notice, Order, OrderLine, Outcome, Payer, merge
from support import fake_asaas, fake_stripe
from support.fake_asaas import FakeAsaas
from support.fake_stripe import FakeStripe
from support.faults import Faulty
from support.listening import listening

SECRETS = (fake_stripe.KEY, fake_stripe.WEBHOOK_SECRET, fake_asaas.KEY, fake_asaas.TOKEN)


def settings_of(**more: Any) -> Settings:
    return Settings(
        secret_key="x" * 40,
        stripe_secret_key=fake_stripe.KEY,
        stripe_webhook_secret=fake_stripe.WEBHOOK_SECRET,
        asaas_api_key=fake_asaas.KEY,
        asaas_webhook_token=fake_asaas.TOKEN,
        pix_key="123e4567-e12b-12d1-a456-426655440000",
        pix_name="Alquimista Tecnologia",
        pix_city="São Paulo",
        **more,
    )


def settle(news: Iterable[Outcome]) -> Outcome:
    """The state that all of the news add up to."""
    return reduce(merge, news, Outcome.PENDING)


def order_of(**changes: Any) -> Order:
    """An order of 129.70 reais, which no float holds exactly."""
    fields: dict[str, Any] = {
        "tenant_id": new_id(),
        "charge_id": new_id(),
        "reference": "2026-000042",
        "description": "Plano Expert, agosto",
        "lines": (OrderLine("Plano Expert", 9_980), OrderLine("Agente avulso", 2_990)),
        "amount_cents": 12_970,
        "currency": "BRL",
        "due_on": datetime.now(UTC).date().replace(year=date.today().year + 1, day=5),  # noqa: DTZ011 - Any day ahead.
        "payer": Payer("Clínica Aurora Ltda", "12ABC34501DE35", "financeiro@aurora.example"),
        "customer_ref": None,
        "method_ref": None,
        "success_url": "https://app.example/billing/paid",
        "cancel_url": "https://app.example/billing",
    }
    return Order(**fields | changes)


@dataclass
class Rig:
    """A provider with its world: what payers do there comes back as webhooks.

    `paid`, `expired` and `refunded` make it so and give the webhook; `ways` counts what a payer could still pay;
    `stranger` is a provider at the same server with another key.
    """

    provider: Provider
    faults: Faulty
    paid: Callable[[str], tuple[dict[str, str], bytes]]
    expired: Callable[[str], tuple[dict[str, str], bytes]]
    refunded: Callable[[str], tuple[dict[str, str], bytes]]
    ways: Callable[[Order], int]
    stranger: Callable[[str], Provider]
    world: Any

    def told(self, webhook: tuple[dict[str, str], bytes], now: datetime | None = None) -> Notice:
        return self.provider.read(*webhook, now or datetime.now(UTC))


@asynccontextmanager
async def stripe_rig() -> AsyncIterator[Rig]:
    world = FakeStripe()
    faults = Faulty(world.app())
    async with listening(faults) as address:
        provider = Stripe(settings_of(), address=address, timeout_s=0.8, retries=0)

        def ways(order: Order) -> int:
            return sum(
                one["metadata"].get("charge_id") == str(order.charge_id) and one["status"] == "open"
                for key, one in world.objects.items()
                if key.startswith("cs_")
            )

        yield Rig(
            provider,
            faults,
            lambda ref: world.delivered(world.pay(ref)[0]),
            lambda ref: world.delivered(world.run_out(ref)),
            lambda ref: world.delivered(world.refunded(ref)),
            ways,
            lambda key: Stripe(replace(settings_of(), stripe_secret_key=key), address=address, retries=0),
            world,
        )
        await provider.close()


@asynccontextmanager
async def asaas_rig() -> AsyncIterator[Rig]:
    world = FakeAsaas()
    faults = Faulty(world.app())
    async with listening(faults) as address:
        provider = Asaas(settings_of(asaas_url=f"{address}/v3"), timeout_s=0.8)
        yield Rig(
            provider,
            faults,
            lambda ref: world.delivered(world.pay(ref)),
            lambda ref: world.delivered(world.delete(ref)),
            lambda ref: world.delivered(world.refunded(ref)),
            lambda order: len(world.alive(order.charge_id)),
            lambda key: Asaas(replace(settings_of(asaas_url=f"{address}/v3"), asaas_api_key=key)),
            world,
        )
        await provider.close()


RIGS = {"stripe": stripe_rig, "asaas": asaas_rig}
