"""What is worth knowing for a short time: by key, bounded in number and in age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Generic, TypeVar

V = TypeVar("V")


class Briefly(Generic[V]):
    """Values that are forgotten after so many seconds, and the oldest of them when too many."""

    def __init__(self, clock: Callable[[], datetime], *, seconds: float, at_most: int) -> None:
        self._clock = clock
        self._seconds = seconds
        self._at_most = at_most
        self._kept: dict[bytes, tuple[float, V]] = {}

    def __setitem__(self, key: bytes, value: V) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= self._at_most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (self._clock().timestamp() + self._seconds, value)

    def get(self, key: bytes) -> V | None:
        """The value, unless it is forgotten."""
        ends_at, value = self._kept.get(key, (0.0, None))
        return value if self._clock().timestamp() < ends_at else None
