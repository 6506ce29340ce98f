"""The subscriptions of the demo companies, through the same services as real ones.

The clinic has paid its first invoice. The carrier is on trial. The school has chosen a plan and not paid it yet.
"""

from typing import Final

from alquimista import clock
from alquimista.access import Actor, ActorKind
from alquimista.agents import service as agents
from alquimista.billing.models.agenda import Rules
from alquimista.billing.models.subscriptions import Cycle
from alquimista.billing.service import catalogue, collecting, subscribing, viewing
from alquimista.billing.service.advance import advance
from alquimista.billing.service.book import Book, open_book
from alquimista.billing.service.subscribing import Wanted
from alquimista.db.tenancy import tenant_transaction
from alquimista.demo.story import TENANTS, DemoTenant
from alquimista.payments.service import Providers
from alquimista.wiring import Services

_TRIAL_DAYS: Final = 30
_STAFF: Final = Actor(kind=ActorKind.SYSTEM, permissions=frozenset())


async def subscribe(services: Services) -> None:
    """Give the demo companies their subscriptions, once; at later starts, let their time pass.

    What the first two owe then is paid: a demo that was left alone for weeks still works.
    """
    _, trier, owing = TENANTS
    rules, providers = Rules.of(services.settings), Providers(services.settings)
    try:
        for tenant in TENANTS:
            async with tenant_transaction(services.db, tenant.id) as conn:
                book = await open_book(conn, tenant.id, rules, clock.now())
                if book.latest is not None:
                    await advance(book)
                elif tenant is trier:
                    await subscribing.grant_trial(book, await _wanted(book, tenant), _TRIAL_DAYS)
                else:
                    await subscribing.subscribe(book, await _wanted(book, tenant))
            if tenant is not owing:
                await _pay(services, providers, rules, tenant)
    finally:
        await providers.close()


async def _pay(services: Services, providers: Providers, rules: Rules, tenant: DemoTenant) -> None:
    owed = (await viewing.standing(services.db.tenant(tenant.id), tenant.id, rules)).owed
    if owed is not None:
        await collecting.received(services.db, providers, rules, _STAFF, tenant.id, owed.id, owed.total_cents)


async def _wanted(book: Book, tenant: DemoTenant) -> Wanted:
    """The plan, agents and SubNúcleos of the company's story, at the prices that are on sale now."""
    plan = next(one for one in await catalogue.plans(book.conn, clock.now()) if one.name == tenant.plan)
    known = {one.slug: one.id for one in await agents.catalogue(book.conn)}
    bundles = {one.name: one.id for one in await catalogue.subnucleos(book.conn)}
    chosen = tuple(known[slug] for slug in tenant.agents)
    return Wanted(plan.id, Cycle.MONTHLY, chosen, tuple(bundles[name] for name in tenant.subnucleos))
