"""The static BR Code of Pix: the text of "Pix copia e cola" and of its QR code, made without any service.

Banco Central do Brasil, "Manual de Padrões para Iniciação do Pix" and "Manual do BR Code", which profile EMVCo's
merchant-presented QR codes: fields of a two-digit id, a two-digit length and a value, closed by a CRC-16.
"""

import string
import unicodedata
from typing import Final
from uuid import UUID

_GUI: Final = "br.gov.bcb.pix"
_REAL: Final = "986"  # ISO 4217.
_NAME: Final = 25
_CITY: Final = 15
_TXID: Final = 25
_FIELD: Final = 99
_MAX_CENTS: Final = 10**12 - 1  # Thirteen characters with the point.
_DIGITS: Final = string.digits + string.ascii_uppercase


def br_code(key: str, name: str, city: str, amount_cents: int, txid: str, text: str = "") -> str:
    """The code for one payment to a Pix key.

    Args:
        key: as the settings accept it (config.pix_key).
        name: the receiver; accents are taken off and what is beyond 25 characters is cut.
        city: likewise, 15 characters.
        amount_cents: in reais' cents, from 1 on.
        txid: 1 to 25 letters and digits, by which the receiver's statement names the payment; see txid_of.
        text: for the payer, shortened to what the field still holds.

    Raises:
        ValueError: a part does not fit the format.
    """
    if not 1 <= amount_cents <= _MAX_CENTS:
        raise ValueError("a BR Code takes 1 cent to 9,999,999,999.99 reais")
    if not (1 <= len(txid) <= _TXID and txid.isascii() and txid.isalnum()) and txid != "***":
        raise ValueError("a txid is 1 to 25 letters and digits")
    receiver, place = plain(name)[:_NAME].strip(), plain(city)[:_CITY].strip()
    if not receiver or not place:
        raise ValueError("a BR Code names the receiver and the city")
    account = _field("00", _GUI) + _field("01", key)
    said = plain(text)[: max(0, _FIELD - len(account) - 4)].strip()
    parts = (
        _field("00", "01"),
        _field("26", account + (_field("02", said) if said else "")),
        _field("52", "0000"),
        _field("53", _REAL),
        _field("54", f"{amount_cents // 100}.{amount_cents % 100:02d}"),
        _field("58", "BR"),
        _field("59", receiver),
        _field("60", place),
        _field("62", _field("05", txid)),
        "6304",
    )
    code = "".join(parts)
    return f"{code}{crc16(code.encode('ascii')):04X}"


def txid_of(charge_id: UUID) -> str:
    """A charge's id in base 36: 25 letters and digits hold all of its 128 bits, so that a statement leads back."""
    number, digits = charge_id.int, ""
    for _ in range(_TXID):
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits


def charge_of(txid: str) -> UUID:
    """The charge of a txid. Raises ValueError when no charge can have it."""
    return UUID(int=int(txid, 36))


def plain(text: str) -> str:
    """The text in printable ASCII: letters lose their accents, anything else is left out."""
    folded = unicodedata.normalize("NFKD", text)
    return "".join(one for one in folded if " " <= one <= "~")


def crc16(data: bytes) -> int:
    """CRC-16/CCITT-FALSE: polynomial 0x1021, beginning at 0xFFFF, over the whole code up to and with "6304"."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _field(number: str, value: str) -> str:
    if not 1 <= len(value) <= _FIELD or not value.isascii():
        raise ValueError(f"field {number} of a BR Code takes 1 to {_FIELD} ASCII characters")
    return f"{number}{len(value):02d}{value}"
