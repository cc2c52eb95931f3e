"""How many calls may be tried once more: a token bucket in the manner of Finagle's."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

TOKEN = 1000
"""What one retry costs. Whole numbers, so that ten deposits of a tenth are one, exactly."""

SLICES = 10
"""What is deposited expires by slices of time, so that the memory is bounded."""


@dataclass(slots=True)
class Slice:
    """Some of the time, by its number, and what is left of what was deposited in it."""

    number: float
    held: int = 0


class RetryBudget:
    """Every call pays in a part of a retry, and every retry costs a whole one."""

    def __init__(
        self,
        ratio: float,
        clock: Callable[[], float],
        *,
        per_second: int = 5,
        seconds: float = 10,
    ) -> None:
        """
        `ratio` of a retry is paid in by a call and lasts `seconds`, less a tenth at most; none
        is granted where it is 0. `per_second` are free, so that a gateway that is hardly used
        can retry too.
        """
        self._part = round(ratio * TOKEN)
        self._clock = clock
        self._per_second = per_second if ratio else 0
        self._free = float(self._per_second)
        self._refilled_at = clock()
        self._slice_seconds = seconds / SLICES
        # Oldest first.
        self._slices: deque[Slice] = deque(maxlen=SLICES)

    def deposit(self) -> None:
        """A call is made that is no retry."""
        now = self._clock() // self._slice_seconds
        if not self._slices or self._slices[-1].number != now:
            self._slices.append(Slice(now))
        self._slices[-1].held += self._part

    def withdraw(self) -> bool:
        """Whether a retry can be paid for; if so, it is."""
        now = self._clock()
        refilled = self._free + (now - self._refilled_at) * self._per_second
        self._free = min(refilled, self._per_second)
        self._refilled_at = now
        if self._free >= 1:
            self._free -= 1
            return True
        return self._withdraw_deposited(now // self._slice_seconds)

    def _withdraw_deposited(self, now: float) -> bool:
        while self._slices and self._slices[0].number <= now - SLICES:
            self._slices.popleft()
        if sum(each.held for each in self._slices) < TOKEN:
            return False
        owed = TOKEN
        for each in self._slices:
            paid = min(owed, each.held)
            each.held -= paid
            owed -= paid
        return True
