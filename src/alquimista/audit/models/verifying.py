"""Recomputing a chain, row after row, in memory that does not grow with it.

Of an erasure a count and a hash are kept, from the first entry that it emptied until its own.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec

from alquimista.audit.models.chain import (
    ERASURE,
    GENESIS,
    Sealed,
    Withheld,
    actor_digest,
    by_staff,
    content_digest,
    link,
)
from alquimista.audit.models.erasing import Erasures, Part
from alquimista.audit.models.heads import Head, genuine
from alquimista.i18n import N_, Text

MOST_FINDINGS: Final = 1000  # Beyond them findings are counted, and no longer told one by one.
_ACTOR: Final = N_("{entry}: who did it was changed.")
_CONTENT: Final = N_("{entry}: its content was changed.")
_MOST_MOVED: Final = 200  # Among so many wrong rows at most, those that changed places are found.


class What(StrEnum):
    """What was found to be wrong."""

    REMOVED = "removed"
    CHANGED = "changed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    UNSEALED = "unsealed"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    UNSIGNED = "unsigned"


class Finding(NamedTuple):
    """One thing that is wrong, in a sentence. `seq` is the place in the chain, where there is one."""

    what: What
    seq: int | None
    sentence: Text


class Report(msgspec.Struct, frozen=True):
    """What verifying a chain found. `erased` entries have lost a personal part to an audited erasure.

    Of `withheld` entries the file does not tell who of the staff did them: their digests were taken as they are.
    `total` counts every finding; `findings` are the first of them.
    """

    tenant_id: str
    entries: int
    erased: int
    withheld: int
    anchors: int
    last: int
    hash: str
    total: int
    findings: list[Finding]


class _Wrong(NamedTuple):
    """A row whose hash is not what its entry makes at its place."""

    row: Sealed
    previous: str


class Verifier:
    """Takes a chain's rows in order and says what is wrong with them.

    `erasures` is where it is told of what was emptied below the first row, and of erasures above the last one.

    Args:
        tenant_id: whose chain it is.
        heads: signed heads to compare with, whose signatures are good, of this tenant.
        after: the place before the first row, and its hash: the chain's beginning unless given.
    """

    def __init__(self, tenant_id: str, heads: Iterable[Head] = (), after: tuple[int, str] = (0, GENESIS)) -> None:
        self._tenant = tenant_id
        self._start = after[0]
        self._seq, self._hash = after
        self._follows = True  # Whether the row before the next one is known, so that its hash can be recomputed.
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head)
        self._anchors = 0
        self._entries = self._erased = self._withheld = self._total = 0
        self.erasures = Erasures()
        self._wrong: list[_Wrong] = []
        self._findings: list[Finding] = []
        self._check(self._seq, self._hash)

    @property
    def end(self) -> tuple[int, str]:
        """The last place that was taken, and its hash."""
        return self._seq, self._hash

    def find(self, what: What, seq: int | None, sentence: Text) -> None:
        """Add a finding from outside the chain's rows."""
        self._total += 1
        if len(self._findings) < MOST_FINDINGS:
            self._findings.append(Finding(what, seq, sentence))

    def take(self, row: Sealed) -> None:
        """The next row."""
        if row.seq <= self._seq:
            self.find(
                What.INSERTED,
                row.seq,
                N_("A row for place {seq} comes after place {last}.", seq=row.seq, last=self._seq),
            )
            return
        if row.seq > self._seq + 1:
            first, last = self._seq + 1, row.seq - 1
            gone = N_("Entries {first} to {last} are missing from the chain.", first=first, last=last)
            if first == last:
                gone = N_("Entry {seq} is missing from the chain.", seq=first)
            self.find(What.REMOVED, first, gone)
            self._follows = False
        self._entries += 1
        self._examine(row)
        self._seq, self._hash, self._follows = row.seq, row.hash, True
        self._check(row.seq, row.hash)

    def finish(self) -> Report:
        """Everything that was found, once the last row was taken."""
        self._resolve()
        for count in self.erasures.left():
            left = N_("{count} parts are empty in the name of an erasure that does not follow them.", count=count)
            self.find(What.CHANGED, None, left)
        beyond = [seq for seq in self._heads if seq > self._seq]
        if beyond:
            head = self._heads[max(beyond)][0]
            self._anchors += len(beyond)
            self.find(
                What.TRUNCATED,
                self._seq + 1,
                N_(
                    "The chain ends at entry {last}, but entry {seq} was anchored at {moment}: its end was cut off.",
                    last=self._seq,
                    seq=head.seq,
                    moment=head.signed_at,
                ),
            )
        self._findings.sort(key=lambda one: (one.seq is None, one.seq or 0))
        return Report(
            self._tenant,
            self._entries,
            self._erased,
            self._withheld,
            self._anchors,
            self._seq,
            self._hash,
            self._total,
            self._findings,
        )

    def _examine(self, row: Sealed) -> None:
        if not row.entry_kept:
            self.find(What.REMOVED, row.seq, N_("Entry {seq} ({id}) was removed.", seq=row.seq, id=row.seal_id))
            return
        if not row.personal_kept:
            self.find(What.REMOVED, row.seq, N_("{entry}: its personal part was removed.", entry=_named(row)))
        else:
            self._examine_personal(row)
        if row.action == ERASURE:
            self._settle(row)
        if self._follows and row.hash != link(
            self._hash, row.seq, self._tenant, row, row.actor_digest, row.content_digest
        ):
            self._wrong.append(_Wrong(row, self._hash))
            if len(self._wrong) > _MOST_MOVED:
                self._tell_changed(self._wrong.pop())

    def _examine_personal(self, row: Sealed) -> None:
        self._erased += row.actor_erased_by is not None or row.content_erased_by is not None
        self._withheld += isinstance(row, Withheld)
        no_actor = (row.actor_email, row.actor_name, row.ip, row.user_agent) == ("", "", None, "")
        no_content = (row.details, row.before, row.after) == ("{}", None, None)
        for part, salt, erased_by, empty, digest, stored, name in (
            (Part.ACTOR, row.actor_salt, row.actor_erased_by, no_actor, actor_digest, row.actor_digest, _ACTOR),
            (
                Part.CONTENT,
                row.content_salt,
                row.content_erased_by,
                no_content,
                content_digest,
                row.content_digest,
                _CONTENT,
            ),
        ):
            # What has no salt any more is empty, and says by which erasure; what has one was not erased.
            if salt is None and erased_by is not None:
                self.erasures.emptied(row.id, part, erased_by)
                intact = empty
            elif part is Part.ACTOR and isinstance(row, Withheld):
                # Only what staff did is withheld: their role is in the hash, so that nothing else can be passed off so.
                intact = empty and salt is None and erased_by is None and by_staff(row)
            else:
                intact = salt is not None and erased_by is None and digest(row) == stored
            if not intact:
                self.find(What.CHANGED, row.seq, Text(name.template, {"entry": _named(row)}))

    def _settle(self, row: Sealed) -> None:
        if not self.erasures.agrees(row):
            self.find(
                What.CHANGED,
                row.seq,
                N_("{entry}: what is empty in the name of this erasure is not what it emptied.", entry=_named(row)),
            )

    def _resolve(self) -> None:
        """Tell rows that changed places, and rows that only follow one, from rows that were changed."""
        for wrong in self._wrong:
            row, others = wrong.row, [one for one in self._wrong if one is not wrong]
            if any(self._made(one.row.hash, row.seq, row) == row.hash for one in others):
                continue  # Right by itself: the hash before it was moved away.
            moved = any(
                self._made(one.previous, one.row.seq, row) == row.hash  # The whole row was sealed at that place.
                or self._made(wrong.previous, row.seq, one.row) == row.hash  # That row's entry was sealed here.
                for one in others
            )
            if moved:
                moved_away = N_("{entry} is not where it was sealed: entries changed places.", entry=_named(row))
                self.find(What.REORDERED, row.seq, moved_away)
            else:
                self._tell_changed(wrong)

    def _made(self, previous: str, seq: int, row: Sealed) -> str:
        """The hash that a row's entry makes at a place, by its own parts where they are here."""
        actor = row.actor_digest if row.actor_salt is None else actor_digest(row)
        content = row.content_digest if row.content_salt is None else content_digest(row)
        return link(previous, seq, self._tenant, row, actor, content)

    def _tell_changed(self, wrong: _Wrong) -> None:
        self.find(What.CHANGED, wrong.row.seq, N_("{entry} is not what was sealed.", entry=_named(wrong.row)))

    def _check(self, seq: int, hash_: str) -> None:
        """Compare a place with the heads that were signed there."""
        for head in self._heads.get(seq, ()):
            self._anchors += 1
            if head.hash != hash_:
                self.find(
                    What.REWRITTEN,
                    seq,
                    N_(
                        "Entry {seq} is not the one that was anchored at {moment}: the chain was rewritten.",
                        seq=seq,
                        moment=head.signed_at,
                    ),
                )


def sort_heads(
    heads: Iterable[Head], keys: Mapping[str, bytes]
) -> tuple[dict[str, list[Head]], list[tuple[str, Finding]]]:
    """The heads whose signatures are good, by tenant; and a finding, with its tenant, for each of the others.

    Args:
        heads: as they were read.
        keys: public keys to trust, by their ids.
    """
    good: dict[str, list[Head]] = {}
    bad = []
    for head in heads:
        if head.key_id in keys and genuine(head, keys[head.key_id]):
            good.setdefault(head.tenant_id, []).append(head)
        else:
            where: dict[str, Any] = {"seq": head.seq, "moment": head.signed_at}
            why = N_("The anchor of entry {seq}, {moment}, is not signed by its key.", **where)
            if head.key_id not in keys:
                why = N_(
                    "The anchor of entry {seq}, {moment}, is signed by an unknown key, {key}.", key=head.key_id, **where
                )
            bad.append((head.tenant_id, Finding(What.UNSIGNED, head.seq, why)))
    return good, bad


def _named(row: Sealed) -> Text:
    return N_("Entry {seq} ({action}, {moment})", seq=row.seq, action=row.action, moment=row.occurred_at)
