"""
When requests must be over: one timer for all of them.

Own code: `asyncio.timeout` makes a timer for each, which costs as much as all else of a deadline.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any

Work = asyncio.Task[Any]


class Deadlines:
    """
    Cancels the task of a request whose time is over.

    All have the same time, so that whoever began first must be over first.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: OrderedDict[Work, float] = OrderedDict()
        self._late: set[Work] = set()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, task: Work) -> float:
        """A request has arrived; gives when it must be over, by the clock of the event loop."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._seconds
        self._due[task] = ends_at
        if self._timer is None:
            self._timer = loop.call_at(ends_at, self._ring)
        return ends_at

    def put_off(self, task: Work) -> None:
        """Its deadline ends no more than its calls; it goes on."""
        self._due.pop(task, None)

    def end(self, task: Work) -> bool:
        """The request is over; whether it was cancelled because it was late."""
        self._due.pop(task, None)
        if not self._late or task not in self._late:
            return False
        self._late.discard(task)
        return True

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        while self._due:
            task, ends_at = next(iter(self._due.items()))
            if ends_at > loop.time():
                self._timer = loop.call_at(ends_at, self._ring)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
