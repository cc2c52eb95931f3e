"""A call of the new API that tells when it is over, instead of being waited for."""

from __future__ import annotations

import msgspec

from proxy.upstream.answer import Answer
from proxy.upstream.breaker import Breaker
from proxy.upstream.connection import Connection
from proxy.upstream.transport import Transport


class Flight(msgspec.Struct):
    """One under way on a connection that was kept. Once it is over, `answer` must be asked for."""

    transport: Transport
    connection: Connection
    method: str
    breaker: Breaker
    admitted: int
    began: float
    """When it did, as `time.perf_counter` tells it."""

    def answer(self) -> Answer:
        """The answer, whole; raises httpx's errors."""
        return self.transport.answer(self.connection)

    def abandon(self) -> None:
        """Nobody waits for its answer any more."""
        self.transport.abandon(self.connection)

    def outcome(self, answer: Answer | None, error: BaseException | None) -> Outcome:
        """What came of it, for whoever goes on from there."""
        if error is not None and self.transport.goes_again(self.connection, self.method, error):
            error = None
        return Outcome(self.admitted, self.began, answer, error)


class Outcome(msgspec.Struct):
    """What came of a call: its answer, or an error, or neither where it is made once more."""

    admitted: int
    began: float
    answer: Answer | None
    error: BaseException | None

    def result(self) -> Answer | None:
        """The answer, if there is one; raises the error."""
        if self.error is not None:
            raise self.error
        return self.answer
