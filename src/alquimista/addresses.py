"""Which addresses others may have us call: those of the internet, and no others (no requests into our own network)."""

import asyncio
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What is on one's own network: an on-premises installation may allow these.
_OWN: Final = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10", "::1/128", "fc00::/7"),
    )
)
# Carries an IPv4 address within, which may be any: translated or tunnelled, none of these is a service's own.
_CARRIERS: Final = tuple(
    map(ipaddress.ip_network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
)


# Names that strangers give may take their time, and a thread that waits for one cannot be called back. It is none of
# those that everybody else's requests need.
_RESOLVERS: Final = ThreadPoolExecutor(32, thread_name_prefix="resolve")


async def resolve(host: str, port: int) -> list[str]:
    """A name's addresses, as the system has them.

    Raises:
        OSError: it has none.
        UnicodeError: it is no name.
    """
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_RESOLVERS, _look_up, host, port)
    return list(dict.fromkeys(found))


def _look_up(host: str, port: int) -> list[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def refused(address: Address, *, private: bool) -> bool:
    """Whether nothing may be sent there.

    Args:
        address: what a name was resolved to, or a literal.
        private: whether addresses of one's own network are allowed. Link-local ones, among which clouds keep their
            credentials, multicast and reserved ones never are.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return refused(address.ipv4_mapped, private=private)
        if address.scope_id is not None:
            return True
    if any(address.version == net.version and address in net for net in _OWN):
        return not private
    if any(address.version == net.version and address in net for net in _CARRIERS):
        return True
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return not address.is_global or address.is_multicast or address.is_reserved or site_local
