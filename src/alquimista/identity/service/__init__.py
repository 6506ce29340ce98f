"""Identity's use cases, as the pages, the command line and other rooms call them."""

from alquimista.identity.service.acting import author, staff_actor
from alquimista.identity.service.api_keys import create_api_key, list_api_keys, revoke_api_key
from alquimista.identity.service.invitations import (
    accept_invitation,
    invite,
    list_invitations,
    read_invitation,
    revoke_invitation,
)
from alquimista.identity.service.kit import Identity, install
from alquimista.identity.service.members import administrators, change_member, find_member, holders, list_members
from alquimista.identity.service.oidc import finish_oidc, logout_url, start_oidc
from alquimista.identity.service.passwords import change_password, forgot_password, reset_password, set_password
from alquimista.identity.service.provision import count_internal_administrators, create_person, find_person
from alquimista.identity.service.sessions import (
    end_session,
    list_sessions,
    logout,
    logout_everywhere,
    me,
    switch_tenant,
    update_profile,
)
from alquimista.identity.service.signin import (
    continue_browser_session,
    open_browser_session,
    sign_in,
)
from alquimista.identity.service.signup import confirm_signup, read_signup, sign_up
from alquimista.identity.service.standing import resume, suspend
from alquimista.identity.service.viewing import end_view, start_view

__all__ = [
    "Identity",
    "accept_invitation",
    "administrators",
    "author",
    "change_member",
    "change_password",
    "confirm_signup",
    "continue_browser_session",
    "count_internal_administrators",
    "create_api_key",
    "create_person",
    "end_session",
    "end_view",
    "find_member",
    "find_person",
    "finish_oidc",
    "forgot_password",
    "holders",
    "install",
    "invite",
    "list_api_keys",
    "list_invitations",
    "list_members",
    "list_sessions",
    "logout",
    "logout_everywhere",
    "logout_url",
    "me",
    "open_browser_session",
    "read_invitation",
    "read_signup",
    "reset_password",
    "resume",
    "revoke_api_key",
    "revoke_invitation",
    "set_password",
    "sign_in",
    "sign_up",
    "staff_actor",
    "start_oidc",
    "start_view",
    "suspend",
    "switch_tenant",
    "update_profile",
]
