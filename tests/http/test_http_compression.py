"""Pages travel compressed to who takes it so; what another site asked for, streams and answers of the API never do."""

import gzip

import pytest
from starlette.responses import HTMLResponse, PlainTextResponse

from alquimista.http.compression import takes_gzip
from support.web import route

PAGE = "<p>Pão de açúcar</p>" * 400
GZIP = {"accept-encoding": "gzip, deflate, br"}


async def show(_context):
    return HTMLResponse(PAGE)


async def show_little(_context):
    return HTMLResponse("<p>Oi</p>")


async def tell_text(_context):
    return PlainTextResponse(PAGE)


async def tell_much(_context):
    return {"text": PAGE}


@pytest.fixture
def client(connect):
    return connect(
        route("GET", "/page", handler=show, page=True),
        route("GET", "/little", handler=show_little, page=True),
        route("GET", "/text", handler=tell_text),
        route("GET", "/json", handler=tell_much),
    )


async def raw(client, path, **headers):
    async with client.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([chunk async for chunk in answer.aiter_raw()])


async def test_a_page_travels_compressed(client):
    answer, body = await raw(client, "/page", **GZIP)
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(body) < len(PAGE) // 4
    assert gzip.decompress(body).decode() == PAGE
    assert {"Accept-Encoding", "Sec-Fetch-Site"} <= set(answer.headers["vary"].split(", "))


@pytest.mark.parametrize("headers", [{"accept-encoding": "identity"}, {**GZIP, "sec-fetch-site": "cross-site"}])
async def test_it_travels_as_it_is_to_who_takes_none_and_to_whom_another_site_sent(client, headers):
    answer, body = await raw(client, "/page", **headers)
    assert "content-encoding" not in answer.headers
    assert body.decode() == PAGE
    assert "Accept-Encoding" in answer.headers["vary"], "a cache must not give one form for the other"


async def test_a_head_says_what_a_get_would(client):
    answer = await client.head("/page", headers=GZIP)
    _, body = await raw(client, "/page", **GZIP)
    assert (answer.headers["content-length"], answer.content) == (str(len(body)), b"")


@pytest.mark.parametrize("path", ["/little", "/text", "/json"])
async def test_nothing_else_is_compressed(client, path):
    answer, _ = await raw(client, path, **GZIP)
    assert answer.status_code == 200
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"*", True),
        (b"gzip;q=1.0, *;q=0", True),
        (b"gzip; q=0", False),
        (b"gzip;q=0.000, *", False),
        (b"*;q=0", False),
        (b"br, x-gzip", False),
        (b"", False),
    ],
)
def test_what_an_accept_encoding_means(accepted, takes):
    assert takes_gzip(accepted) is takes
