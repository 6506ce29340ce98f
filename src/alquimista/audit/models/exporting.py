"""A tenant's chain as a file that proves itself: JSON Lines, read and verified without any database.

The first line is a Header, each further one a Sealed, the last one the Head of the last of them. In a company's own
export, what staff did is a Withheld in the place of the Sealed.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from alquimista.audit.models.chain import Sealed, Withheld, by_staff
from alquimista.audit.models.heads import Head, genuine, key_id
from alquimista.audit.models.showing import STAFF
from alquimista.audit.models.verifying import Report, Verifier, What
from alquimista.i18n import N_

FORMAT: Final = "alquimista.audit.v1"


class Header(msgspec.Struct, frozen=True, tag_field="kind", tag="header", forbid_unknown_fields=True):
    """What the file is. The public key is in base64."""

    format: str
    tenant_id: str
    exported_at: str
    public_key: str


class NotAnExport(Exception):  # noqa: N818 - It is told as a fact.
    """The file is no export of the audit. The message is one sentence."""


def withheld(row: Sealed) -> Sealed:
    """A row for its company: of what staff did, without their address, IP and software, which are not its business.

    The digest stays, and the salt goes: with it, a guess at the address could be checked.
    """
    if row.actor_salt is None or not by_staff(row):
        return row
    empty = {"actor_salt": None, "actor_email": "", "actor_name": "", "ip": None, "user_agent": ""}
    return Withheld(**(msgspec.structs.asdict(row) | empty), staff_name=row.actor_name or STAFF)


def verify_lines(
    lines: Iterable[bytes], trusted: bytes | None = None, on_line: Callable[[int], None] = lambda _bytes: None
) -> tuple[Report, bytes]:
    """Verify an exported chain; what was found, and the public key that the file names.

    Args:
        lines: of the file.
        trusted: the public key that must have signed; without it, the one in the file is believed.
        on_line: called with the size of each line.

    Raises:
        NotAnExport: it does not begin as one.
    """
    source = iter(lines)
    header, public_key = _beginning(next(source, b""))
    verifier = Verifier(header.tenant_id)
    if trusted is not None and trusted != public_key:
        ours, theirs = key_id(trusted), key_id(public_key)
        verifier.find(
            What.UNSIGNED, None, N_("The file is signed by the key {theirs}, not by {ours}.", theirs=theirs, ours=ours)
        )
    head = _take_all(verifier, source, on_line)
    seq, hash_ = verifier.end
    if head is None:
        verifier.find(What.TRUNCATED, None, N_("The file ends after entry {seq}, without its signed end.", seq=seq))
    elif head.tenant_id != header.tenant_id or not genuine(head, trusted or public_key):
        verifier.find(What.UNSIGNED, None, N_("The signature at the file's end is not good."))
    elif head.seq != seq:
        signed = N_("The file was signed with {count} entries and ends with entry {seq}.", count=head.seq, seq=seq)
        verifier.find(What.TRUNCATED, None, signed)
    elif head.hash != hash_:
        rewritten = N_("Entry {seq} is not the one that was signed: the chain was rewritten.", seq=seq)
        verifier.find(What.REWRITTEN, seq, rewritten)
    return verifier.finish(), public_key


def _take_all(verifier: Verifier, lines: Iterable[bytes], on_line: Callable[[int], None]) -> Head | None:
    """Verify the entries; the signed end, if the file has one."""
    decoder, head = msgspec.json.Decoder(Header | Sealed | Withheld | Head), None
    for number, line in enumerate(lines, 2):
        on_line(len(line))
        if head is not None:
            verifier.find(What.INSERTED, None, N_("Line {number} comes after the signed end.", number=number))
            break
        try:
            found = decoder.decode(line)
        except msgspec.MsgspecError:
            found = None
        if isinstance(found, Sealed):
            verifier.take(found)
        elif isinstance(found, Head):
            head = found
        else:
            verifier.find(What.CHANGED, None, N_("Line {number} cannot be read as an entry.", number=number))
    return head


def _beginning(line: bytes) -> tuple[Header, bytes]:
    try:
        header = msgspec.json.decode(line, type=Header)
        public_key = base64.b64decode(header.public_key, validate=True)
    except (msgspec.MsgspecError, ValueError):
        raise NotAnExport("The file does not begin as an export of the audit.") from None
    if header.format != FORMAT or len(public_key) != 32:
        raise NotAnExport(f"The file is not of the format {FORMAT}.")
    return header, public_key
