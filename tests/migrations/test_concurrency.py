import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from alquimista.db.migrations import session
from alquimista.db.migrations.runner import apply, status, verify

RUNNER = """
import sys
from pathlib import Path
from alquimista.db.migrations.runner import Chain, apply
apply(sys.argv[1], chain=Chain(Path(sys.argv[2])))
"""


def until(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the awaited state never came"
        time.sleep(0.05)


def running(url: str, statement: str) -> bool:
    with psycopg.connect(url) as conn:
        sql = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'alquimista-migrations' AND query LIKE %s"
        return conn.execute(sql, (f"{statement}%",)).fetchone() is not None


def start(url: str, files) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUNNER, url, str(files.chain.directory)], start_new_session=True)


def test_the_second_of_two_runners_waits_and_finds_nothing_to_do(url, two) -> None:
    two.write("003_slow", "SELECT pg_sleep(0.5);")
    waited = threading.Event()

    def run() -> int:
        return len(apply(url, chain=two.chain, on_step=lambda step: step.migration or waited.set()))

    with ThreadPoolExecutor(2) as pool:
        done = sorted(future.result() for future in [pool.submit(run), pool.submit(run)])
    assert done == [0, 3]
    assert waited.is_set()
    assert verify(url, two.chain) == ()


def test_a_waiting_runner_does_not_stop_a_concurrent_index_build(url, two) -> None:
    two.write("003_slow", "SELECT pg_sleep(0.5);")
    index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS books_title ON public.books (title);"
    two.write("004_index", index, head="-- migrate:no-transaction\n")
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(apply, url, chain=two.chain) for _ in range(2)]
        assert sorted(len(future.result()) for future in futures) == [0, 4]


@pytest.mark.crash
def test_a_runner_killed_in_the_middle_leaves_nothing_and_the_next_one_goes_on(url, two, tables) -> None:
    two.write("003_slow", "CREATE TABLE public.half ();\nSELECT pg_sleep(30);")
    child = start(url, two)
    try:
        until(lambda: running(url, "SELECT pg_sleep"))
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    # The server notices within a second that its client is gone, although the statement would take half a minute.
    until(lambda: not running(url, "SELECT pg_sleep"), seconds=10)
    assert tables() == {"books"}
    assert [one.state for one in status(url, two.chain)] == ["applied", "applied", "pending"]
    two.write("003_slow", "CREATE TABLE public.whole ();")
    assert [m.number for m in apply(url, chain=two.chain)] == [3]
    assert tables() == {"books", "whole"}


@pytest.mark.crash
def test_a_runner_killed_in_a_concurrent_build_leaves_an_invalid_index_that_is_built_again(url, two) -> None:
    apply(url, chain=two.chain)
    index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS books_title ON public.books (title);"
    two.write("003_index", index, head="-- migrate:no-transaction\n")
    with psycopg.connect(url) as writer:
        writer.execute("INSERT INTO public.books VALUES (1, 'a')")  # The build waits for this open transaction.
        child = start(url, two)
        try:
            until(lambda: running(url, "CREATE INDEX"))
        finally:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        until(lambda: not running(url, "CREATE INDEX"), seconds=10)
    assert status(url, two.chain)[2].state == "running"
    assert [m.number for m in apply(url, chain=two.chain)] == [3]
    with psycopg.connect(url) as conn:
        sql = "SELECT indisvalid FROM pg_index WHERE indrelid = 'public.books'::regclass"
        assert conn.execute(sql).fetchall() == [(True,), (True,)]


def test_the_lock_belongs_to_the_runner_alone(url, two) -> None:
    with session.exclusive(url), psycopg.connect(url) as other:
        assert other.execute("SELECT pg_try_advisory_lock(%s)", (session.LOCK_KEY,)).fetchone() == (False,)
    with session.exclusive(url):
        pass
