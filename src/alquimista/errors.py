"""Problems: errors that a reader can act on. Each class has a status, a code and a message that says what to do.

Rendered as RFC 9457 problem details by alquimista.http.problems. Rooms subclass the family that fits (NotFound,
Conflict, ...) in their models.py, setting `code` and `message`.
"""

from typing import ClassVar

import msgspec

from alquimista.i18n import N_, Text


class FieldError(msgspec.Struct, frozen=True):
    """One wrong field: where it is (a JSON path such as `data.agent_id`), why, and how to mend it."""

    field: str
    reason: Text
    code: str = "invalid"


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem.
    """An answer other than success, by design. `params` fill the placeholders of `message`."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[Text] = N_("Internal error")
    message: ClassVar[Text] = N_("Something failed on our side. Try again; if it persists, tell support the trace id.")

    def __init__(
        self, *, errors: tuple[FieldError, ...] = (), headers: dict[str, str] | None = None, **params: object
    ) -> None:
        self.detail = Text(self.message.template, {**self.message.params, **params})
        self.errors = errors
        self.headers = headers or {}
        super().__init__(str(self.detail))


class BadRequest(Problem):
    status = 400
    code = "bad_request"
    title = N_("Bad request")
    message = N_("The request is not valid: see errors.")


class Unauthenticated(Problem):
    status = 401
    code = "unauthenticated"
    title = N_("Sign in first")
    message = N_("This needs a valid session, access token or API key. Sign in and try again.")


class Forbidden(Problem):
    status = 403
    code = "forbidden"
    title = N_("Not allowed")
    message = N_("Your role does not allow this. Ask an administrator of your company.")


class NotFound(Problem):
    status = 404
    code = "not_found"
    title = N_("Not found")
    message = N_("There is nothing here under this address.")


class MethodNotAllowed(Problem):
    status = 405
    code = "method_not_allowed"
    title = N_("Method not allowed")
    message = N_("This address does not take this method; see the Allow header.")


class Conflict(Problem):
    status = 409
    code = "conflict"
    title = N_("Conflict")
    message = N_("The present state does not allow this.")


class Gone(Problem):
    status = 410
    code = "gone"
    title = N_("No longer there")
    message = N_("This was there, and its time is over.")


class TooLarge(Problem):
    status = 413
    code = "too_large"
    title = N_("Too large")
    message = N_("The body is larger than {limit} bytes. Send it in smaller parts.")


class UnsupportedMedia(Problem):
    status = 415
    code = "unsupported_media_type"
    title = N_("Unsupported content type")
    message = N_("This address takes {accepted}. Set Content-Type to match the body.")


class TooManyRequests(Problem):
    """Raise with `retry_after` seconds; the header is set from it."""

    status = 429
    code = "rate_limited"
    title = N_("Too many requests")
    message = N_("Wait {retry_after} seconds before trying again.")

    def __init__(self, *, retry_after: int, **params: object) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, errors=(), retry_after=retry_after, **params)


class Unavailable(Problem):
    """Raise with `retry_after` seconds; the header is set from it."""

    status = 503
    code = "unavailable"
    title = N_("Temporarily unavailable")
    message = N_("The service is busy or a part of it is down. Try again in {retry_after} seconds.")

    def __init__(self, *, retry_after: int = 1, **params: object) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)}, errors=(), retry_after=retry_after, **params)


class Invalid(BadRequest):
    """Wrong input, field by field."""

    code = "validation_error"
    message = N_("Some fields are not valid: see errors for each field and how to mend it.")

    @classmethod
    def of(cls, field: str, reason: Text, code: str = "invalid") -> "Invalid":
        """A problem about a single field."""
        return cls(errors=(FieldError(field, reason, code),))
