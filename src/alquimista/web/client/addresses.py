"""Links of a company's pages: staff carry the company that they read on in each of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from alquimista.http.context import Context
from alquimista.web import views


@dataclass(frozen=True, slots=True)
class Links:
    """Makes the addresses of pages, with what each of them carries on."""

    carried: Mapping[str, str]

    @classmethod
    def of(cls, context: Context) -> Self:
        """Those of a request."""
        return cls({"tenant_id": str(context.tenant)} if context.who.internal else {})

    def to(self, path: str, **query: object) -> str:
        """The address of a page; what is empty is left out."""
        given = {name: str(value) for name, value in query.items() if value not in {None, ""}} | dict(self.carried)
        return views.query_of(path, given) if given else path
