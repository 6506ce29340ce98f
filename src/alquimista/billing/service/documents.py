"""An invoice as a spreadsheet reads it (CSV). The printed form is in printing.py."""

import csv
import io
from decimal import Decimal

from alquimista.billing.models.cells import plain
from alquimista.billing.models.invoices import Issued

_HEAD = (
    "number",
    "issued_on",
    "due_on",
    "status",
    "customer_name",
    "customer_cnpj",
    "position",
    "kind",
    "description",
    "quantity",
    "amount",
    "currency",
)


def as_csv(issued: Issued) -> bytes:
    """One row for each line, as RFC 4180 has it, in UTF-8 with the mark that spreadsheets look for.

    Amounts have a point and two decimals. A text that a spreadsheet would run is led by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEAD)
    invoice = issued.invoice
    for position, line in enumerate(issued.lines, 1):
        writer.writerow(
            (
                invoice.number,
                invoice.issued_at.date().isoformat(),
                invoice.due_on.isoformat(),
                invoice.status.value,
                plain(invoice.customer_name),
                invoice.customer_cnpj,
                position,
                line.kind.value,
                plain(line.description),
                line.quantity,
                f"{Decimal(line.amount_cents) / 100:.2f}",
                invoice.currency,
            )
        )
    return b"\xef\xbb\xbf" + out.getvalue().encode()
