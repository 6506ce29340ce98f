"""An invoice as it is printed: A4, in the tenant's language, as many pages as its lines need.

The same invoice gives the same bytes. Making one is work for a thread: it costs some ten milliseconds.
"""

import io
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, KeepTogether, PageTemplate, Paragraph, Spacer, Table

from alquimista.billing.models.invoices import Invoice, InvoiceStatus, Issued, Kind, Line, LineKind
from alquimista.i18n import N_, Text
from alquimista.tenants.models import Tenant

PRODUCT: Final = "Alquimista"
_WIDTH, _HEIGHT = A4
_SIDE: Final = 18 * mm
_INSIDE: Final = _WIDTH - 2 * _SIDE
_INK, _FAINT, _RULE, _BAND, _ACCENT = (HexColor(c) for c in ("#1a1d24", "#687182", "#d9dde4", "#f5f6f8", "#5b3fd6"))
_BODY: Final = ParagraphStyle("body", fontName="Helvetica", fontSize=9, leading=12.5, textColor=_INK)
_RIGHT: Final = ParagraphStyle("right", _BODY, alignment=TA_RIGHT)
_SMALL: Final = ParagraphStyle("small", _BODY, fontSize=7.5, leading=10.5, textColor=_FAINT)
_LABEL: Final = ParagraphStyle("label", _SMALL, fontName="Helvetica-Bold", fontSize=7, leading=10)
_LABEL_RIGHT: Final = ParagraphStyle("label right", _LABEL, alignment=TA_RIGHT)
_STRONG: Final = ParagraphStyle("strong", _BODY, fontName="Helvetica-Bold", fontSize=10.5, leading=14)
_TOTAL: Final = ParagraphStyle("total", _RIGHT, fontName="Helvetica-Bold", fontSize=12, leading=16)
_TOTAL_NAME: Final = ParagraphStyle("total name", _TOTAL, alignment=0)

_STATUS: Final[dict[InvoiceStatus, tuple[Text, Color]]] = {
    InvoiceStatus.OPEN: (N_("To be paid"), HexColor("#b25e02")),
    InvoiceStatus.PAID: (N_("Paid"), HexColor("#1d7a46")),
    InvoiceStatus.VOID: (N_("Void"), HexColor("#687182")),
    InvoiceStatus.REFUNDED: (N_("Refunded"), HexColor("#687182")),
}
_KIND: Final[dict[Kind, Text]] = {
    Kind.FIRST: N_("First invoice of the subscription"),
    Kind.RENEWAL: N_("Renewal of the subscription"),
    Kind.CHANGE: N_("Change of plan"),
    Kind.USAGE: N_("Use beyond the plan"),
}
_ROUNDING: Final = N_(
    "Each amount is computed in whole cents. What does not come out even is rounded once, to the nearest cent, halves "
    "to the even cent (ABNT NBR 5891)."
)
_NOT_FISCAL: Final = N_(
    "This invoice is a statement of charges. It is not a fiscal document and does not replace the NFS-e."
)


def as_pdf(issued: Issued, tenant: Tenant) -> bytes:
    """The invoice as a PDF, in the tenant's language and days."""
    return _Print(issued, tenant).render()


class _Print:
    """One invoice on its way to paper."""

    def __init__(self, issued: Issued, tenant: Tenant) -> None:
        self.invoice: Invoice = issued.invoice
        self.lines: Sequence[Line] = issued.lines
        self.locale = tenant.locale
        self.zone = ZoneInfo(tenant.time_zone)
        self.title = self.say(N_("Invoice no. {number}", number=self.invoice.number))

    def render(self) -> bytes:
        """The pages. The first pass finds out how many there are."""
        pages = self._build(0)[1]
        return self._build(pages)[0]

    def _build(self, pages: int) -> tuple[bytes, int]:
        out = io.BytesIO()
        document = BaseDocTemplate(
            out,
            pagesize=A4,
            leftMargin=_SIDE,
            rightMargin=_SIDE,
            title=f"{PRODUCT} – {self.title}",
            author=PRODUCT,
            subject=_printable(self.invoice.customer_name),
            lang=self.locale,
            invariant=1,
        )
        first = Frame(_SIDE, 28 * mm, _INSIDE, _HEIGHT - 70 * mm, 0, 0, 0, 0, id="first")
        later = Frame(_SIDE, 28 * mm, _INSIDE, _HEIGHT - 54 * mm, 0, 0, 0, 0, id="later")
        document.addPageTemplates(
            [
                PageTemplate("first", [first], onPage=lambda c, _: self._head(c, pages), autoNextPageTemplate="later"),
                PageTemplate("later", [later], onPage=lambda c, _: self._running_head(c, pages)),
            ]
        )
        document.build(self._story())
        return out.getvalue(), document.page

    def _head(self, canvas: Canvas, pages: int) -> None:
        canvas.setFillColor(_ACCENT)
        canvas.rect(0, _HEIGHT - 5 * mm, _WIDTH, 5 * mm, stroke=0, fill=1)
        base = _HEIGHT - 24 * mm
        canvas.setFillColor(_INK)
        canvas.setFont("Helvetica-Bold", 19)
        canvas.drawString(_SIDE, base, PRODUCT)
        canvas.setFont("Helvetica-Bold", 14)
        canvas.drawRightString(_WIDTH - _SIDE, base + 1, self.title)
        name, color = _STATUS[self.invoice.status]
        word = self.say(name)
        width = canvas.stringWidth(word, "Helvetica-Bold", 8.5) + 14
        canvas.setFillColor(color)
        canvas.roundRect(_WIDTH - _SIDE - width, base - 8.5 * mm, width, 15, 7.5, stroke=0, fill=1)
        canvas.setFillColor(white)
        canvas.setFont("Helvetica-Bold", 8.5)
        canvas.drawCentredString(_WIDTH - _SIDE - width / 2, base - 8.5 * mm + 4.6, word)
        canvas.setFillColor(_FAINT)
        canvas.setFont("Helvetica", 9)
        canvas.drawString(_SIDE, base - 6.5 * mm, self.say(_KIND[self.invoice.kind]))
        self._foot(canvas, pages)

    def _running_head(self, canvas: Canvas, pages: int) -> None:
        canvas.setFillColor(_ACCENT)
        canvas.rect(0, _HEIGHT - 5 * mm, _WIDTH, 5 * mm, stroke=0, fill=1)
        canvas.setFillColor(_INK)
        canvas.setFont("Helvetica-Bold", 10)
        canvas.drawString(_SIDE, _HEIGHT - 16 * mm, PRODUCT)
        canvas.setFont("Helvetica", 9)
        canvas.drawRightString(_WIDTH - _SIDE, _HEIGHT - 16 * mm, self.title)
        self._foot(canvas, pages)

    def _foot(self, canvas: Canvas, pages: int) -> None:
        canvas.setStrokeColor(_RULE)
        canvas.line(_SIDE, 22 * mm, _WIDTH - _SIDE, 22 * mm)
        note = Paragraph(_markup(self.say(_NOT_FISCAL)), _SMALL)
        _, height = note.wrap(_INSIDE - 35 * mm, 20 * mm)
        note.drawOn(canvas, _SIDE, 19.5 * mm - height)
        canvas.setFillColor(_FAINT)
        canvas.setFont("Helvetica", 7.5)
        count = N_("Page {page} of {pages}", page=canvas.getPageNumber(), pages=pages)
        canvas.drawRightString(_WIDTH - _SIDE, 16.9 * mm, self.say(count))

    def _story(self) -> list[Flowable]:
        return [self._facts(), Spacer(0, 9 * mm), self._table(), Spacer(0, 5 * mm), KeepTogether(self._ending())]

    def _facts(self) -> Flowable:
        invoice = self.invoice
        customer = [
            self._label(N_("Customer")),
            Paragraph(_markup(invoice.customer_name), _STRONG),
            Paragraph(_markup(f"CNPJ {_cnpj(invoice.customer_cnpj)}"), _BODY),
        ]
        dates = [(N_("Issued on"), self.day(invoice.issued_at.astimezone(self.zone).date()))]
        dates.append((N_("Due on"), self.day(invoice.due_on)))
        if invoice.paid_at is not None:
            dates.append((N_("Paid on"), self.day(invoice.paid_at.astimezone(self.zone).date())))
        if invoice.voided_at is not None:
            dates.append((N_("Void since"), self.day(invoice.voided_at.astimezone(self.zone).date())))
        cells = [[self._label(name), Paragraph(_markup(value), _BODY)] for name, value in dates]
        widths = [_INSIDE - 32 * mm * len(cells), *[32 * mm] * len(cells)]
        style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", *_ALL, 8)]
        return Table([[customer, *cells]], colWidths=widths, style=style)

    def _table(self) -> Flowable:
        head = [
            self._label(N_("Description")),
            Paragraph(_markup(self.say(N_("Quantity"))), _LABEL_RIGHT),
            Paragraph(_markup(self.say(N_("Amount"))), _LABEL_RIGHT),
        ]
        rows = [
            [
                Paragraph(_markup(line.description), _BODY),
                Paragraph(self.number(line.quantity), _RIGHT),
                Paragraph(_markup(self.money(line.amount_cents)), _RIGHT),
            ]
            for line in self.lines
            if line.kind not in {LineKind.TAX, LineKind.CREDIT}
        ]
        style: list[Any] = [
            ("BACKGROUND", (0, 0), (-1, 0), _BAND),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, _RULE),
            ("VALIGN", *_ALL, "TOP"),
            ("TOPPADDING", *_ALL, 5),
            ("BOTTOMPADDING", *_ALL, 6),
        ]
        return Table(
            [head, *rows], colWidths=[_INSIDE - 62 * mm, 26 * mm, 36 * mm], repeatRows=1, style=style, splitInRow=0
        )

    def _ending(self) -> list[Flowable]:
        invoice = self.invoice
        rows = [(self.say(N_("Subtotal")), invoice.subtotal_cents)]
        rows += [(line.description, line.amount_cents) for line in self.lines if line.kind is LineKind.TAX]
        if not invoice.tax_cents:
            rows.append((self.say(N_("Taxes")), 0))
        rows += [(line.description, line.amount_cents) for line in self.lines if line.kind is LineKind.CREDIT]
        cells = [[Paragraph(_markup(name), _BODY), Paragraph(_markup(self.money(c)), _RIGHT)] for name, c in rows]
        total = Paragraph(_markup(self.money(invoice.total_cents)), _TOTAL)
        cells.append([Paragraph(_markup(self.say(N_("Total"))), _TOTAL_NAME), total])
        style: list[Any] = [
            ("LINEABOVE", (0, len(rows)), (-1, len(rows)), 1, _INK),
            ("TOPPADDING", (0, len(rows)), (-1, len(rows)), 6),
        ]
        if invoice.refunded_cents:
            name = Paragraph(_markup(self.say(N_("Paid back"))), _BODY)
            cells.append([name, Paragraph(_markup(self.money(-invoice.refunded_cents)), _RIGHT)])
        sums = Table(cells, colWidths=[42 * mm, 38 * mm], hAlign="RIGHT", style=style)
        return [sums, Spacer(0, 10 * mm), Paragraph(_markup(self.say(_ROUNDING)), _SMALL)]

    def _label(self, text: Text) -> Paragraph:
        return Paragraph(_markup(self.say(text)), _LABEL)

    def say(self, text: Text) -> str:
        return text.render(self.locale)

    def day(self, day: date) -> str:
        return format_date(day, "dd/MM/yyyy", locale=self._babel)

    def money(self, cents: int) -> str:
        return str(format_currency(Decimal(cents) / 100, self.invoice.currency, locale=self._babel))

    def number(self, value: int) -> str:
        return str(format_decimal(value, locale=self._babel))

    @property
    def _babel(self) -> str:
        return self.locale.replace("-", "_")


_ALL: Final = ((0, 0), (-1, -1))


def _cnpj(text: str) -> str:
    return f"{text[:2]}.{text[2:5]}.{text[5:8]}/{text[8:12]}-{text[12:]}"


def _markup(text: str) -> str:
    """A text as a Paragraph shows it: nothing in it is markup."""
    return escape(_printable(text))


def _printable(text: str) -> str:
    """The text in the letters that every PDF reader has; others by what they are made of, or as a question mark."""
    return "".join(_letter(letter) for letter in text if unicodedata.category(letter)[0] != "C")


def _letter(letter: str) -> str:
    for form in (letter, unicodedata.normalize("NFKD", letter)):
        kept = form.encode("cp1252", "ignore").decode("cp1252")
        if kept:
            return kept
    return "?"
