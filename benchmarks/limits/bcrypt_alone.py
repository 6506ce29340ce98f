"""bcrypt by itself, at the platform's cost."""

import time
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from alquimista.identity.models.passwords import prehash
from alquimista.identity.service.hashing import COST


def hashes_per_second(threads: int, seconds: float) -> float:
    """Passwords checked per second by so many threads at once; bcrypt holds no lock of the interpreter."""
    password = prehash("Correct-Horse-9-Battery")
    hashed = bcrypt.hashpw(password, bcrypt.gensalt(COST))
    started = time.perf_counter()

    def check(_thread: int) -> tuple[int, float]:
        done = 0
        while time.perf_counter() - started < seconds:
            assert bcrypt.checkpw(password, hashed)
            done += 1
        return done, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        # Each thread's own pace: the last check of each ends beyond the given seconds.
        return sum(done / (ended - started) for done, ended in pool.map(check, range(threads)))
