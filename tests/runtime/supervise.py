"""Runs a supervisor over small programs. Usage: supervise.py FOLDER [--server]. Prints what it says.

Programs `web 1`, `web 2` and `worker` write `start NAME PID` to FOLDER/events, and `stop NAME` when they are asked to
end. With FOLDER/stubborn the worker ignores that; with FOLDER/broken it ends at once.
"""

import os
import sys
from pathlib import Path

from alquimista.runtime.embedded import EmbeddedServer
from alquimista.runtime.failures import StartError
from alquimista.runtime.supervisor import Program, Supervisor

CHILD = """
import os, signal, sys, time
from pathlib import Path
name, folder = sys.argv[1], Path(sys.argv[2])
def note(text):
    with (folder / "events").open("a") as file:
        file.write(text + "\\n")
def stop(*_):
    if not (name == "worker" and (folder / "stubborn").exists()):
        note(f"stop {name}")
        sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note(f"start {name} {os.getpid()}")
if name == "worker" and (folder / "broken").exists():
    sys.exit("no reason at all")
while True:
    time.sleep(0.05)
"""


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def noted(events: Path) -> set[str]:
    return {line.removeprefix("start ").rsplit(" ", 1)[0] for line in events.read_text().splitlines()}


folder = Path(sys.argv[1])
broken = folder / "broken"
names = ("web 1", "web 2", "worker")
web_1, web_2, worker = (
    Program(
        name=name,
        argv=(sys.executable, "-c", CHILD, name, str(folder)),
        env=os.environ,
        log=folder / f"{name.replace(' ', '-')}.log",
    )
    for name in names
)
server = EmbeddedServer(folder / "data") if "--server" in sys.argv else None
if server:
    server.start()
    say(f"server {server.pid} {server.url}")
try:
    with Supervisor([[web_1, web_2], [worker]], server, say) as supervisor:
        events = folder / "events"
        if supervisor.until(lambda: events.exists() and set(names) <= noted(events) and not broken.exists()):
            say("ready")
            supervisor.until_stopped()
except StartError as error:
    say(str(error))
finally:
    if server:
        server.stop()
say("done")
