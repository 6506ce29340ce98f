"""The list of companies among 2,000: right under every combination of filters, and read without their history."""

import json
import random
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import factories
from alquimista.access import PLATFORM_TENANT
from alquimista.clock import new_id
from alquimista.dashboards import service
from alquimista.dashboards.api.staff import TenantsQuery
from alquimista.dashboards.models.staff import SortBy
from alquimista.dashboards.queries.tenants import LISTINGS
from alquimista.db.tenancy import staff_transaction

NOW = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)  # Still the 19th in São Paulo.
COUNT, DAYS = 2_000, 60
ZONES = ("America/Sao_Paulo", "UTC", "Asia/Tokyo")
WORDS = (
    "Clínica",
    "AÇAÍ",
    "São José",
    "Ávila",
    "avila",
    "100%",
    "a_b",
    "back\\slash",
    "D'Ávila",
    "Vitória-Ré",
    "Zé",
)
PLANS, SEGMENTS = ("starter", "profissional", "expert"), ("saude", "varejo", "Educação")
STATUSES = ("active", "inactive", "suspended")


@dataclass
class Company:
    id: UUID
    name: str
    cnpj: str
    segment: str
    plan: str
    status: str
    mrr_cents: int
    created_at: datetime
    zone: str
    agents: int  # Active ones, of two.
    people: int  # Active ones, of three.
    per_day: int

    @property
    def lately(self) -> int:
        """Days are written up to the 20th; those of the future do not count yet."""
        first = NOW.astimezone(ZoneInfo(self.zone)).date() - timedelta(days=29)
        written = (NOW.date() - timedelta(days=back) for back in range(DAYS))
        return sum(self.per_day for day in written if first <= day <= first + timedelta(days=29)) if self.agents else 0


def folded(text: str) -> str:
    split = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in split if not unicodedata.combining(letter)).lower()
    return re.sub("[-\u2010\u2012-\u2015]", " ", plain)


def made(seed: int) -> list[Company]:
    dice = random.Random(seed)
    return [
        Company(
            id=new_id(),
            name=" ".join(dice.sample(WORDS, dice.randint(1, 2))),
            cnpj=factories.new_cnpj(),
            segment=dice.choice(SEGMENTS),
            plan=dice.choice(PLANS),
            status=dice.choice(STATUSES),
            mrr_cents=dice.choice((0, 29_700, 69_700, 129_199)),
            created_at=NOW - timedelta(days=dice.randint(0, 20)),
            zone=dice.choice(ZONES),
            agents=dice.randint(0, 2),
            people=dice.randint(0, 3),
            per_day=dice.randint(1, 9),
        )
        for _ in range(COUNT)
    ]


@pytest.fixture(scope="module")
async def companies(db, migrated):
    """Written by the superuser: the way there is not the point."""
    agents = [(await factories.make_agent(db)).id for _ in range(2)]
    people = [(await factories.make_user(db)).id for _ in range(3)]
    found = made(7)
    tenant = "alquimista_platform.tenant"
    async with await psycopg.AsyncConnection.connect(migrated.admin_url, autocommit=True) as conn, conn.cursor() as cur:
        await cur.executemany(
            f"INSERT INTO {tenant}s (id, name, cnpj, segment, plan, standing, mrr_cents, plan_max_agents,"
            " plan_max_users, plan_max_requests_per_month, time_zone, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, 8, 3, 1, %s, %s, %s)",
            [
                (c.id, c.name, c.cnpj, c.segment, c.plan, c.status, c.mrr_cents, c.zone, c.created_at, NOW)
                for c in found
            ],
        )
        await cur.executemany(
            f"INSERT INTO {tenant}_agents (tenant_id, agent_id, status, activated_at, deactivated_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (c.id, agent, *(("active", NOW, None) if place < c.agents else ("inactive", NOW, NOW)), NOW)
                for c in found
                for place, agent in enumerate(agents)
            ],
        )
        await cur.executemany(
            f"INSERT INTO {tenant}_users (tenant_id, user_id, role, status, created_at, updated_at)"
            " VALUES (%s, %s, 'TENANT_USER', %s, %s, %s)",
            [
                (c.id, person, "active" if place < c.people else "deactivated", NOW, NOW)
                for c in found
                for place, person in enumerate(people)
            ],
        )
        await cur.executemany(
            f"INSERT INTO {tenant}_usage_daily SELECT %s, %s::date - d, %s, 'BRL', %s, 0, 1, 0, 0, 0, 1"
            " FROM generate_series(0, %s) d",
            [(c.id, NOW.date(), agents[0], c.per_day, DAYS - 1) for c in found if c.agents],
        )
        await conn.execute("VACUUM ANALYZE")
    return found


def expected(companies: list[Company], query: TenantsQuery) -> list[Company]:
    """The same by plain Python."""
    search = folded(" ".join(query.search.split()))
    digits = "".join(letter for letter in query.search if letter not in " ./-").upper()
    found = [
        one
        for one in companies
        if query.status in {"all", one.status}
        and query.plan in {None, one.plan}
        and query.segment in {None, one.segment}
        and (search in folded(one.name) or (digits and digits in one.cnpj))
    ]
    keys = {
        SortBy.NAME: lambda one: folded(one.name),
        SortBy.CREATED_AT: lambda one: one.created_at,
        SortBy.MRR: lambda one: one.mrr_cents,
    }
    found.sort(key=lambda one: one.id)  # Both sorts are stable, the one downwards too.
    return sorted(found, key=keys[query.sort_by], reverse=query.sort_order == "desc")


async def listed(db, query: TenantsQuery):
    return await service.tenant_list(db.staff(), query, query.limit, query.offset, NOW)


def searches() -> st.SearchStrategy[str]:
    words = [
        "",
        "  ",
        "avila",
        "ÁVILA",
        "açaí",
        "acai",
        "São  josé",
        "sao jose",
        "%",
        "_",
        "a_b",
        "\\",
        "'",
        "zzz",
        "100%",
    ]
    return st.one_of(st.sampled_from(words), st.text("abcÁçãs%_'12 .-/", max_size=4))


@given(
    query=st.builds(
        TenantsQuery,
        status=st.sampled_from(["all", *STATUSES]),
        plan=st.sampled_from([None, *PLANS, "nothing"]),
        segment=st.sampled_from([None, *SEGMENTS]),
        search=searches(),
        sort_by=st.sampled_from(SortBy),
        sort_order=st.sampled_from(["asc", "desc"]),
        limit=st.integers(1, 100),
        offset=st.sampled_from([0, 1, 49, 150, 1_999, 2_000, 100_000]),
    )
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_every_combination_answers_what_plain_python_would(db, companies, query):
    answer = await listed(db, query)
    wanted = expected(companies, query)
    page = wanted[query.offset : query.offset + query.limit]
    assert answer.total == len(wanted)
    assert (answer.limit, answer.offset) == (query.limit, query.offset)
    assert [row.id for row in answer.tenants] == [one.id for one in page]
    for row, one in zip(answer.tenants, page, strict=True):
        assert (row.name, row.cnpj, row.segment, row.plan, row.status) == (
            one.name,
            one.cnpj,
            one.segment,
            one.plan,
            one.status,
        )
        assert row.mrr_estimate == one.mrr_cents / 100
        assert (row.active_agents, row.active_users) == (one.agents, one.people)
        assert row.requests_last_30_days == one.lately


async def test_a_cnpj_is_found_with_and_without_its_punctuation(db, companies):
    one = companies[COUNT // 2]
    c = one.cnpj
    dotted = f"{c[:2]}.{c[2:5]}.{c[5:8]}/{c[8:12]}-{c[12:]}"
    for search in (c, c.lower(), dotted, dotted.lower(), f"  {dotted} ", dotted[:12]):
        answer = await listed(db, TenantsQuery(search=search))
        assert one.id in {row.id for row in answer.tenants}, search
        assert answer.total < 5


async def test_pages_meet_each_company_once_and_never_the_platform(db, companies):
    for sort_by in SortBy:
        seen: list[UUID] = []
        for offset in range(0, COUNT + 100, 100):
            query = TenantsQuery(sort_by=sort_by, sort_order="desc", limit=100, offset=offset)
            seen += [row.id for row in (await listed(db, query)).tenants]
        assert len(seen) == COUNT
        assert set(seen) == {one.id for one in companies}
        assert PLATFORM_TENANT not in seen


def nodes(node: dict[str, Any]):
    for child in node.get("Plans", ()):
        yield from nodes(child)
    yield {key: value for key, value in node.items() if key != "Plans"}


@pytest.mark.parametrize("mode", ["force_generic_plan", "force_custom_plan"])
@pytest.mark.parametrize("which", LISTINGS, ids=lambda which: f"{which[0]} {which[1]}")
async def test_a_page_reads_the_days_of_its_own_companies_only(db, companies, which, mode):
    assert companies
    params = {
        "platform": ("uuid", PLATFORM_TENANT),
        "status": ("text", "all"),
        "plan": ("text", None),
        "segment": ("text", None),
        "search": ("text", ""),
        "cnpj": ("text", ""),
        "limit": ("bigint", 50),
        "offset": ("bigint", 0),
        "now": ("timestamptz", NOW),
    }
    text, names = LISTINGS[which].positional
    async with staff_transaction(db) as conn:
        await conn.raw.execute(f"SET LOCAL plan_cache_mode = {mode}")
        await conn.raw.execute(f"PREPARE listing ({', '.join(params[name][0] for name in names)}) AS {text}")
        values = ", ".join("NULL" if params[name][1] is None else f"'{params[name][1]}'" for name in names)
        row = await (
            await conn.raw.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE listing ({values})")
        ).fetchone()
        await conn.raw.execute("DEALLOCATE listing")
    assert row is not None
    plan = row[0] if isinstance(row[0], list) else json.loads(row[0])
    scans = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "tenant_usage_daily"]
    assert len(scans) == 1, "one join, not a sub-select for each company"
    (scan,) = scans
    assert "tenant_id" in scan["Index Cond"], scan
    assert "day" in scan["Index Cond"], scan
    rows = (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"]
    assert rows <= 50 * 31
