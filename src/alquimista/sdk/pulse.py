"""Signs of life."""

import asyncio
from http import HTTPStatus
from typing import Final

from alquimista.sdk.backoff import Backoff
from alquimista.sdk.session import FAILURES, SDK, Session, asked_to_wait, log, said
from alquimista.sdk.wire import AgentError, Control, is_suspended, problem

_BEAT_S: Final = 10.0


class Pulse:
    """Beats every ten seconds, and takes note of what the platform answers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._options = session.options
        self._every = session.options.beat_s or _BEAT_S
        self._config = ""

    async def run(self) -> None:
        """Beat until cancelled. What the agent's own code makes of an answer keeps no beat waiting."""
        backoff = Backoff(self._options.first_retry_s, self._every)
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    pause = await self._beat(tasks)
                    backoff.succeeded()
                except AgentError as error:
                    log.warning("The platform refuses this agent: %s", error)
                    if is_suspended(error):
                        self._session.wish(suspended=True)
                    pause = max(backoff.failed(), self._every)
                except FAILURES:
                    pause = backoff.failed()
                await asyncio.sleep(pause)

    async def _beat(self, tasks: asyncio.TaskGroup) -> float:
        """Seconds until the next one.

        Raises:
            AgentError: the platform refuses this agent.
        """
        session, wishes = self._session, self._session.wishes
        body = {
            "instance_id": session.instance,
            "boot_id": str(session.boot_id),
            "version": self._options.version,
            "sdk_version": SDK,
        }
        answer = await session.http.post(session.path("heartbeat"), json=body)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.is_server_error:
            return max(asked_to_wait(answer), self._options.first_retry_s)
        if answer.status_code != HTTPStatus.OK:
            raise problem(answer.status_code, said(answer))
        told = answer.json()
        session.wish(suspended=False)
        if wishes == session.wishes:  # Else a message came meanwhile, and is newer.
            kind = "pause" if told["state"] == "paused" else "resume"
            tasks.create_task(session.switch(Control("", kind, "")))
        if self._config not in {"", told["config_version"]} and self._options.on_configuration is not None:
            tasks.create_task(session.call(self._options.on_configuration, Control("", "configuration_changed", "")))
        self._config = told["config_version"]
        return float(self._options.beat_s or told["next_beat_s"])
