"""The way out: nowhere private, to the address that was judged, within limits, and only to whom a certificate names."""

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alquimista.addresses import refused
from alquimista.breaker import FAILURES
from alquimista.integrations.gateway.outbound import Outbound
from alquimista.integrations.models.failures import Failed, IntegrationFailure

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
]
PUBLIC = ["1.1.1.1", "200.160.2.3", "2606:4700:4700::1111", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_in_every_disguise(text):
    assert refused(ipaddress.ip_address(text), private=False)


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text):
    assert not refused(ipaddress.ip_address(text), private=False)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_what_it_wraps(address):
    wrapped = ipaddress.ip_address(f"::ffff:{address}")
    assert refused(wrapped, private=False) == refused(address, private=False)


async def refusal(work):
    with pytest.raises(Failed) as caught:
        await work
    return caught.value.failure


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "0"])
async def test_an_installation_for_strangers_does_not_call_inside(host, fake):
    outbound = Outbound(private=False)
    port = fake.url.rpartition(":")[2]
    before = len(fake.hosts)
    told = await refusal(outbound.ask("GET", f"https://{host}:{port}/agenda.ics"))
    assert told in {IntegrationFailure.PRIVATE_ADDRESS, IntegrationFailure.UNREACHABLE}
    assert len(fake.hosts) == before
    if host in {"127.0.0.1", "localhost"}:
        assert told is IntegrationFailure.PRIVATE_ADDRESS
        assert await refusal(outbound.dial(host, int(port))) is IntegrationFailure.PRIVATE_ADDRESS


async def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    async def resolved(*_args):
        return ["1.1.1.1", "10.0.0.1"]

    monkeypatch.setattr("alquimista.integrations.gateway.outbound.resolve", resolved)
    assert await refusal(Outbound(private=False).addresses("mixed.example", 443)) is IntegrationFailure.PRIVATE_ADDRESS


async def test_the_name_is_resolved_once_and_the_service_still_hears_it(fake, monkeypatch):
    port = int(fake.url.rpartition(":")[2])
    asked = []

    async def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "10.0.0.1"]

    monkeypatch.setattr("alquimista.integrations.gateway.outbound.resolve", rebinding)
    reply = await Outbound(private=True).ask("GET", f"http://agenda.example:{port}/agenda.ics")
    assert reply.status == 200
    assert asked == ["agenda.example"]
    assert fake.hosts[-1] == f"agenda.example:{port}"


async def test_without_encryption_only_inside_and_where_it_is_allowed(fake):
    assert await refusal(Outbound(private=False).ask("GET", "http://1.1.1.1/")) is IntegrationFailure.INSECURE
    assert await refusal(Outbound(private=True).ask("GET", "http://1.1.1.1/")) is IntegrationFailure.INSECURE


@pytest.mark.parametrize("address", ["https://user:pass@1.1.1.1/", "ftp://1.1.1.1/", "https://", "https://[::1"])
async def test_what_is_no_web_address_is_not_called(address):
    assert await refusal(Outbound(private=True).ask("GET", address)) is IntegrationFailure.UNREACHABLE


async def test_an_answer_is_cut_at_its_limit(fake):
    reply = await Outbound(private=True).ask("GET", f"{fake.url}/agenda.ics", limit=15)
    assert (reply.body, reply.whole) == (b"BEGIN:VCALENDAR", False)


async def test_nobody_there(unused_tcp_port):
    outbound = Outbound(private=True)
    assert await refusal(outbound.ask("GET", f"http://127.0.0.1:{unused_tcp_port}/")) is IntegrationFailure.UNREACHABLE
    assert await refusal(outbound.dial("127.0.0.1", unused_tcp_port)) is IntegrationFailure.UNREACHABLE
    assert await refusal(outbound.dial("nobody.invalid", 443)) is IntegrationFailure.UNREACHABLE


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tls, monkeypatch):
    heard = []

    async def serve(reader, writer):
        heard.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls[0])
    address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    assert await refusal(Outbound(private=True).ask("GET", address)) is IntegrationFailure.TLS
    assert heard in ([], [b""])
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    assert (await Outbound(private=True).ask("GET", address)).body == b"ok"
    # The certificate is 127.0.0.1's, and of no other name that leads there.
    assert (
        await refusal(Outbound(private=True).ask("GET", address.replace("127.0.0.1", "localhost")))
        is IntegrationFailure.TLS
    )
    server.close()


@pytest.mark.parametrize("way", ["ask", "dial"])
async def test_a_host_that_takes_no_connections_is_left_alone_and_others_are_not(way, fake, unused_tcp_port):
    outbound = Outbound(private=True)

    def call(host, port):
        return outbound.ask("GET", f"http://{host}:{port}/") if way == "ask" else outbound.dial(host, port)

    for _ in range(FAILURES):
        assert await refusal(call("127.0.0.1", unused_tcp_port)) is IntegrationFailure.UNREACHABLE
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)
    async with server:
        assert await refusal(call("127.0.0.1", unused_tcp_port)) is IntegrationFailure.LEFT_ALONE, (
            "though it listens again"
        )
    assert (await outbound.ask("GET", f"{fake.url}/agenda.ics")).status == 200


async def test_what_a_server_answers_opens_no_circuit(fake):
    outbound = Outbound(private=True)
    fake.refused = 500
    for _ in range(FAILURES + 1):
        assert (await outbound.ask("GET", f"{fake.url}/agenda.ics")).status == 500
