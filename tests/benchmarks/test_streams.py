"""The holder of streams beside the load: a stream for each open page, and what it told of."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.harness.streams import held

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nretry: 3000\n\n"
CHANGE = b'event: changes\ndata: {"topics":["usage"]}\n\n'


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_each_page_opens_its_persons_stream_anew_and_every_change_is_told(tmp_path):
    people, board = tmp_path / "people", tmp_path / "board"
    people.write_text("one\t10.1.0.1\tEmpresa 0\ta@b.c\nother\t10.1.0.2\tEmpresa 1\td@e.f\n")
    asked: list[bytes] = []
    open_now: list[socket.socket] = []

    def serve() -> None:
        for answer in (HEAD, HEAD, b"HTTP/1.1 503 Busy\r\n\r\n"):
            connection, _ = listener.accept()
            asked.append(connection.recv(10_000))
            connection.sendall(answer)
            open_now.append(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        with held(f"http://127.0.0.1:{listener.getsockname()[1]}", people, 2, board) as streams:
            opens(board, 0, times=1)
            until(lambda: len(open_now) == 1)
            open_now[0].sendall(CHANGE[:20])
            open_now[0].sendall(CHANGE[20:])
            until(lambda: told(board) == [1, 0])
            opens(board, 0, times=2)
            until(lambda: len(open_now) == 2)
            assert open_now[0].recv(1) == b"", "the page before is gone, and its stream with it"
            open_now[1].close()
            opens(board, 1, times=1)
            until(lambda: len(asked) == 3)
            until(lambda: len(open_now) == 3)
            assert open_now[2].recv(1) == b"", "a refused stream is left"
    [seen] = streams
    assert (seen.opened, seen.refused, seen.lost, seen.changes, seen.most) == (3, 1, 1, 1, 2)
    assert seen.usage == ["Empresa 0"]
    assert [b"session=one\r\n" in request for request in asked] == [True, True, False]
    assert [request.split()[1].rpartition(b"=")[2] for request in asked] == [b"1001", b"1002", b"1001"]
    assert told(board) == [1, 0]


def opens(board: Path, place: int, *, times: int) -> None:
    """As wrk's script does when a page has come, which says when it was made."""
    with board.open("r+b") as file:
        file.seek((2 + place) * 4)
        file.write(struct.pack("=I", 1000 + times))
        file.seek(place * 4)
        file.write(struct.pack("=I", times))


def told(board: Path) -> list[int]:
    return list(struct.unpack("=6I", board.read_bytes()))[4:]
