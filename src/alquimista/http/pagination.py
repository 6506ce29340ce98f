"""Pages of lists: how a request asks for one."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 100
MAX_OFFSET: Final = 100_000  # A deeper offset makes the database read and throw away more than it answers.


class Page(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query fields of a paged list; subclass it to add filters, or to lower the default `limit`."""

    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="How many items to answer.")] = DEFAULT_LIMIT
    offset: Annotated[int, Meta(ge=0, le=MAX_OFFSET, description="How many items to skip.")] = 0
