"""What can go wrong in identity, in words that the reader can act on."""

from alquimista.errors import BadRequest, Conflict, FieldError, Forbidden, NotFound, Unauthenticated, Unavailable
from alquimista.i18n import N_


class WrongCredentials(Unauthenticated):
    """One answer for an unknown account, a wrong password and a locked account, so that none can be told apart."""

    code = "invalid_credentials"
    title = N_("Sign-in refused")
    message = N_(
        "The e-mail or the password is wrong, or the account is locked for some minutes after repeated failures."
    )


class TotpRequired(Unauthenticated):
    """The password was right; `challenge` stands for it for five minutes, so that a page need not keep it."""

    code = "totp_required"
    title = N_("Second factor needed")
    message = N_("Send the code of your authenticator app, or a recovery code, as totp.")

    def __init__(self, challenge: str) -> None:
        super().__init__(errors=(FieldError("totp", N_("A code is needed."), "required"),))
        self.challenge = challenge


class WrongCode(Unauthenticated):
    code = "invalid_totp"
    title = N_("Sign-in refused")
    message = N_("The code is wrong, was used already, or has expired. Wait for the next one.")


class AccountInactive(Forbidden):
    code = "account_inactive"
    message = N_("This account has no active access. Ask an administrator of your company.")


class SessionEnded(Unauthenticated):
    code = "session_ended"
    title = N_("Session ended")
    message = N_("Your session has ended. Sign in again.")


class InvalidToken(Unauthenticated):
    code = "invalid_token"
    message = N_("The token or key is not valid or has expired. Sign in again, or ask for a new key.")


class InvalidRefresh(Unauthenticated):
    code = "invalid_refresh_token"
    title = N_("Session ended")
    message = N_("The refresh token is not valid any more. Sign in again.")


class InvalidLink(BadRequest):
    code = "invalid_link"
    message = N_("This link was used already, has expired or is not valid. Ask for a new one.")


class SignupClosed(Forbidden):
    code = "signup_disabled"
    message = N_("New accounts are by invitation. Ask an administrator of your company.")


class UnknownUser(NotFound):
    code = "user_not_found"
    message = N_("There is no user with this id in the company.")


class UnknownSession(NotFound):
    code = "session_not_found"
    message = N_("You have no open session with this id.")


class UnknownInvitation(NotFound):
    code = "invitation_not_found"
    message = N_("There is no open invitation with this id.")


class UnknownApiKey(NotFound):
    code = "api_key_not_found"
    message = N_("There is no active API key with this id.")


class AlreadyMember(Conflict):
    code = "already_member"
    message = N_("This person already belongs to the company.")


class AlreadyInvited(Conflict):
    code = "already_invited"
    message = N_("This address already has an open invitation. Revoke it first to send another.")


class UserLimitReached(Conflict):
    code = "user_limit_reached"
    message = N_("The plan allows {limit} users. Deactivate one or change the plan.")


class UnknownAccount(NotFound):
    """Told on the command line only: over HTTP nobody learns which addresses have accounts."""

    code = "account_not_found"
    message = N_("There is no account with this e-mail.")


class NotStaff(NotFound):
    """Told on the command line only, as above."""

    code = "staff_not_found"
    message = N_("{email} is no active member of the staff. Name one, or leave --as out.")


class LastAdministrator(Conflict):
    code = "last_administrator"
    message = N_("At least {minimum} active administrators must remain. Name another one first.")


class TotpState(Conflict):
    code = "totp_state"
    message = N_("The second factor is not in the state that this needs: see GET /auth/me.")


class TotpCompulsory(Conflict):
    code = "totp_compulsory"
    message = N_("Your role must keep a second factor.")


class TenantSuspended(Forbidden):
    code = "tenant_suspended"
    message = N_("The company is suspended, so its API keys are refused. An administrator can sign in to settle it.")


class UnknownGrant(NotFound):
    code = "grant_not_found"
    message = N_("There is no grant in force with this id.")


class GrantExists(Conflict):
    code = "grant_exists"
    message = N_("This person was granted this already. Revoke that grant first to change its limits.")


class TooManyGrants(Conflict):
    code = "too_many_grants"
    message = N_("A person can have {limit} grants. Revoke one first, or give them another role.")


class GrantToOneself(Forbidden):
    code = "grant_to_oneself"
    message = N_("Nobody grants themselves anything. Ask another administrator.")


class NotYoursToGrant(Forbidden):
    code = "grant_not_yours"
    message = N_("You can grant only what your own role allows in a company.")


class ViewIsOver(NotFound):
    code = "view_not_found"
    message = N_("You are not looking at any customer.")


class OidcNotConfigured(NotFound):
    code = "oidc_not_configured"
    message = N_("No external issuer is configured.")


class VouchedElsewhere(Forbidden):
    code = "vouched_elsewhere"
    message = N_("Your sign-in service vouched for one company only. Sign in again for another one.")


class OidcRefused(Unauthenticated):
    code = "oidc_refused"
    title = N_("Sign-in refused")
    message = N_("The external sign-in was not accepted. Start again; if it persists, ask an administrator.")


class IssuerDown(Unavailable):
    code = "oidc_unavailable"
    message = N_("The external sign-in service does not answer. Try again in {retry_after} seconds.")
