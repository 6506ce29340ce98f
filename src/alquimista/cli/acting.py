"""Who acts by the command line: for the audit, whoever typed it, and the member of the staff whom `--as` names."""

import os
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from alquimista.access import Actor, ActorKind, Shell

if TYPE_CHECKING:
    from alquimista.db.pool import Database

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="EMAIL",
        help="The member of the staff who acts, for the audit; it also keeps the system's user and host.",
    ),
]


async def actor(db: "Database", email: str) -> Actor:
    """Who acts. Raises NotStaff when the address is nobody's of the staff."""
    from alquimista.identity.service import staff_actor

    found = await staff_actor(db.login(), email) if email else Actor(ActorKind.SYSTEM, frozenset())
    return replace(found, shell=Shell(_user(), socket.gethostname()))


def _user() -> str:
    """The operating system's user by its own word: USER in the environment is whatever somebody wrote there."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except ImportError:  # Windows.
        return os.getlogin()
    except KeyError:  # A container's user without a name.
        return str(os.getuid())
