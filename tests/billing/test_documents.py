"""An invoice on paper and in a spreadsheet, whatever its texts hold."""

import csv
import io
import re
import zlib
from base64 import a85decode
from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import factories
from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Issued, Kind, Line, LineKind
from alquimista.billing.service.documents import as_csv
from alquimista.billing.service.printing import as_pdf
from alquimista.clock import new_id
from alquimista.tenants.models import NewTenant, Tenant
from alquimista.tenants.service import prepare

NOW = datetime(2026, 3, 15, 1, tzinfo=UTC)  # Still the 14th in São Paulo.
LINES = (
    Line(LineKind.PLAN, "Plano Profissional", 1, 123_456),
    Line(LineKind.CARRIED, "Transferido", 1, 0),
    Line(LineKind.TAX, "ISS (5,00 %)", 1, 6_173),
    Line(LineKind.CREDIT, "Crédito usado", 1, -1_000),
)


def tenant_of(locale: str = "pt-BR") -> Tenant:
    new = NewTenant(name="Clínica Aurora", cnpj=factories.new_cnpj(), segment="saude", locale=locale)
    return prepare(new, new_id(), NOW)


def issued_of(lines: tuple[Line, ...] = LINES, **changes: object) -> Issued:
    fields: dict[str, object] = {
        "id": new_id(),
        "number": 12,
        "subscription_id": new_id(),
        "kind": Kind.RENEWAL,
        "status": InvoiceStatus.OPEN,
        "currency": "BRL",
        "subtotal_cents": 123_456,
        "tax_cents": 6_173,
        "credit_cents": 1_000,
        "total_cents": 128_629,
        "refunded_cents": 0,
        "customer_name": "Clínica Aurora",
        "customer_cnpj": "12ABC34501DE35",
        "issued_at": NOW,
        "due_on": date(2026, 3, 19),
        "paid_at": None,
        "voided_at": None,
    }
    return Issued(msgspec.convert(fields | changes, Invoice), lines)


def pages_of(pdf: bytes) -> list[str]:
    """What each page shows, in the order in which it is drawn."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        drawn = zlib.decompress(a85decode(stream.strip().removesuffix(b"~>"))).decode("latin-1")
        parts = re.findall(r"\(((?:\\.|[^\\)])*)\) Tj", drawn)
        found.append(" ".join(map(unescaped, parts)))
    return found


def unescaped(text: str) -> str:
    """A string of a PDF as text."""
    octal = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
    return re.sub(r"\\(.)", r"\1", octal).encode("latin-1").decode("cp1252").replace("\xa0", " ")


def rows_of(issued: Issued) -> list[dict[str, str]]:
    raw = as_csv(issued)
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def test_a_page_says_everything_in_portuguese():
    (page,) = pages_of(as_pdf(issued_of(), tenant_of()))
    for text in (
        "Fatura nº 12",
        "A pagar",
        "Clínica Aurora",
        "CNPJ 12.ABC.345/01DE-35",
        "14/03/2026",
        "19/03/2026",
        "Plano Profissional",
        "R$ 1.234,56",
        "Subtotal",
        "ISS (5,00 %)",
        "R$ 61,73",
        "-R$ 10,00",
        "R$ 1.286,29",
        "ABNT NBR 5891",
        "NFS-e",
        "Página 1 de 1",
    ):
        assert text in page, text


def test_a_page_speaks_english_to_whom_it_should():
    paid = issued_of(status=InvoiceStatus.REFUNDED, paid_at=NOW, refunded_cents=128_629)
    (page,) = pages_of(as_pdf(paid, tenant_of("en")))
    for text in ("Invoice no. 12", "Refunded", "R$1,234.56", "Paid on", "Paid back", "Page 1 of 1"):
        assert text in page, text


@pytest.mark.parametrize("status", list(InvoiceStatus))
@pytest.mark.parametrize("kind", list(Kind))
def test_every_status_and_kind_prints(status, kind):
    voided = NOW if status is InvoiceStatus.VOID else None
    assert pages_of(as_pdf(issued_of(status=status, kind=kind, voided_at=voided), tenant_of()))


def test_many_lines_take_many_pages_and_none_is_lost():
    lines = tuple(Line(LineKind.USAGE, f"Uso {n}.", 1, n) for n in range(200))
    pages = pages_of(as_pdf(issued_of(lines), tenant_of()))
    assert len(pages) > 4
    assert f"Página 1 de {len(pages)}" in pages[0]
    assert f"Página {len(pages)} de {len(pages)}" in pages[-1]
    everything = " ".join(pages)
    assert all(f"Uso {n}." in everything for n in range(200))
    assert sum(page.count("Descrição") for page in pages) >= len(pages) - 1, "the head of the table is repeated"


def test_the_same_invoice_gives_the_same_bytes():
    issued, tenant = issued_of(), tenant_of()
    assert as_pdf(issued, tenant) == as_pdf(issued, tenant)


HOSTILE = (
    "<b>A</b>",
    "A & B <para>",
    "</para>]]>",
    "&lt;",
    "=HYPERLINK(1)",
    "🦊 漢字 ţ",
    "A" * 200,
    "\x00\x1b[31m\u202eA",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_markup(name):
    lines = (Line(LineKind.PLAN, name, 1, 1), Line(LineKind.TAX, name, 1, 1), Line(LineKind.CREDIT, name, 1, -1))
    page = " ".join(pages_of(as_pdf(issued_of(lines, customer_name=name), tenant_of())))
    if name.isascii() and name.isprintable() and len(name) < 50:
        # Pieces of a line are drawn one by one, so that spaces say nothing.
        assert page.replace(" ", "").count(name.replace(" ", "")) == 4


@given(st.text(min_size=1, max_size=200))
@settings(max_examples=100, deadline=None)
def test_whatever_a_name_holds_it_prints_and_is_no_formula(name):
    issued = issued_of((Line(LineKind.PLAN, name, 1, 1),), customer_name=name)
    assert as_pdf(issued, tenant_of()).startswith(b"%PDF-")
    if "\r" not in name and "\n" not in name:
        (row,) = rows_of(issued)
        assert row["description"].replace("'", "") == name.replace("'", "")
        assert not row["description"].lstrip().startswith(("=", "+", "-", "@"))


def test_a_spreadsheet_has_a_row_for_each_line_that_adds_up():
    rows = rows_of(issued_of())
    assert [row["kind"] for row in rows] == ["plan", "carried", "tax", "credit"]
    assert [row["amount"] for row in rows] == ["1234.56", "0.00", "61.73", "-10.00"]
    assert (rows[0]["number"], rows[0]["due_on"], rows[0]["currency"]) == ("12", "2026-03-19", "BRL")
    assert as_csv(issued_of()).count(b"\r\n") == 5


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", " =1", "\xa0=1", "|x", "%x"])
def test_a_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(text):
    rows = rows_of(issued_of((Line(LineKind.PLAN, text, 1, -5),), customer_name=text))
    assert (rows[0]["description"], rows[0]["customer_name"], rows[0]["amount"]) == (f"'{text}", f"'{text}", "-0.05")
