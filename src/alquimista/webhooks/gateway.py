"""Requests to receivers whom we do not know: nothing private is reached, no redirect followed, no long answer awaited.

A name is resolved here, each of its addresses is judged, and the connection goes to the one that was judged: a name
that answers something else a moment later gains nothing. TLS still proves the name.
"""

import asyncio
import ipaddress
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import Final

import httpx

from alquimista.addresses import Address, refused, resolve
from alquimista.config import Settings
from alquimista.webhooks.models.deliveries import Failure, Outcome

Resolve = Callable[[str, int], Awaitable[list[str]]]

TIMEOUT_S: Final = 15.0
_CONNECT_S: Final = 5.0
_BODY_S: Final = 2.0  # For the beginning of the answer's body, which is only kept for the log.
_SNIPPET: Final = 1000
_MOST_ADDRESSES: Final = 3
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class RefusedError(Exception):
    """The request was not made."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Poster:
    """Posts messages. One for each process."""

    def __init__(self, settings: Settings, resolve: Resolve = resolve) -> None:
        self._secure = settings.production
        self._private = settings.outbound_private
        self._resolve = resolve
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(TIMEOUT_S, connect=_CONNECT_S),
            # A connection is known by its address alone: kept, it could be used for another name of the same address.
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Post a message; never raises for what the receiver does."""
        started = perf_counter()
        status, failure, response = None, None, ""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, response = await self._post(httpx.URL(url), headers, body)
            failure = _judge(status)
        except RefusedError as error:
            failure = error.failure
        except (TimeoutError, httpx.TimeoutException):
            failure = Failure.TIMEOUT
        except (httpx.NetworkError, OSError) as error:
            failure = Failure.TLS if _about_tls(error) else Failure.UNREACHABLE
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
            failure = Failure.PROTOCOL
        return Outcome(round((perf_counter() - started) * 1000), status, failure, response)

    async def _post(self, url: httpx.URL, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        if url.scheme != "https" and (self._secure or url.scheme != "http"):
            raise RefusedError(Failure.INSECURE)
        name = url.raw_host.decode("ascii")
        addresses = await self._addresses(name, url.port or (443 if url.scheme == "https" else 80))
        for left, address in reversed(list(enumerate(reversed(addresses)))):
            request = self._http.build_request(
                "POST",
                url.copy_with(host=str(address)),
                content=body,
                headers={
                    "Host": url.netloc.decode("ascii"),
                    "Content-Type": "application/json",
                    "User-Agent": "Alquimista-Webhooks/1",
                    "Accept-Encoding": "identity",
                    **headers,
                },
                extensions={"sni_hostname": name},
            )
            try:
                answer = await self._http.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if left and not _about_tls(error):
                    continue
                raise
            try:
                return answer.status_code, await _beginning(answer)
            finally:
                await answer.aclose()
        raise RefusedError(Failure.UNRESOLVED)

    async def _addresses(self, host: str, port: int) -> list[Address]:
        """The addresses of a name.

        Raises:
            RefusedError: it has none, or one that is not public.
        """
        try:
            found = [ipaddress.ip_address(one) for one in await self._resolve(host, port)]
        except (OSError, UnicodeError, ValueError):
            raise RefusedError(Failure.UNRESOLVED) from None
        if any(refused(one, private=self._private) for one in found):
            raise RefusedError(Failure.FORBIDDEN_ADDRESS)
        return found[:_MOST_ADDRESSES]


def _judge(status: int) -> Failure | None:
    if 200 <= status < 300:
        return None
    return Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS


async def _beginning(answer: httpx.Response) -> str:
    """The beginning of a body. The status says all that matters: a body that does not come is no failure."""
    read = bytearray()
    with suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(_BODY_S):
            async for part in answer.aiter_raw():
                read += part
                if len(read) >= _SNIPPET:
                    break
    return _UNPRINTABLE.sub("", bytes(read[:_SNIPPET]).decode("utf-8", "replace"))


def _about_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False
