"""Requests to receivers that mean no good."""

import asyncio
import dataclasses
import ipaddress

import pytest
from starlette.responses import RedirectResponse, Response

from alquimista.addresses import refused
from alquimista.webhooks.gateway import Poster
from alquimista.webhooks.models.deliveries import Failure
from support.receiver import dripping, flooding

OWN = ["10.0.0.1", "172.16.9.9", "192.168.1.1", "127.0.0.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "::",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "200.147.3.157", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", OWN)
def test_ones_own_network_is_refused_unless_allowed(address):
    assert refused(ipaddress.ip_address(address), private=False)
    assert not refused(ipaddress.ip_address(address), private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address):
    assert refused(ipaddress.ip_address(address), private=False)
    assert refused(ipaddress.ip_address(address), private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_internet_is_reached(address):
    assert not refused(ipaddress.ip_address(address), private=False)


@pytest.fixture
async def poster(settings):
    made = Poster(settings)
    yield made
    await made.close()


@pytest.fixture
async def strict(settings):
    """`strict(addresses…)`: a poster of an installation that allows nothing private, whose names lead there in turn."""
    made = []

    def make(*answers: list[str]) -> Poster:
        turns = list(answers)
        asked: list[str] = []

        async def resolve(host, _port):
            asked.append(host)
            return turns.pop(0) if len(turns) > 1 else turns[0]

        poster = Poster(dataclasses.replace(settings, outbound_private=False), resolve)
        poster.asked = asked  # type: ignore[attr-defined]
        made.append(poster)
        return poster

    yield make
    for one in made:
        await one.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "017700000001", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_no_spelling_of_this_machine_is_reached(receiver, settings, host):
    port = receiver.base_url.rsplit(":", 1)[1]
    poster = Poster(dataclasses.replace(settings, outbound_private=False))
    outcome = await poster.post(f"http://{host}:{port}/", {}, b"{}")
    await poster.close()
    assert outcome.failure in {Failure.FORBIDDEN_ADDRESS, Failure.UNRESOLVED}
    assert receiver.got == []


async def test_one_private_address_among_public_ones_is_enough_to_refuse(receiver, strict):
    outcome = await strict(["8.8.8.8", "10.0.0.1"]).post("http://receiver.example/", {}, b"{}")
    assert outcome.failure is Failure.FORBIDDEN_ADDRESS


async def test_a_name_is_asked_once_and_the_connection_goes_where_it_was_judged(receiver, settings):
    """Rebinding: were the name asked again for the connection, it would lead to this machine."""
    port = receiver.base_url.rsplit(":", 1)[1]
    turns = [["127.0.0.2"], ["127.0.0.1"]]

    async def resolve(_host, _port):
        return turns.pop(0)

    poster = Poster(settings, resolve)
    outcome = await poster.post(f"http://rebinding.example:{port}/", {}, b"{}")
    await poster.close()
    assert outcome.failure is Failure.UNREACHABLE  # Nobody listens at the address that was judged.
    assert receiver.got == []
    assert len(turns) == 1


async def test_the_name_stays_in_the_host_header(receiver, settings):
    port = receiver.base_url.rsplit(":", 1)[1]

    async def resolve(_host, _port):
        return ["127.0.0.9", "127.0.0.1"]  # The first does not answer.

    poster = Poster(settings, resolve)
    outcome = await poster.post(f"http://Receiver.example:{port}/path?x=1", {}, b"{}")
    await poster.close()
    assert outcome.failure is None
    assert receiver.got[0].headers["host"] == f"receiver.example:{port}"


async def test_no_redirect_is_followed(receiver, poster):
    receiver.answers = [RedirectResponse("http://169.254.169.254/latest/meta-data/", 307)]
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert (outcome.status, outcome.failure) == (307, Failure.REDIRECT)
    assert len(receiver.got) == 1


async def test_of_a_huge_answer_the_beginning_is_read(receiver, poster):
    receiver.answers = [flooding(500)]
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert (outcome.status, outcome.failure, len(outcome.response)) == (500, Failure.STATUS, 1000)


async def test_a_body_that_drips_is_not_waited_for(receiver, poster, monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.gateway._BODY_S", 0.3)
    receiver.answers = [dripping(200)]
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert (outcome.status, outcome.failure) == (200, None)
    assert set(outcome.response) == {"x"}


async def test_an_answer_that_does_not_come_is_a_time_out(receiver, poster, monkeypatch):
    monkeypatch.setattr("alquimista.webhooks.gateway.TIMEOUT_S", 0.3)
    receiver.hold = asyncio.Event()
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert (outcome.status, outcome.failure) == (None, Failure.TIMEOUT)


async def test_what_is_no_text_is_kept_as_text(receiver, poster):
    receiver.answers = [Response(b"\x00\xff\x1b[31m<b>ol\xc3\xa1\xe2\x80\xae", 400)]
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert outcome.response == "\ufffd[31m<b>olá"


async def test_production_takes_https_alone_and_proves_it(receiver, settings):
    poster = Poster(dataclasses.replace(settings, environment="production"))
    outcome = await poster.post(receiver.url(), {}, b"{}")
    assert outcome.failure is Failure.INSECURE
    secure = receiver.url().replace("http://", "https://")
    assert (await poster.post(secure, {}, b"{}")).failure is Failure.TLS
    await poster.close()
    assert receiver.got == []


async def test_nobody_there(poster):
    assert (await poster.post("http://127.0.0.1:9/", {}, b"{}")).failure is Failure.UNREACHABLE
    assert (await poster.post("http://nobody.invalid/", {}, b"{}")).failure is Failure.UNRESOLVED


async def test_a_proxy_of_the_environment_is_not_asked(receiver, settings, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    poster = Poster(settings)
    assert (await poster.post(receiver.url(), {}, b"{}")).failure is None
    await poster.close()
