"""How a connection fails, in words that a person can act on. What a service itself says is never repeated."""

from enum import StrEnum
from typing import Final

from alquimista.errors import BadRequest, Conflict, Forbidden, NotFound, Unavailable
from alquimista.i18n import N_, Text


class IntegrationFailure(StrEnum):
    """Why a test did not succeed."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    LEFT_ALONE = "left_alone"  # Nothing was sent: its circuit is open.
    PRIVATE_ADDRESS = "private_address"
    INSECURE = "insecure"
    TLS = "tls"
    CREDENTIALS = "credentials"
    AUTHORIZATION_ENDED = "authorization_ended"
    NOT_FOUND = "not_found"
    NOT_READY = "not_ready"
    BUSY = "busy"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    SERVER_ERROR = "server_error"
    UNEXPECTED = "unexpected"
    UNREADABLE = "unreadable"


REASONS: Final[dict[IntegrationFailure, Text]] = {
    IntegrationFailure.UNREACHABLE: N_("The server cannot be reached. Check its address and port."),
    IntegrationFailure.TIMED_OUT: N_("The service did not answer in time."),
    IntegrationFailure.LEFT_ALONE: N_(
        "The server did not answer several times just now. It is called again in half a minute."
    ),
    IntegrationFailure.PRIVATE_ADDRESS: N_(
        "The address leads into a private network, where this installation does not connect."
    ),
    IntegrationFailure.INSECURE: N_(
        "The connection would not be encrypted. Use an https:// address, or a server with TLS."
    ),
    IntegrationFailure.TLS: N_("The server's certificate cannot be verified, so nothing was sent to it."),
    IntegrationFailure.CREDENTIALS: N_("The service does not accept the credentials. Connect again with new ones."),
    IntegrationFailure.AUTHORIZATION_ENDED: N_("The authorisation has ended or was withdrawn. Connect again."),
    IntegrationFailure.NOT_FOUND: N_("The service does not know this account, instance or address."),
    IntegrationFailure.NOT_READY: N_(
        "The service is there, but the account is not linked to it. Link it at the service first."
    ),
    IntegrationFailure.BUSY: N_("The service asks to wait before it is called again."),
    IntegrationFailure.REFUSED: N_("The service refuses the request."),
    IntegrationFailure.REDIRECTED: N_("The address leads to another one. Write the final address."),
    IntegrationFailure.SERVER_ERROR: N_("The service has a failure of its own."),
    IntegrationFailure.UNEXPECTED: N_("What answers there is not the service that was expected."),
    IntegrationFailure.UNREADABLE: N_("The stored credentials cannot be read. Connect again."),
}


class Failed(Exception):  # noqa: N818 - It is told as a fact.
    """A gateway could not do what it was asked. `status` is the number that the service answered with."""

    def __init__(self, failure: IntegrationFailure, status: int | None = None) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.status = status

    @property
    def reason(self) -> Text:
        """The reason with the service's number behind it, when there is one."""
        reason = REASONS[self.failure]
        return Text("{reason} ({status})", {"reason": reason, "status": self.status}) if self.status else reason


class UnknownIntegration(NotFound):
    code = "integration_not_found"
    message = N_("There is no integration with this id.")


class NotConnected(Conflict):
    code = "integration_not_connected"
    message = N_("This integration has no credentials: connect it again first.")


class Demonstration(Conflict):
    code = "integration_demonstration"
    message = N_("This integration is demonstration data and leads nowhere. Connect a real one beside it.")


class NameTaken(Conflict):
    code = "integration_name_taken"
    message = N_("There is an integration of this kind with this name. Reconnect that one, or choose another name.")


class TooManyIntegrations(Conflict):
    code = "too_many_integrations"
    message = N_("A company has at most {limit} integrations that are not disconnected. Disconnect one first.")


class ChangedMeanwhile(Conflict):
    code = "integration_changed"
    message = N_(
        "Somebody else changed this integration at the same time. Look at it again, then repeat what is needed."
    )


class TestFailed(BadRequest):
    """Raise with `reason`."""

    __test__ = False  # It is no test of pytest's.
    code = "integration_test_failed"
    title = N_("The connection does not work")
    message = N_("The connection was tried and does not work, so nothing was stored. {reason}")


class AuthorizationNotConfigured(Unavailable):
    """Raise with `settings`: the variables to set."""

    code = "integration_authorization_not_configured"
    title = N_("This service is not set up here")
    message = N_("Whoever runs this installation sets {settings} before this service can be connected.")


class ConsentIsTheirs(Forbidden):
    code = "integration_consent"
    message = N_("Only somebody of the company can authorise its account. Ask an administrator of the company.")


class AuthorizationFailed(BadRequest):
    code = "integration_authorization_failed"
    title = N_("The authorisation did not succeed")
    message = N_(
        "The authorisation was declined, is older than ten minutes, was used already or was begun in another session. "
        "Begin again."
    )
