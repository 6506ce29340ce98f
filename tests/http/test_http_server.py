"""The application behind a real server on a real socket: streams, gzip, clients that leave.

Behind ours, and behind uvicorn as it is: what is sent in one piece must say what two messages say.
"""

import asyncio
import gzip
import re
import socket
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
import uvicorn
from starlette.responses import StreamingResponse

from alquimista.http.responses import Answer
from alquimista.http.server import Protocol
from support.web import route


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


async def ticks(_context):
    async def events():
        for number in range(3):
            yield f"data: {number}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


LARGE = 2_000_000  # More than sockets hold.


async def large(_context):
    return Answer(200, b"x" * LARGE)


async def split(context):
    context.response_headers["X-Note"] = "a\r\nSet-Cookie: b=c"


@asynccontextmanager
async def serving(app, protocol):
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=protocol, log_level="critical", proxy_headers=False, server_header=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    while not server.started:  # noqa: ASYNC110 - The server sets no event.
        await asyncio.sleep(0.01)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@pytest.fixture(params=[Protocol, "httptools"], ids=["ours", "uvicorn"])
async def port(make_app, request):
    table = (
        route("POST", "/notes", body=Note, body_limit=10_000),
        route("GET", "/ticks", handler=ticks),
        route("GET", "/x"),
        route("GET", "/split", handler=split),
        route("GET", "/large", handler=large),
    )
    async with serving(make_app(*table), request.param) as port:
        yield port


@pytest.fixture
async def client(port):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"accept-language": "en"}) as client:
        yield client


JSON = {"content-type": "application/json"}


async def test_a_body_in_pieces_is_put_together(client):
    async def pieces():
        for piece in (b'{"te', b'xt": "', b"x" * 5000, b'"}'):
            yield piece
            await asyncio.sleep(0)

    answer = await client.post("/notes", content=pieces(), headers=JSON)
    assert answer.json()["body"]["text"] == "x" * 5000


async def exchange(port, request, *, leave=False):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = b"" if leave else await asyncio.wait_for(reader.read(100_000), 10)
    writer.close()
    return answer


async def test_a_body_without_end_is_refused_and_the_connection_closed(port):
    lines = (b"POST /notes HTTP/1.1", b"Host: x", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    chunk = b"%x\r\n%s\r\n" % (11_000, b"x" * 11_000)
    answer = await exchange(port, b"\r\n".join((*lines, b"", b"")) + chunk)
    assert b" 413 " in answer.splitlines()[0]
    assert b"\r\nconnection: close\r\n" in answer.lower()


async def test_gzip_and_its_bombs_over_the_wire(client):
    headers = {**JSON, "content-encoding": "gzip"}
    good = await client.post("/notes", content=gzip.compress(b'{"text":"a"}'), headers=headers)
    assert good.json()["body"] == {"text": "a"}
    bomb = await client.post("/notes", content=gzip.compress(bytes(5_000_000)), headers=headers)
    assert bomb.status_code == 413


async def test_a_stream_arrives_with_our_headers(client):
    answer = await client.get("/ticks")
    assert answer.text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
    assert (answer.headers["x-frame-options"], answer.headers["cache-control"]) == ("DENY", "no-store")
    head = await client.head("/ticks")
    assert (head.status_code, head.content) == (200, b"")


async def test_one_connection_serves_request_after_request(client):
    for _ in range(3):
        assert (await client.head("/x")).status_code == 200
        assert (await client.get("/x")).status_code == 200
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.post("/notes", content=b"{", headers=JSON)).status_code == 400


def statuses(answers: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)


async def test_requests_that_arrive_together_are_answered_in_their_order(port):
    one, nowhere = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
    last = b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(one + nowhere + one + last)
    answers = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert statuses(answers) == [b"200", b"404", b"200", b"200"]


async def test_an_old_client_gets_its_answer_and_the_end_of_the_connection(port):
    answer = await exchange(port, b"GET /x HTTP/1.0\r\n\r\n")
    assert statuses(answer) == [b"200"]
    assert b"\r\nconnection: close\r\n" in answer.lower()


async def test_a_header_cannot_pose_as_another(port):
    answer = await exchange(port, b"GET /split HTTP/1.1\r\nHost: x\r\n\r\n")
    assert statuses(answer) in ([], [b"500"])
    assert b"set-cookie" not in answer.lower()


async def test_a_reader_that_is_slow_gets_all_of_many_large_answers(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 7)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    await asyncio.sleep(0.2)
    answers = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert statuses(answers) == [b"200"] * 8
    assert answers.count(b"x" * LARGE) == 8


async def test_a_client_that_leaves_in_the_middle_harms_nobody(port, client):
    head = b"POST /notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    for _ in range(5):
        await exchange(port, head, leave=True)
    assert (await client.get("/x")).status_code == 200


async def test_a_body_that_never_comes_is_408(port, monkeypatch):
    monkeypatch.setattr("alquimista.http.body.BODY_TIMEOUT_S", 0.05)
    lines = (b"POST /notes HTTP/1.1", b"Host: x", b"Content-Type: application/json", b"Transfer-Encoding: chunked")
    head = b"\r\n".join((*lines, b"", b"1", b"{", b""))
    answer = await exchange(port, head)
    assert b" 408 " in answer.splitlines()[0]
    assert b"request_timeout" in answer


@pytest.mark.parametrize(
    "target", [b"/%00", b"/x?%00", b"/%ff", b"/x?a=%ff", b"/..%2f..%2fetc/passwd", b"//x", b"/x?" + b"a" * 5000, b"*"]
)
async def test_odd_targets_are_answered_4xx(port, target):
    answer = await exchange(port, b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}, answer
