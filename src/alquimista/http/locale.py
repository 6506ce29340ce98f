"""The language of an answer: the reader's choice (a cookie), then the account's, then the browser's."""

import re
from functools import lru_cache
from typing import Final

from alquimista.i18n import LOCALES, negotiate

COOKIE: Final = "lang"
_CHOICE: Final = re.compile(rb"(?:^|;\s*)lang=(pt-BR|en)(?:;|$)")


def choose(headers: dict[bytes, bytes], account: str | None) -> str:
    """One of i18n.LOCALES."""
    if (cookie := headers.get(b"cookie")) is not None and (chosen := _CHOICE.search(cookie)):
        return chosen[1].decode("ascii")
    return account if account in LOCALES else _negotiated(headers.get(b"accept-language", b""))


@lru_cache(maxsize=512)
def _negotiated(accept_language: bytes) -> str:
    return negotiate(accept_language.decode("latin-1"))
