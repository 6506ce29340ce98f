"""Client addresses: from trusted proxies only, and nothing that a client wrote itself."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from alquimista.http.proxies import client_address, is_this_machine, limit_group
from support.web import route

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", [b"198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"1.2.3.4, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"1.2.3.4, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", [b"1.2.3.4", b"198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [b"1.2.3.4, nonsense"], "10.0.0.1"),
        ("10.0.0.1", [b"1.2.3.4, , 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [b"1.2.3.4:80"], "10.0.0.1"),
        ("10.0.0.1", [b"\xff\xfe"], "10.0.0.1"),
        ("10.0.0.1", [b",".join([b"10.0.0.2"] * 1000)], "10.0.0.2"),
        ("fd00::1", [b"2001:DB8::1"], "2001:db8::1"),
        ("fd00::1", [b"[2001:db8::1]"], "2001:db8::1"),
        ("::ffff:10.0.0.1", [b"::ffff:198.51.100.1"], "198.51.100.1"),
        ("", [b"198.51.100.1"], "127.0.0.1"),
    ],
)
def test_the_client_is_the_last_hop_that_is_not_ours(peer, forwarded, client):
    assert client_address(peer, forwarded, TRUSTED) == client


def test_without_trusted_proxies_the_peer_is_the_client():
    assert client_address("203.0.113.9", [b"1.2.3.4"], ()) == "203.0.113.9"
    assert client_address("::ffff:203.0.113.9", [], ()) == "203.0.113.9"


async def test_an_application_ignores_forged_headers(connect, plain_settings):
    forged = {"x-forwarded-for": "1.2.3.4", "forwarded": "for=1.2.3.4", "x-real-ip": "1.2.3.4"}
    plain = connect(route("GET", "/x"), peer="203.0.113.9")
    assert (await plain.get("/x", headers=forged)).json()["ip"] == "203.0.113.9"
    settings = replace(plain_settings, trusted_proxies=TRUSTED)
    stranger = connect(route("GET", "/x"), peer="203.0.113.9", settings=settings)
    assert (await stranger.get("/x", headers=forged)).json()["ip"] == "203.0.113.9"
    proxied = connect(route("GET", "/x"), peer="10.0.0.1", settings=settings)
    assert (await proxied.get("/x", headers=forged)).json()["ip"] == "1.2.3.4"
    assert (await proxied.get("/x", headers={"forwarded": "for=1.2.3.4"})).json()["ip"] == "10.0.0.1"


def test_an_ipv6_client_is_limited_by_its_network():
    assert limit_group("2001:db8:1:2:aaaa::1") == limit_group("2001:db8:1:2:bbbb::1") == "2001:db8:1:2::/64"
    assert limit_group("198.51.100.1") == "198.51.100.1"


@pytest.mark.parametrize(
    ("client", "host", "local"),
    [
        ("127.0.0.1", b"localhost:8080", True),
        ("127.0.0.2", b"LOCALHOST", True),
        ("127.0.0.1", b"127.0.0.1:8080", True),
        ("::1", b"[::1]", True),
        ("::1", b"[::1]:8080", True),
        ("203.0.113.9", b"localhost", False),
        ("127.0.0.1", b"rebound.example:8080", False),
        ("127.0.0.1", b"localhost.rebound.example", False),
        ("127.0.0.1", b"", False),
    ],
)
def test_this_machine_asks_from_a_loopback_address_and_by_its_own_name(client, host, local):
    assert is_this_machine(client, {b"host": host}) is local
    assert not is_this_machine(client, {b"host": host, b"via": b"1.1 tunnel"})
