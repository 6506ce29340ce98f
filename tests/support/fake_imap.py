"""An IMAP4rev1 server on a real socket, as far as a test of a mailbox goes; `manner` makes it a bad one."""

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from support.mail_server import PASSWORD

Manner = Literal["good", "login only", "no inbox", "silent", "strange", "endless", "hangs up", "no starttls"]
USER = "recepcao@example.com"


class FakeImap:
    """What it was asked, and by whom."""

    def __init__(self, context: ssl.SSLContext, manner: Manner, *, starttls: bool) -> None:
        self.context = context
        self.manner = manner
        self.starttls = starttls
        self.asked: list[str] = []
        self.logins: list[tuple[str, str]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = Talk(self, reader, writer)
        try:
            await talk.hold()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class Talk:
    """One connection."""

    def __init__(self, fake: FakeImap, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._fake = fake
        self._reader = reader
        self._writer = writer
        self._secure = not fake.starttls

    async def hold(self) -> None:
        if self._fake.manner == "silent":
            await self._reader.read()
            return
        self._say("220 this is no IMAP" if self._fake.manner == "strange" else "* OK IMAP4rev1 ready")
        answers = {
            "CAPABILITY": self._capability,
            "STARTTLS": self._starttls,
            "AUTHENTICATE": self._authenticate,
            "LOGIN": self._login,
            "EXAMINE": self._examine,
            "LOGOUT": self._logout,
        }
        while line := (await self._reader.readline()).decode().rstrip("\r\n"):
            tag, _, rest = line.partition(" ")
            command = rest.split(" ")[0].upper()
            self._fake.asked.append(command)
            await answers[command](tag, rest)

    def _say(self, line: str) -> None:
        self._writer.write(f"{line}\r\n".encode())

    async def _capability(self, tag: str, _rest: str) -> None:
        sasl = " AUTH=PLAIN" if self._secure and self._fake.manner != "login only" else ""
        upgrade = "" if self._secure or self._fake.manner == "no starttls" else " STARTTLS LOGINDISABLED"
        self._say(f"* CAPABILITY IMAP4rev1{upgrade}{sasl}")
        self._say(f"{tag} OK done")

    async def _starttls(self, tag: str, _rest: str) -> None:
        self._say(f"{tag} OK begin")
        await self._writer.drain()
        await self._writer.start_tls(self._fake.context)
        self._secure = True

    async def _authenticate(self, tag: str, _rest: str) -> None:
        self._say("+ ")
        _, user, password = base64.b64decode(await self._reader.readline()).decode().split("\0")
        self._signed_in(tag, user, password)

    async def _login(self, tag: str, rest: str) -> None:
        found = re.fullmatch(r'LOGIN "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"', rest)
        assert found, rest
        user, password = (re.sub(r"\\(.)", r"\1", part) for part in found.groups())
        self._signed_in(tag, user, password)

    def _signed_in(self, tag: str, user: str, password: str) -> None:
        self._fake.logins.append((user, password))
        good = (user, password) == (USER, PASSWORD)
        self._say(f"{tag} OK done" if good else f"{tag} NO [AUTHENTICATIONFAILED] {password} is wrong")

    async def _examine(self, tag: str, _rest: str) -> None:
        if self._fake.manner == "endless":
            self._say("* LIST {9999999999}")
        elif self._fake.manner == "hangs up":
            raise ConnectionError
        elif self._fake.manner == "no inbox":
            self._say(f"{tag} NO there is none")
        else:
            self._say("* 3 EXISTS")
            self._say(f"{tag} OK [READ-ONLY] done")

    async def _logout(self, tag: str, _rest: str) -> None:
        self._say("* BYE")
        self._say(f"{tag} OK done")


@asynccontextmanager
async def fake_imap(
    context: ssl.SSLContext, manner: Manner = "good", *, starttls: bool = False
) -> AsyncIterator[tuple[FakeImap, int]]:
    """A server, and its port."""
    fake = FakeImap(context, manner, starttls=starttls)
    listening = await asyncio.start_server(fake.serve, "127.0.0.1", 0, ssl=None if starttls else context)
    try:
        yield fake, listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
