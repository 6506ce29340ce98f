"""The only SQL on plans, add-ons and SubNúcleos."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from alquimista.agents.models.agents import Source
from alquimista.billing.models.catalogue import (
    AddonVersion,
    Catalogue,
    HeldSubNucleo,
    PlanVersion,
    StoredSubNucleo,
    SubNucleo,
)
from alquimista.db.statement import Conn, NoRow, Statement

PLAN: Final = """SELECT name, display_name, description, currency, price_monthly_cents, price_yearly_cents,
  max_subnucleos, max_agents, max_users, max_requests_per_month, includes_fibonacci, features, overage_tiers,
  sort_order, id, version, source, valid_from, valid_to FROM public.subscription_plans"""
ADDON: Final = """SELECT name, kind, display_name, description, currency, price_monthly_cents, price_yearly_cents, id,
  version, source, valid_from, valid_to FROM public.subscription_addons"""
_SUBNUCLEO: Final = """SELECT s.name, s.display_name, s.description, s.category, s.sort_order,
    coalesce(array_agg(a.slug ORDER BY a.number, a.slug) FILTER (WHERE sa.is_required), '{}') AS required,
    coalesce(array_agg(a.slug ORDER BY a.number, a.slug) FILTER (WHERE NOT sa.is_required), '{}') AS optional,
    s.id, s.source
  FROM public.subnucleos s
  LEFT JOIN public.subnucleo_agents sa ON sa.subnucleo_id = s.id
  LEFT JOIN alquimista_platform.agents a ON a.id = sa.agent_id
  GROUP BY s.id"""

PLANS = Statement(f"{PLAN} ORDER BY sort_order, name, version DESC", PlanVersion)

END_PLAN = Statement("UPDATE public.subscription_plans SET valid_to = %(moment)s WHERE id = %(id)s", NoRow)

ADD_PLAN = Statement(
    """
    INSERT INTO public.subscription_plans (id, name, version, display_name, description, currency, price_monthly_cents,
      price_yearly_cents, max_subnucleos, max_agents, max_users, max_requests_per_month, includes_fibonacci, features,
      overage_tiers, sort_order, source, valid_from, created_at)
    VALUES (%(id)s, %(name)s, %(version)s, %(display_name)s, %(description)s, %(currency)s, %(price_monthly_cents)s,
      %(price_yearly_cents)s, %(max_subnucleos)s, %(max_agents)s, %(max_users)s, %(max_requests_per_month)s,
      %(includes_fibonacci)s, %(features)s, %(overage_tiers)s, %(sort_order)s, %(source)s, %(valid_from)s, %(now)s)
    """,
    NoRow,
)

ADDONS = Statement(f"{ADDON} ORDER BY name, version DESC", AddonVersion)

END_ADDON = Statement("UPDATE public.subscription_addons SET valid_to = %(moment)s WHERE id = %(id)s", NoRow)

ADD_ADDON = Statement(
    """
    INSERT INTO public.subscription_addons (id, name, version, kind, display_name, description, currency,
      price_monthly_cents, price_yearly_cents, source, valid_from, created_at)
    VALUES (%(id)s, %(name)s, %(version)s, %(kind)s, %(display_name)s, %(description)s, %(currency)s,
      %(price_monthly_cents)s, %(price_yearly_cents)s, %(source)s, %(valid_from)s, %(now)s)
    """,
    NoRow,
)

SUBNUCLEOS = Statement(f"{_SUBNUCLEO} ORDER BY s.sort_order, s.name", StoredSubNucleo)

CATALOGUE = Statement(
    f"""
    SELECT
      (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.sort_order, p.name, p.version DESC), '[]')
        FROM ({PLAN}) AS p) AS plans,
      (SELECT coalesce(jsonb_agg(to_jsonb(a) ORDER BY a.name, a.version DESC), '[]') FROM ({ADDON}) AS a) AS addons,
      (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.sort_order, s.name), '[]') FROM ({_SUBNUCLEO}) AS s)
        AS subnucleos,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'slug', a.slug, 'name', a.name,
          'description', a.description, 'status', a.status) ORDER BY a.number NULLS LAST, a.slug), '[]')
        FROM alquimista_platform.agents AS a) AS agents
    """,  # noqa: S608 - The interpolations are the constants above.
    Catalogue,
)

HELD_SUBNUCLEOS = Statement(
    """
    SELECT s.id, s.name, s.display_name, s.description,
      coalesce(jsonb_agg(jsonb_build_object('agent_id', a.id, 'slug', a.slug, 'name', a.name,
          'required', sa.is_required, 'offered', a.status = 'active')
        ORDER BY sa.is_required DESC, a.number, a.slug) FILTER (WHERE a.id IS NOT NULL), '[]') AS members,
      ts.activated_at AS held_since
    FROM public.subnucleos s
    LEFT JOIN public.subnucleo_agents sa ON sa.subnucleo_id = s.id
    LEFT JOIN alquimista_platform.agents a ON a.id = sa.agent_id
    LEFT JOIN public.tenant_subnucleos ts
      ON ts.tenant_id = %(tenant_id)s AND ts.subnucleo_id = s.id AND ts.status = 'active'
    GROUP BY s.id, ts.activated_at ORDER BY s.sort_order, s.name
    """,
    HeldSubNucleo,
)

PUT_SUBNUCLEO = Statement(
    """
    INSERT INTO public.subnucleos (id, name, display_name, description, category, sort_order, source, created_at,
      updated_at)
    VALUES (%(id)s, %(name)s, %(display_name)s, %(description)s, %(category)s, %(sort_order)s, %(source)s, %(now)s,
      %(now)s)
    ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name, description = excluded.description,
      category = excluded.category, sort_order = excluded.sort_order, source = excluded.source,
      updated_at = excluded.updated_at
    """,
    NoRow,
)

DROP_MEMBERS = Statement("DELETE FROM public.subnucleo_agents WHERE subnucleo_id = %(id)s", NoRow)

ADD_MEMBERS = Statement(
    """
    INSERT INTO public.subnucleo_agents (subnucleo_id, agent_id, is_required)
    SELECT %(id)s, a.id, a.slug = ANY (%(required)s::text[])
    FROM alquimista_platform.agents a WHERE a.slug = ANY (%(agents)s::text[])
    """,
    NoRow,
)


async def catalogue(conn: Conn) -> Catalogue:
    """All of it."""
    found = await conn.fetch_one(CATALOGUE)
    assert found is not None
    return found


async def plans(conn: Conn) -> list[PlanVersion]:
    """Every version of every plan, in the catalogue's order, the latest of each first."""
    return await conn.fetch(PLANS)


async def end_plan(conn: Conn, plan_id: UUID, moment: datetime | None) -> None:
    """Take a version off sale from a moment on; None: it has no end."""
    await conn.execute(END_PLAN, id=plan_id, moment=moment)


async def add_plan(conn: Conn, plan: PlanVersion, now: datetime) -> None:
    """Write a version of a plan."""
    values = {name: getattr(plan, name) for name in PlanVersion.__struct_fields__ if name != "valid_to"}
    values["features"] = Jsonb(list(plan.features))
    values["overage_tiers"] = Jsonb(msgspec.to_builtins(plan.overage_tiers))
    await conn.execute(ADD_PLAN, **values, now=now)


async def addons(conn: Conn) -> list[AddonVersion]:
    """Every version of every add-on, the latest of each first."""
    return await conn.fetch(ADDONS)


async def end_addon(conn: Conn, addon_id: UUID, moment: datetime | None) -> None:
    """Take a version off sale from a moment on; None: it has no end."""
    await conn.execute(END_ADDON, id=addon_id, moment=moment)


async def add_addon(conn: Conn, addon: AddonVersion, now: datetime) -> None:
    """Write a version of an add-on."""
    values = {name: getattr(addon, name) for name in AddonVersion.__struct_fields__ if name != "valid_to"}
    await conn.execute(ADD_ADDON, **values, now=now)


async def subnucleos(conn: Conn) -> list[StoredSubNucleo]:
    """Every SubNúcleo with its agents, in the catalogue's order."""
    return await conn.fetch(SUBNUCLEOS)


async def held_subnucleos(conn: Conn, tenant_id: UUID) -> list[HeldSubNucleo]:
    """Every SubNúcleo with its agents, and since when the tenant's subscription has it."""
    return await conn.fetch(HELD_SUBNUCLEOS, tenant_id=tenant_id)


async def put_subnucleo(conn: Conn, subnucleo_id: UUID, one: SubNucleo, source: Source, now: datetime) -> int:
    """Write a SubNúcleo and its members; how many of them the catalogue knows."""
    values = {name: getattr(one, name) for name in ("name", "display_name", "description", "category", "sort_order")}
    await conn.execute(PUT_SUBNUCLEO, id=subnucleo_id, **values, source=source.value, now=now)
    await conn.execute(DROP_MEMBERS, id=subnucleo_id)
    return await conn.execute(ADD_MEMBERS, id=subnucleo_id, required=list(one.required), agents=list(one.agents))
