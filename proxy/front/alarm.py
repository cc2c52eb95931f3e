"""A deadline that is moved with every request and hardly ever reached."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

NEVER = math.inf


class Alarm:
    """
    One timer for one deadline: to move it, or to put it off, costs an assignment.

    A timer that fires before the deadline, since that was moved, is set again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._fires = NEVER
        self.due = NEVER
        """When it rings, in the loop's time."""

    def set(self, due: float) -> None:
        """Ring at this time and at no other."""
        self.due = due
        if due < self._fires:
            self._cancel()
            self._fires = due
            self._timer = self._loop.call_at(due, self._fire)

    def end(self) -> None:
        """Never ring again."""
        self.due = NEVER
        self._cancel()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._fires = None, NEVER

    def _fire(self) -> None:
        self._timer, self._fires = None, NEVER
        due = self.due
        if due > self._loop.time():
            self.set(due)
        else:
            self.due = NEVER
            self._ring()
