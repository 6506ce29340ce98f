"""Measuring one request, and the gate through which requests go."""

import threading
import time

from alquimista.sdk.wire import Report, Status, new_report


class Request:
    """A request that runs. Say what it used; how long it took and whether it failed is seen to."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._status: Status = "success"
        self._input = self._output = self._cost = 0
        self._model = self._trace = ""
        self._currency: str | None = None

    def tokens(self, input_tokens: int, output_tokens: int) -> None:
        """Add the tokens of one call to a model."""
        self._input += input_tokens
        self._output += output_tokens

    def model(self, name: str) -> None:
        """Name the model."""
        self._model = name

    def cost(self, micros: int, currency: str | None = None) -> None:
        """Add what it cost, in millionths of the currency; of the company's unless another is named."""
        self._cost += micros
        self._currency = currency or self._currency

    def trace(self, trace_id: str) -> None:
        """Name the trace that it belongs to."""
        self._trace = trace_id

    def failed(self) -> None:
        """It is answered, but not well. An exception that leaves the block says the same."""
        self._status = "error"

    def report(self) -> Report:
        """What there is to report, now that it is over."""
        return new_report(
            self._status,
            round((time.monotonic() - self._began) * 1000),
            input_tokens=self._input,
            output_tokens=self._output,
            model=self._model,
            cost=self._cost,
            currency=self._currency,
            trace_id=self._trace,
        )


class Gate:
    """Counts requests that run, and keeps new ones waiting while a restart finishes the others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running = 0
        self._shut = False

    def enter(self) -> None:
        """Begin a request; waits while the gate is shut."""
        with self._changed:
            self._changed.wait_for(lambda: not self._shut)
            self._running += 1

    def try_enter(self) -> bool:
        """Begin a request unless the gate is shut."""
        with self._changed:
            self._running += not self._shut
            return not self._shut

    def leave(self) -> None:
        """End a request."""
        with self._changed:
            self._running -= 1
            self._changed.notify_all()

    def shut(self, timeout: float) -> bool:
        """Let nobody in, and wait until nobody is inside; False when somebody still is."""
        with self._changed:
            self._shut = True
            return self._changed.wait_for(lambda: not self._running, timeout)

    def reopen(self) -> None:
        """Let requests in again."""
        with self._changed:
            self._shut = False
            self._changed.notify_all()
