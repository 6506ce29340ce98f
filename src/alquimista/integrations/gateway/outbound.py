"""The only way out to an address that a company wrote: never into a private network, never without limits.

The name is resolved here, every address that it has is judged, and the connection goes to the address that was judged:
what the name means a moment later does not matter. Redirects are not followed, answers are cut at a limit, and proxies
of the environment are not used. ALQUIMISTA_OUTBOUND_PRIVATE lets an installation of one's own reach its own network.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from alquimista.addresses import Address, refused, resolve
from alquimista.breaker import CircuitOpen
from alquimista.integrations.gateway.port import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from alquimista.integrations.models.failures import Failed, IntegrationFailure
from alquimista.observability.circuits import CIRCUITS

_MAX_ANSWER: Final = 256 * 1024
_TIMEOUT: Final = httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whose body may be cut: `whole` says that it is not."""

    status: int
    content_type: str
    body: bytes
    whole: bool


class Outbound:
    """The way out of one process."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._breakers = CIRCUITS.watched("integrations")
        # Certificates are verified, always; SSL_CERT_FILE names the authorities of a company of one's own.
        self.tls: ssl.SSLContext = httpx.create_ssl_context()

    async def addresses(self, host: str, port: int) -> tuple[Address, ...]:
        """Where a name leads, IPv4 first.

        Raises:
            Failed: it leads nowhere, or somewhere private.
        """
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                found = await resolve(host, port)
        except TimeoutError:
            raise Failed(IntegrationFailure.TIMED_OUT) from None
        except (OSError, UnicodeError):
            raise Failed(IntegrationFailure.UNREACHABLE) from None
        addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in found]
        # One private address among public ones is how a name is made to lead inside.
        if any(refused(one, private=self._private) for one in addresses):
            raise Failed(IntegrationFailure.PRIVATE_ADDRESS)
        return tuple(sorted(dict.fromkeys(addresses), key=lambda one: one.version))

    async def dial(self, host: str, port: int) -> socket.socket:
        """A connected, non-blocking socket.

        Raises:
            Failed: nobody listens there, or it is not to be reached.
        """
        addresses = await self.addresses(host, port)
        with self._circuit(host, port):
            return await _dialled(addresses, port)

    @contextmanager
    def _circuit(self, host: str, port: int) -> Iterator[None]:
        """Connect in the block, unless nobody took the last connections there.

        That is all that counts: what a server says to one company is no reason not to call it for another.
        """
        try:
            with self._breakers.of(f"{host}:{port}").call(_Unanswered):
                yield
        except CircuitOpen:
            raise Failed(IntegrationFailure.LEFT_ALONE) from None

    async def ask(
        self,
        method: str,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        limit: int = _MAX_ANSWER,
    ) -> Reply:
        """One HTTP request and its answer.

        Raises:
            Failed: there is no answer, or the address is not to be called.
        """
        url = _parsed(address)
        host = url.raw_host.decode("ascii")
        pinned = (await self.addresses(host, _port(url)))[0]
        # Without encryption only to an address of one's own network, where the installation allows it.
        if url.scheme != "https" and (not self._private or not refused(pinned, private=False)):
            raise Failed(IntegrationFailure.INSECURE)
        request = httpx.Request(
            method,
            url.copy_with(host=str(pinned)),
            headers={
                "User-Agent": "alquimista",
                "Accept-Encoding": "identity",  # A small answer cannot become a large one.
                **(headers or {}),
                "Host": url.netloc.decode("ascii"),
            },
            content=content,
            # The certificate is the name's, not the address's.
            extensions={"sni_hostname": host, "timeout": _TIMEOUT.as_dict()},
        )
        with self._circuit(host, _port(url)):
            try:
                async with httpx.AsyncHTTPTransport(verify=self.tls, trust_env=False, retries=0) as transport:
                    answer = await transport.handle_async_request(request)
                    try:
                        return await _read(answer, limit)
                    finally:
                        await answer.aclose()
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                failure = failure_of(error)
                # A certificate that is refused was shown by somebody.
                raise (Failed if failure is IntegrationFailure.TLS else _Unanswered)(failure) from None
            except httpx.HTTPError as error:
                raise Failed(failure_of(error)) from None


class _Unanswered(Failed):
    """Nobody took a connection."""


async def _dialled(addresses: Iterable[Address], port: int) -> socket.socket:
    """A connection to the first of these that takes it."""
    last = _Unanswered(IntegrationFailure.UNREACHABLE)
    for address in addresses:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        dialled = socket.socket(family, socket.SOCK_STREAM)
        dialled.settimeout(0)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await asyncio.get_running_loop().sock_connect(dialled, (str(address), port))
        except TimeoutError:
            dialled.close()
            last = _Unanswered(IntegrationFailure.TIMED_OUT)
        except OSError:
            dialled.close()
        except BaseException:
            dialled.close()
            raise
        else:
            return dialled
    raise last


async def _read(answer: httpx.Response, limit: int) -> Reply:
    body = bytearray()
    whole = True
    async for part in answer.aiter_raw():
        body += part
        if len(body) > limit:
            whole = False
            break
    return Reply(answer.status_code, answer.headers.get("content-type", ""), bytes(body[:limit]), whole)


def _parsed(address: str) -> httpx.URL:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise Failed(IntegrationFailure.UNREACHABLE) from None
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise Failed(IntegrationFailure.UNREACHABLE)
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or found.__context__


def failure_of(error: BaseException) -> IntegrationFailure:
    """What an error of a connection means, by its causes: certificates, then time, then everything else."""
    causes = list(chain(error))
    if any(isinstance(one, ssl.SSLError) for one in causes):
        return IntegrationFailure.TLS
    if any(isinstance(one, TimeoutError | httpx.TimeoutException) for one in causes):
        return IntegrationFailure.TIMED_OUT
    if any(isinstance(one, httpx.RemoteProtocolError) for one in causes):
        return IntegrationFailure.UNEXPECTED
    return IntegrationFailure.UNREACHABLE


def require_success(reply: Reply) -> Reply:
    """The reply when it says success.

    Raises:
        Failed: what its status means.
    """
    status = reply.status
    if 200 <= status < 300:
        return reply
    if status in {401, 403}:
        raise Failed(IntegrationFailure.CREDENTIALS, status)
    if status in {404, 410}:
        raise Failed(IntegrationFailure.NOT_FOUND, status)
    if status in {408, 429}:
        raise Failed(IntegrationFailure.BUSY, status)
    if 300 <= status < 400:
        raise Failed(IntegrationFailure.REDIRECTED, status)
    raise Failed(IntegrationFailure.SERVER_ERROR if status >= 500 else IntegrationFailure.REFUSED, status)
