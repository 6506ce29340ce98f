"""A company's people, open invitations and grants, arranged for the pages about them."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from alquimista.access import Role
from alquimista.i18n import N_, Text
from alquimista.identity.models.users import Headcount, MemberFilter, MemberStatus
from alquimista.web import views
from alquimista.web.client.overview import UNLIMITED
from alquimista.web.client.settings import PATH as SETTINGS
from alquimista.web.forms import Form
from alquimista.web.nav import ROLE_LABELS

PATH: Final = f"{SETTINGS}/users"
INVITATIONS: Final = f"{PATH}/invitations"
GRANTS: Final = f"{PATH}/grants"
PERSON: Final = f"{PATH}/{{user_id:uuid}}"
LIST: Final = "people"  # The id of the element that a filter or a link to another page replaces.
ROLES: Final = tuple((role.value, ROLE_LABELS[role]) for role in (Role.TENANT_USER, Role.TENANT_ADMIN))
ROLE_FILTER: Final = (("", N_("Every role")), *ROLES)
STATE_FILTER: Final = (("", N_("Every state")), ("active", N_("Active")), ("deactivated", N_("Deactivated")))
KNOWN_ROLES: Final = frozenset(Role)
KNOWN_STATES: Final = frozenset(MemberStatus)
DONE: Final = {
    "invited": views.Notice(N_("The invitation is on its way. It is good for seven days."), "good", "circle-check"),
    "resent": views.Notice(
        N_("A new invitation is on its way, good for seven days. The link in the mail before no longer works."),
        "good",
        "circle-check",
    ),
    "withdrawn": views.Notice(N_("The invitation is withdrawn: its link no longer works."), "good", "circle-check"),
    "role": views.Notice(N_("The new role holds at once, on every device."), "good", "circle-check"),
    "deactivated": views.Notice(
        N_("The person is out: their sessions have ended, and their grants with them."), "good", "circle-check"
    ),
    "reactivated": views.Notice(
        N_("The person may sign in again. What was granted beyond the role is not."), "good", "circle-check"
    ),
    "given": views.Notice(N_("The permission holds at once, within its limits."), "good", "circle-check"),
    "revoked": views.Notice(N_("The permission is taken back: it holds nowhere any more."), "good", "circle-check"),
}


class UsersQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The state of the list, in its address. An unknown role or state is any."""

    search: Annotated[str, Meta(max_length=200)] = ""
    role: str = ""
    status: str = ""
    page: int = 1
    done: str = ""

    @property
    def wanted(self) -> MemberFilter:
        """Which people the address means."""
        return MemberFilter(
            self.search.strip() or None,
            Role(self.role) if self.role in KNOWN_ROLES else None,
            MemberStatus(self.status) if self.status in KNOWN_STATES else None,
        )

    @property
    def kept(self) -> dict[str, str]:
        """What links to the list's other pages keep."""
        values = {"search": self.search, "role": self.role, "status": self.status}
        return {name: value for name, value in values.items() if value}


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page of a list, what was just done, and the invitation or grant that can be given again."""

    page: int = 1
    done: str = ""
    again: UUID | None = None


class PersonQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was just done, the role that the person had before and the grant they had: for taking it back."""

    done: str = ""
    was: str = ""
    again: UUID | None = None


class InviteForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to invite, as what."""

    email: str = ""
    role: str = ""


class RoleForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The new role."""

    role: str = ""


class StatusForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the person is let in."""

    status: str = ""


class TakeBackForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose page it was done on; none for the list of all."""

    person: str = ""


NEW: Final = Form({"role": Role.TENANT_USER.value})  # An invitation that nobody has begun to write.


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What stands above the people, the invitations and the grants alike."""

    count: Headcount
    max_users: int
    manages: bool  # Whether the reader may invite and change people.
    grants: bool  # Whether the reader may give and take back permissions.

    roles = ROLES

    @property
    def seats(self) -> Text:
        """How many places of the plan are taken."""
        if self.max_users >= UNLIMITED:
            return N_("The plan has no limit of users.")
        return N_(
            "{used} of {limit} places of the plan are taken. Open invitations hold one each.",
            used=self.count.seats,
            limit=self.max_users,
        )

    @property
    def full(self) -> bool:
        """Whether nobody more fits into the plan."""
        return self.count.seats >= self.max_users
