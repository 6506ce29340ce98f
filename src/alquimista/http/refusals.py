"""The problems that the framework itself answers, beside the families of alquimista.errors."""

from alquimista.errors import BadRequest, Forbidden, NotFound, Problem, Unavailable, UnsupportedMedia
from alquimista.i18n import N_


class MalformedBody(BadRequest):
    """Raise with `reason`, a Text."""

    code = "malformed_body"
    message = N_("The body cannot be read: {reason}")


class UnsupportedEncoding(UnsupportedMedia):
    code = "unsupported_encoding"
    message = N_("Send the body as it is, or compressed once with gzip and Content-Encoding: gzip.")


class MalformedQuery(BadRequest):
    code = "malformed_query"
    message = N_("The query string cannot be read: percent-encode it as UTF-8, with at most {limit} parameters.")


class TenantRequired(BadRequest):
    code = "tenant_required"
    message = N_("Staff belong to no customer: add ?tenant_id= with the id of the customer to look at.")


class ForeignTenant(Forbidden):
    code = "foreign_tenant"
    message = N_("tenant_id names another company; leave it out to see your own.")


class UnknownTenant(NotFound):
    code = "unknown_tenant"
    message = N_("There is no customer with this id.")


class NoTenant(Forbidden):
    code = "no_tenant"
    message = N_("Your account belongs to no company yet. Accept an invitation, or ask an administrator for one.")


class StaffOnly(Forbidden):
    code = "staff_only"
    message = N_("Only the vendor's staff may use this address.")


class ViewIsReadOnly(Forbidden):
    code = "view_is_read_only"
    message = N_("You are looking at a customer as its administrator, which changes nothing. End the view first.")


class WrongCredential(Forbidden):
    """The caller is known, but this address takes another kind of credential."""

    code = "wrong_credential"
    message = N_("This address takes another kind of credential: {accepted}.")


class CrossSite(Forbidden):
    code = "csrf_failed"
    message = N_("The form has expired or came from another site. Reload the page and send it again.")


class BodyTimeout(Problem):
    """Raise with `seconds`."""

    status = 408
    code = "request_timeout"
    title = N_("Request timed out")
    message = N_("The body did not arrive within {seconds} seconds. Send it again.")


class HandlerTimeout(Unavailable):
    """Raise with `seconds`."""

    code = "timeout"
    message = N_("This took longer than {seconds} seconds and was stopped. Ask for less, or try again.")
