"""What an agent's own process needs: report requests, give signs of life, and obey (docs/fleet.md).

    with Agent("https://painel.example.com.br", key, "retencao", version="1.4.0", spool_dir="/var/lib/agent") as agent:
        while agent.wait_until_resumed():
            with agent.request() as request:
                request.tokens(310, 95)

It imports nothing of the platform, nor anything but the standard library and httpx. `AsyncAgent` is the same over
asyncio.
"""

from alquimista.sdk.asynchronous import AsyncAgent
from alquimista.sdk.engine import Stats
from alquimista.sdk.measuring import Request
from alquimista.sdk.options import Options
from alquimista.sdk.restarting import RESTART_EXIT_CODE, exit_for_supervisor, reexec
from alquimista.sdk.spool import SpoolBusy
from alquimista.sdk.synchronous import Agent
from alquimista.sdk.wire import AgentError, Control, Refusal, Report

__all__ = [
    "RESTART_EXIT_CODE",
    "Agent",
    "AgentError",
    "AsyncAgent",
    "Control",
    "Options",
    "Refusal",
    "Report",
    "Request",
    "SpoolBusy",
    "Stats",
    "exit_for_supervisor",
    "reexec",
]
