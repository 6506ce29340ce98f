"""The audit of all companies: whose entries are wanted, and what checking chains found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import PLATFORM_TENANT
from alquimista.audit.models.checking import AnchorFile, ChainEnd, Checked
from alquimista.i18n import N_
from alquimista.web import views
from alquimista.web.tables import Paged
from alquimista.web.trail import TrailQuery, Word

PATH: Final = "/app/company/audit"
CHAINS: Final = f"{PATH}/verify"
MAIN: Final = "audit"  # The id of the element that a filter replaces.
LATEST: Final = 5000  # Entries of one chain that are recomputed while somebody waits.
LATEST_OF_MANY: Final = 200  # The same of each, when a page of chains is checked.
MANY: Final = 50
FOUND: Final = 100
INTACT: Final = views.Badge(N_("Intact"), "good", icon="shield-check")
WRONG: Final = views.Badge(N_("Not as it was sealed"), "bad", icon="shield-alert")
ANCHORS: Final[Mapping[AnchorFile, views.Notice]] = {
    AnchorFile.READ: views.Notice(
        N_("Compared with the anchor outside the database and with the database's own signed copies."),
        "info",
        icon="anchor",
    ),
    AnchorFile.NOT_SET: views.Notice(
        N_(
            "No anchor outside the database is set: only the database's own signed copies were compared, so a chain "
            "that was rewritten together with them would pass."
        ),
        "warn",
        "triangle-alert",
    ),
    AnchorFile.MISSING: views.Notice(
        N_(
            "This process finds no anchor file: only the database's own signed copies were compared. The first one is "
            "written within an hour of the start."
        ),
        "warn",
        "triangle-alert",
    ),
    AnchorFile.UNREADABLE: views.Notice(
        N_("The anchor file cannot be read by this process: only the database's own signed copies were compared."),
        "warn",
        "triangle-alert",
    ),
    AnchorFile.TOO_LARGE: views.Notice(
        N_(
            "The anchor file is too large to be read while you wait: only the database's own signed copies were "
            "compared. “alquimista audit verify” reads all of it."
        ),
        "warn",
        "triangle-alert",
    ),
}


class AuditPageQuery(TrailQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose entries, too: `tenant` is an id, or a part of a name or CNPJ; `who` an id or an e-mail address."""

    tenant: Word = ""
    who: Annotated[str, Meta(max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")] = ""


class ChainsWanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which chains, in an address or in the form that has them recomputed: one tenant's, or a page of all."""

    tenant_id: UUID | None = None
    page: int = 1


class Choice(NamedTuple):
    """A company that may be meant."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose entries are shown. Without `id` those of all, unless several or no company may be meant."""

    id: UUID | None = None
    name: str = ""
    choices: Sequence[Choice] = ()
    unknown: bool = False

    @property
    def platform(self) -> bool:
        """Whether it is what belongs to no company."""
        return self.id == PLATFORM_TENANT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The page of the chains: their ends, and what was found when they were checked."""

    chains: Paged[ChainEnd]
    only: ChainEnd | None
    checked: Sequence[Checked]
    anchor: views.Notice | None
    latest: int
    unsealed: bool  # Nothing is sealed yet of the one that was asked for.

    @property
    def wrong(self) -> int:
        """How many of the checked chains are not as they were sealed."""
        return sum(not one.intact for one in self.checked)

    def result(self, tenant_id: UUID) -> Checked | None:
        """What was found of one chain."""
        return next((one for one in self.checked if one.chain.tenant_id == tenant_id), None)


def uuid_of(text: str) -> UUID | None:
    """The id that a text is; None when it is none."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
