"""The chain's exact encoding. docs/audit.md tells it byte by byte for whoever writes a verifier of their own.

Everything that is hashed is a list of texts. A text is its length in UTF-8 as four bytes, the highest first, and then
its UTF-8 itself; an absent value is the length 0xFFFFFFFF alone. So no two lists have the same bytes, and no document
needs a canonical form: details are hashed as the very text in which they are stored and exported.
"""

from hashlib import sha256
from typing import Final

import msgspec

GENESIS: Final = "0" * 64  # What stands for the hash before the first entry.
ERASURE: Final = "audit.erase"  # The action of the entry that an erasure leaves.
_ABSENT: Final = b"\xff\xff\xff\xff"
_ACTOR: Final = "alquimista.audit.actor.v1"
_CONTENT: Final = "alquimista.audit.content.v1"
_LINK: Final = "alquimista.audit.link.v1"
HEAD: Final = "alquimista.audit.head.v1"


class Chained(msgspec.Struct, frozen=True):
    """An entry as it is chained: every value as text, hexadecimal where it is bytes. A part without salt was erased."""

    id: str
    occurred_at: str
    actor_kind: str
    actor_id: str | None
    actor_role: str | None
    session_id: str | None
    action: str
    category: str
    resource_type: str
    resource_id: str
    result: str
    trace_id: str | None
    actor_salt: str | None
    actor_email: str
    actor_name: str
    ip: str | None
    user_agent: str
    actor_erased_by: str | None
    content_salt: str | None
    details: str
    before: str | None
    after: str | None
    content_erased_by: str | None


class Sealed(Chained, frozen=True, tag_field="kind", tag="entry", forbid_unknown_fields=True):
    """A seal beside its entry. `entry_kept` and `personal_kept` are false where the entry or its personal part is gone.

    `seal_id` is the entry that was sealed, by its id.
    """

    seq: int
    seal_id: str
    actor_digest: str
    content_digest: str
    hash: str
    sealed_at: str
    entry_kept: bool = True
    personal_kept: bool = True


class Withheld(Sealed, frozen=True, tag_field="kind", tag="withheld", forbid_unknown_fields=True):
    """What staff did, as its company takes it away: who acted is empty as after an erasure, yet nothing was erased.

    `staff_name` is told as the company reads it elsewhere. It is no part of what is hashed, so that it proves nothing.
    """

    staff_name: str = ""


def by_staff(entry: Chained) -> bool:
    """Whether the vendor's staff did it, by the role that is hashed with the entry."""
    return entry.actor_role is not None and entry.actor_role.startswith("INTERNAL_")


def pack(*texts: str | None) -> bytes:
    """The bytes of a list of texts."""
    parts: list[bytes] = []
    for text in texts:
        if text is None:
            parts.append(_ABSENT)
        else:
            data = text.encode()
            parts += (len(data).to_bytes(4, "big"), data)
    return b"".join(parts)


def actor_digest(entry: Chained) -> str:
    """The salted digest of who acted, and from where."""
    return sha256(
        pack(_ACTOR, entry.actor_salt, entry.actor_email, entry.actor_name, entry.ip, entry.user_agent)
    ).hexdigest()


def content_digest(entry: Chained) -> str:
    """The salted digest of what the entry tells besides."""
    return sha256(pack(_CONTENT, entry.content_salt, entry.details, entry.before, entry.after)).hexdigest()


def link(previous: str, seq: int, tenant_id: str, entry: Chained, actor: str, content: str) -> str:
    """The hash of an entry at its place, from the hash before it and the digests of its personal parts."""
    return sha256(
        pack(
            _LINK,
            previous,
            str(seq),
            tenant_id,
            entry.id,
            entry.occurred_at,
            entry.actor_kind,
            entry.actor_id,
            entry.actor_role,
            entry.session_id,
            entry.action,
            entry.category,
            entry.resource_type,
            entry.resource_id,
            entry.result,
            entry.trace_id,
            actor,
            content,
        )
    ).hexdigest()
