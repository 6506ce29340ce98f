"""Revenue over HTTP: who reads it, how long an answer lives, what is audited, and the table for spreadsheets."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

import factories
from alquimista import clock
from alquimista.access import PLATFORM_TENANT, Role
from alquimista.billing.models.ledger import Movement
from alquimista.billing.models.revenue import (
    DEFINITIONS,
    Books,
    DayMoves,
    RevenueDay,
    RevenuePeriod,
    Sum,
    cell,
    overview,
)
from alquimista.billing.service import revenue
from alquimista.db.statement import Statement
from support.billing import customer, load_catalogue
from support.identity import eventually
from support.reference import DOCS
from support.whole import whole

PATH = "/internal/billing/overview"


class Action(msgspec.Struct, frozen=True):
    action: str
    resource_id: str


AUDIT = Statement(
    "SELECT action, resource_id FROM alquimista_platform.audit_logs WHERE tenant_id = %(tenant_id)s", Action
)


@pytest.fixture(scope="module")
async def process(db, settings):
    await load_catalogue(db)
    async with whole(settings) as running:
        yield running


async def client_of(process, db, role):
    person = await factories.make_user(db, role=role)
    return process.client(await process.token(person.email, person.password))


async def payer(db, segment):
    """A company that has just paid for its first month."""
    one = await customer(db, segment=segment)
    one.now = clock.now()
    await one.pay(await one.subscribe("starter"))
    return one


async def reads(db):
    rows = await db.tenant(PLATFORM_TENANT).fetch(AUDIT, tenant_id=PLATFORM_TENANT)
    return [row.resource_id for row in rows if row.action == "platform.read"]


async def test_administrators_read_it_and_support_does_not(process, db):
    async with await client_of(process, db, Role.INTERNAL_SUPPORT) as support:
        assert (await support.get(PATH)).status_code == 403
        assert (await support.get(f"{PATH}.csv")).status_code == 403
    async with await client_of(process, db, Role.INTERNAL_ADMIN) as admin:
        assert (await admin.get(PATH)).status_code == 200
        wrong = await admin.get(PATH, params={"period": "1y"})
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "period")


async def test_a_kept_answer_is_audited_too_and_a_movement_replaces_it(process, db):
    async with await client_of(process, db, Role.INTERNAL_ADMIN) as admin:
        before = len(await reads(db))
        first = await admin.get(PATH, params={"period": "7d"})
        again = await admin.get(PATH, params={"period": "7d"})
        assert (first.headers["x-cache-status"], again.headers["x-cache-status"]) == ("MISS", "HIT")
        assert again.headers["cache-control"] == "private, max-age=0, must-revalidate"
        assert (await reads(db))[before:] == [PATH, PATH]
        await payer(db, "acabou de pagar")

        async def seen():
            return "acabou de pagar" in (await admin.get(PATH, params={"period": "7d"})).text

        await eventually(seen)


async def test_the_figures_in_the_founding_shape_and_the_readers_language(process, db):
    await payer(db, "forma")
    async with await client_of(process, db, Role.INTERNAL_ADMIN) as admin:
        found = (await admin.get(PATH, params={"period": "90d"})).json()
        assert (found["period"], found["currency"], len(found["revenue_trend"])) == ("90d", "BRL", 90)
        line = next(one for one in found["by_segment"] if one["segment"] == "forma")
        assert line == {"segment": "forma", "tenant_count": 1, "total_mrr": 297.0}
        assert found["definitions"]["total_arr"] == "Annual recurring revenue: 12 times the MRR."
        told = await admin.get(PATH, params={"period": "90d"}, headers={"accept-language": "pt-BR"})
        assert told.json()["definitions"]["total_arr"] == "Receita recorrente anual: 12 vezes a MRR."


async def test_the_days_as_a_table_that_a_spreadsheet_opens(process, db):
    await payer(db, "planilha")
    async with await client_of(process, db, Role.INTERNAL_ADMIN) as admin:
        answer = await admin.get(f"{PATH}.csv", params={"period": "7d"})
        figures = (await admin.get(PATH, params={"period": "7d"})).json()["revenue_trend"]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.fullmatch(r'attachment; filename="revenue-7d-\d{4}-\d\d-\d\d.csv"', answer.headers["content-disposition"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbfdate,mrr,")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [one["date"] for one in lines] == [one["date"] for one in figures]
    assert lines[-1]["mrr"] == f"{figures[-1]['mrr']:.2f}"
    assert lines[-1]["new_tenants"] == str(figures[-1]["new_tenants"])
    assert f"{PATH}.csv" in await reads(db)


def test_a_cell_is_never_run_as_a_formula():
    for formula in ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1+1", "\u200b=1", "|cmd", "%1"):
        assert cell(formula) == f"'{formula}"
    for text, safe in (
        ("Acme;=cmd|' /C calc'!A0;x", "Acme;'=cmd|' /C calc'!A0;x"),
        ('a, b; "=1+1', "a, b; \"'=1+1"),
        ("a;-3+cmd|x;+1", "a;'-3+cmd|x;+1"),
        ("a\n@SUM(A1)\t%x", "a\n'@SUM(A1)\t'%x"),
        (";=1,=2", ";'=1,'=2"),
        ("\t=1", "'\t'=1"),
    ):
        assert cell(text) == safe
    for plain in ("a; b", "R$ 1.234,56; -3", "a=b; c+d@e", "1, -2,5%; 3", "it's; so"):
        assert cell(plain) == plain
    assert (cell("saude"), cell(-1), cell(297.0), cell(date(2026, 3, 1))) == ("saude", "-1", "297.00", "2026-03-01")


def test_amounts_are_written_with_two_decimals_at_most():
    for amount in (1, 29, 57, 115, 24_750, 10**12 + 1, 999_999_999_999_99):
        books = Books(0, [Sum("a", 3, amount)], [Sum("b", 3, amount)], [])
        found = overview(RevenuePeriod.WEEK, date(2026, 3, 1), books, "en")
        for number in re.findall(rb"-?\d+\.\d+", msgspec.json.encode(found)):
            assert len(number.partition(b".")[2]) <= 2, (amount, number)


def test_losses_are_told_above_zero_and_an_empty_platform_has_no_average():
    lost = DayMoves(date(2026, 3, 1), Movement.CHURNED, 2, -500)
    found = overview(RevenuePeriod.WEEK, date(2026, 3, 1), Books(500, [], [], [lost]), "en")
    assert found.financial_summary.avg_mrr_per_tenant is None
    assert found.financial_summary.churned_mrr_this_period == 5.0
    assert found.revenue_trend[-1] == RevenueDay(date(2026, 3, 1), 0.0, 0, 2, 0.0, 0.0, 0.0, 5.0, 0.0)
    assert [day.mrr for day in found.revenue_trend[:-1]] == [5.0] * 6


async def test_a_day_is_sao_paulos(db, process):
    """A payment at 23:30 in São Paulo, when the next day has begun in UTC, counts for its own day."""

    one = await customer(db, segment="fuso")
    one.now = datetime(2026, 6, 10, 2, 30, tzinfo=UTC)
    await one.pay(await one.subscribe("starter"))
    days = await revenue.trend(db.staff(), RevenuePeriod.WEEK, one.now + timedelta(minutes=1))
    assert (days[-1].date, days[-1].new_tenants) == (date(2026, 6, 9), 1)


def test_the_documentation_says_what_the_tooltips_say():
    page = (DOCS / "billing.md").read_text()
    section = page.partition("## Revenue")[2].partition("\n## ")[0]
    told = dict(re.findall(r"^- `(\w+)`: (.+(?:\n  .+)*)", section, re.MULTILINE))
    assert {name: " ".join(text.split()) for name, text in told.items()} == {
        name: str(text) for name, text in DEFINITIONS.items()
    }
