"""Pages on their way out, compressed by gzip where the reader takes it (decision 60).

Assets were compressed when they were built, streams are never compressed, and answers of the API are small.
"""

import zlib
from typing import Final

from starlette.responses import Response

from alquimista.http import csrf

_LEAST: Final = 2_048  # Bytes; below them a packet is saved at best.
_LEVEL: Final = 1  # A fifth of the bytes for 0.2 ms; level 4 takes twice as long for a tenth fewer.
_GZIP: Final = 16 + zlib.MAX_WBITS


def compress(answer: Response, headers: dict[bytes, bytes]) -> bytes:
    """The body of a whole answer as it travels to who sent `headers`; the answer's own headers say how it does.

    Nothing that another site made a browser ask for is compressed: it could choose what the page repeats, and learn by
    the length what else the page says.
    """
    body = bytes(answer.body)
    if len(body) < _LEAST or not answer.headers.get("content-type", "").startswith("text/html"):
        return body
    answer.headers.add_vary_header("Accept-Encoding, Sec-Fetch-Site")
    if not takes_gzip(headers.get(b"accept-encoding", b"")) or csrf.asked_by_another_site(headers):
        return body
    packer = zlib.compressobj(_LEVEL, wbits=_GZIP)
    packed = packer.compress(body) + packer.flush()
    answer.headers["content-encoding"] = "gzip"
    answer.headers["content-length"] = str(len(packed))
    return packed


def takes_gzip(accepted: bytes) -> bool:
    """Whether an Accept-Encoding names gzip, or anything, and does not weigh it with nothing."""
    weights: dict[bytes, bytes] = {}
    for part in accepted.lower().replace(b" ", b"").split(b","):
        name, _, weight = part.partition(b";q=")
        weights[name] = weight
    weight = weights.get(b"gzip", weights.get(b"*", b"0"))
    return weight.strip(b"0.") != b"" or weight == b""
