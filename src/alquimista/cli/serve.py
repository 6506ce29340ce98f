"""`alquimista serve`: one web process, for production or under `alquimista up`."""

import os
import socket
from typing import Annotated, Final

import typer

_GRACE_SECONDS: Final = 10


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    fd: Annotated[
        int | None, typer.Option(min=0, hidden=True, help="An inherited listening socket, in place of both.")
    ] = None,
) -> None:
    """Serve the pages and the API from this process until a signal asks for the end."""
    import uvicorn

    from alquimista.app import create_app
    from alquimista.cli.settings import with_database
    from alquimista.http.server import Protocol
    from alquimista.runtime.failures import StartError
    from alquimista.runtime.listener import allow_many_callers, in_many_hands, listen

    settings = with_database(os.environ)
    allow_many_callers()
    # Handed over as objects, which uvicorn closes as soon as it stops: then the port is free for the next start.
    listener = listen(host, port) if fd is None else socket.socket(fileno=fd)
    config = uvicorn.Config(
        create_app(settings),
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # alquimista.http.proxies believes only the proxies that the settings name.
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    try:
        uvicorn.Server(config).run(sockets=in_many_hands(listener))
    except SystemExit:
        raise StartError("The web process did not start; its last log lines say why.") from None
