"""Which operations of the new API are not asked for a while, because they failed too often."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from proxy.errors import SuspendedError
from proxy.upstream.counting import Count, uncounted

COUNTER = "breaker"
"""The name of the counter; its labels are opened, closed, refused and probed."""


class Breaker:
    """
    One operation's. Opens when too many of its last calls failed, and refuses every call then,
    but for one at a time that tries whether the new API is back.
    """

    def __init__(
        self,
        ratio: float,
        seconds: float,
        clock: Callable[[], float],
        count: Count = uncounted,
        *,
        outcomes: int = 20,
        at_least: int = 10,
        within_seconds: float = 10,
    ) -> None:
        """
        Opens when, of the last `outcomes` of which none is older than `within_seconds`, there are
        `at_least` so many and `ratio` of them failed; probes are `seconds` apart.
        """
        self._ratio = ratio
        self._seconds = seconds
        self._clock = clock
        self._count = count
        self._at_least = at_least
        self._within_seconds = within_seconds
        # When each call ended, and whether it failed.
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=outcomes)
        self._at_most = outcomes
        self._failures = 0
        """How many of them failed."""
        # Begins anew when the breaker opens or closes. An outcome says something of the era in
        # which its call was admitted, and nothing in a later one.
        self._era = 0
        self._open = False
        self._probing = False
        self._probe_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it opened, and no probe has succeeded since."""
        return self._open

    def admit(self) -> int:
        """
        Let one call through, or raise `SuspendedError`.

        What it gives is handed back, once, to `succeeded`, `failed` or `abandoned`.
        """
        if self._open:
            now = self._clock()
            if self._probing or now < self._probe_at:
                self._count(COUNTER, "refused")
                raise SuspendedError(self._seconds)
            self._count(COUNTER, "probed")
            self._probing = True
            self._probe_at = now + self._seconds
        return self._era

    def succeeded(self, admitted: int) -> None:
        """The call was answered as it should be."""
        if self._failures or self._open:
            self._ended(admitted, failed=False)
        elif admitted == self._era:
            # Where none failed nothing can open it, and what is too old can wait.
            self._outcomes.append((self._clock(), False))

    def failed(self, admitted: int) -> None:
        """The call shows that the new API is in trouble."""
        self._ended(admitted, failed=True)

    def abandoned(self, admitted: int) -> None:
        """The call ended before it could tell anything, as when the client left."""
        if admitted == self._era:
            self._probing = False

    def _ended(self, admitted: int, *, failed: bool) -> None:
        if admitted != self._era:
            return
        now = self._clock()
        if self._open:
            self._probing = False
            if failed:
                self._probe_at = now + self._seconds
            else:
                self._turn(open_now=False)
            return
        outcomes = self._outcomes
        oldest = now - self._within_seconds
        while outcomes and (outcomes[0][0] < oldest or len(outcomes) == self._at_most):
            self._failures -= outcomes.popleft()[1]
        outcomes.append((now, failed))
        self._failures += failed
        so_many = len(outcomes)
        if so_many >= self._at_least and self._failures / so_many >= self._ratio:
            self._turn(open_now=True)
            self._probe_at = now + self._seconds

    def _turn(self, *, open_now: bool) -> None:
        """Open or close, and forget the past."""
        self._open = open_now
        self._outcomes.clear()
        self._failures = 0
        self._era += 1
        self._count(COUNTER, "opened" if open_now else "closed")


class Breakers:
    """One breaker for each operation; operations come from a closed set, never from a request."""

    def __init__(
        self,
        ratio: float,
        seconds: float,
        clock: Callable[[], float],
        count: Count = uncounted,
    ) -> None:
        self._made: dict[str, Breaker] = {}
        self._make = partial(Breaker, ratio, seconds, clock, count)

    def of(self, operation: str) -> Breaker:
        """The operation's, made when it is first asked for."""
        breaker = self._made.get(operation)
        if breaker is None:
            breaker = self._made[operation] = self._make()
        return breaker
