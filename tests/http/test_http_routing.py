"""The router: exact and parametrised paths, methods, and addresses that are not there."""

from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, PlainTextResponse, StreamingResponse

from alquimista.http.table import Table
from support.web import ACME, route


async def test_an_exact_path_wins_over_a_parametrised_one(connect):
    client = connect(route("GET", "/things/{name}"), route("GET", "/things/new"))
    assert (await client.get("/things/new")).json()["path"] == {}
    assert (await client.get("/things/old")).json()["path"] == {"name": "old"}


async def test_an_exact_path_lends_other_methods_from_a_parametrised_one(connect):
    client = connect(route("GET", "/things/new"), route("DELETE", "/things/{name}"))
    assert (await client.delete("/things/new")).json()["path"] == {"name": "new"}
    answer = await client.put("/things/new")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS"


async def test_an_unknown_address_is_404_in_the_readers_language(connect):
    client = connect(route("GET", "/a"))
    for path in ("/b", "/a/", "/a//", "//a", "/A"):
        assert (await client.get(path)).status_code == 404, path
    answer = await client.get("/b", headers={"accept-language": "pt-BR,en;q=0.5"})
    assert answer.json()["title"] == "Não encontrado"
    assert answer.headers["content-language"] == "pt-BR"


async def test_another_method_is_405_and_names_the_right_ones(connect):
    client = connect(route("GET", "/a"), route("POST", "/a"))
    answer = await client.request("PATCH", "/a")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert answer.json()["error"] == "method_not_allowed"
    assert (await client.request("PROPFIND", "/a")).status_code == 405


async def test_options_names_the_methods_and_allows_no_other_origin(connect):
    answer = await connect(route("GET", "/a")).options("/a", headers={"origin": "https://evil.example"})
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert (await connect(route("GET", "/a")).options("/b")).status_code == 404


async def test_head_answers_as_get_without_the_body(connect):
    async def text(_context):
        return PlainTextResponse("seven!!")

    async def stream(_context):
        return StreamingResponse(iter(["a", "b"]))

    client = connect(
        route("GET", "/json"), route("GET", "/text", handler=text), route("GET", "/stream", handler=stream)
    )
    for path in ("/json", "/text", "/stream"):
        whole, head = await client.get(path), await client.head(path)
        assert head.status_code == whole.status_code == 200
        assert head.content == b""
        assert head.headers.get("content-length") == whole.headers.get("content-length")
        assert whole.content


async def test_files_are_sent_and_what_is_to_be_done_afterwards_is_done(connect, tmp_path):
    (tmp_path / "a.csv").write_text("one;two")
    done = []

    async def file(_context):
        return FileResponse(tmp_path / "a.csv")

    async def later(_context):
        return PlainTextResponse("soon", background=BackgroundTask(done.append, "done"))

    client = connect(route("GET", "/file", handler=file), route("GET", "/later", handler=later))
    assert (await client.get("/file")).text == "one;two"
    assert (await client.get("/later")).text == "soon"
    assert done == ["done"]


async def test_a_uuid_parameter_is_checked_before_the_handler(connect):
    client = connect(route("GET", "/agents/{agent_id:uuid}/runs"))
    assert (await client.get(f"/agents/{ACME}/runs")).json()["path"] == {"agent_id": str(ACME)}
    answer = await client.get("/agents/7/runs")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "agent_id"
    assert (await client.get(f"/agents/{ACME.hex}/runs")).status_code == 400


async def test_a_line_break_at_the_end_of_a_path_makes_it_another_one(connect):
    client = connect(route("GET", "/agents/{agent_id:uuid}/runs"), route("GET", "/a"))
    for path in (f"/agents/{ACME}/runs%0A", "/a%0A", "/a%00"):
        assert (await client.get(path)).status_code == 404


async def test_a_nul_character_in_a_path_names_nothing(connect):
    assert (await connect(route("GET", "/names/{name}")).get("/names/a%00b")).status_code == 404


async def test_a_mount_gets_the_path_below_its_prefix_and_our_headers(connect):
    async def mounted(scope, receive, send):
        await PlainTextResponse(scope["path"].removeprefix(scope["root_path"]))(scope, receive, send)

    client = connect(route("GET", "/a"), mounts={"/static": mounted})
    answer = await client.get("/static/app.css")
    assert answer.text == "/app.css"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await client.get("/statics")).status_code == 404


def test_a_table_refuses_two_routes_alike():
    with pytest.raises(ValueError, match="GET /a is declared twice"):
        Table([route("GET", "/a"), route("GET", "/a")])
    with pytest.raises(ValueError, match="declared twice"):
        Table([route("GET", "/a/{x:uuid}"), route("GET", "/a/{x}")])


async def test_a_websocket_is_closed(make_app):
    sent = []

    async def send(message):
        sent.append(message)

    await make_app(route("GET", "/a"))({"type": "websocket", "path": "/a"}, None, send)
    assert sent == [{"type": "websocket.close", "code": 1000}]


async def test_the_lifespan_opens_and_closes_around_the_requests(make_app):
    story: list[str] = []

    @asynccontextmanager
    async def lifespan():
        story.append("opened")
        yield
        story.append("closed")

    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(messages)

    async def send(message):
        story.append(message["type"])

    await make_app(route("GET", "/a"), lifespan=lifespan)({"type": "lifespan"}, receive, send)
    assert story == ["opened", "lifespan.startup.complete", "closed", "lifespan.shutdown.complete"]


async def test_a_failed_start_is_told_to_the_server_without_its_details(make_app):
    @asynccontextmanager
    async def lifespan():
        raise RuntimeError("password=hunter2")
        yield

    sent = []

    async def receive():
        return {"type": "lifespan.startup"}

    async def send(message):
        sent.append(message)

    with pytest.raises(RuntimeError):
        await make_app(route("GET", "/a"), lifespan=lifespan)({"type": "lifespan"}, receive, send)
    assert sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError"}]


async def test_a_response_keeps_its_own_headers_and_gets_the_contexts(connect):
    async def handler(context):
        context.response_headers["X-One"] = "1"
        context.cookies.append("a=b; Path=/")
        return PlainTextResponse("x", headers={"cache-control": "public, max-age=5"})

    async def json(context):
        context.response_headers["Cache-Control"] = "public, max-age=6"
        context.cookies += ["a=b; Path=/", "c=d; Path=/"]

    client = connect(route("GET", "/text", handler=handler), route("POST", "/json", handler=json))
    text: httpx.Response = await client.get("/text")
    assert (text.headers["cache-control"], text.headers["x-one"]) == ("public, max-age=5", "1")
    assert text.headers.get_list("set-cookie") == ["a=b; Path=/"]
    empty = await client.post("/json")
    assert (empty.status_code, empty.content, empty.headers["cache-control"]) == (204, b"", "public, max-age=6")
    assert empty.headers.get_list("set-cookie") == ["a=b; Path=/", "c=d; Path=/"]
