"""Where a request really came from. Forwarding headers are believed only from trusted proxies."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
LOCAL: Final = "127.0.0.1"  # The address of a peer on a unix socket, which has none.
_HOPS: Final = 20
_FORWARDED: Final = (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip")
_LOCAL_NAMES: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})


def client_address(peer: str, forwarded_for: Iterable[bytes], trusted: Networks) -> str:
    """The client's address: the peer's, or from a trusted proxy the right-most untrusted hop of X-Forwarded-For.

    Everything to the left of that hop was written by the client and is ignored, as is the Forwarded header always.
    A hop that is no address ends the walk at the last good one. `forwarded_for` is the header's every occurrence.
    """
    if not trusted:
        return _plain(peer)
    return _walk(peer, b",".join(forwarded_for), trusted)


@lru_cache(maxsize=4096)
def _walk(peer: str, forwarded_for: bytes, trusted: Networks) -> str:
    client = _plain(peer)
    for hop in reversed(forwarded_for.decode("latin-1").split(",")[-_HOPS:]):
        if not is_within(client, trusted) or (address := _address(hop.strip())) is None:
            return client
        client = str(address)
    return client


def is_this_machine(client: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether somebody at this machine asked, by one of its own names.

    Neither a proxy or tunnel on this machine counts, which makes every client look local; nor a page of another site
    whose name was pointed at this machine (DNS rebinding), which the browser lets read what that name answers.
    """
    address = _address(client)
    name = headers.get(b"host", b"").lower()
    if not name.endswith(b"]"):
        name = name.rpartition(b":")[0] or name
    local = address is not None and address.is_loopback and name in _LOCAL_NAMES
    return local and not any(header in headers for header in _FORWARDED)


def is_within(address: str, networks: Networks) -> bool:
    """Whether the address lies in one of the networks."""
    parsed = _address(address)
    return parsed is not None and any(parsed in network for network in networks)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, ipaddress.IPv6Address) else parsed


@lru_cache(maxsize=4096)
def _plain(peer: str) -> str:
    """The peer in its canonical form; IPv4-mapped IPv6 as IPv4, a unix socket or a test client as local."""
    address = _address(peer)
    return LOCAL if address is None else str(address)


@lru_cache(maxsize=4096)
def limit_group(address: str) -> str:
    """What a limit per address counts: an IPv4 address, or the /64 that an IPv6 client has all to itself."""
    parsed = _address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address
