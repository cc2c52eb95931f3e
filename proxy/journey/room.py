"""How much of what clients send is held at one time, of all of them together."""

from __future__ import annotations

from proxy.errors import OverloadedError
from proxy.journey.turns import COUNTER
from proxy.upstream.counting import Count


class Room:
    """Bytes are taken as they come, and given back when their request is over."""

    def __init__(self, limit: int, count: Count) -> None:
        self._limit = limit
        self._count = count
        self.held = 0

    def take(self, size: int) -> None:
        """Hold so many bytes more; raises `OverloadedError`, and then holds none of them."""
        if self.held + size > self._limit:
            self._count(COUNTER, "bodies")
            raise OverloadedError
        self.held += size

    def take_now(self, size: int) -> bool:
        """Hold so many bytes more if there is room for them; whether there was."""
        if self.held + size > self._limit:
            return False
        self.held += size
        return True

    def give_back(self, size: int) -> None:
        """Hold so many bytes less."""
        self.held -= size
