"""Work under way: who asks for the same meanwhile waits for it and gets the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

V = TypeVar("V")


class Flights(Generic[V]):
    """Single flight by key. Work goes on to its end even when all who asked for it are gone."""

    def __init__(self) -> None:
        self._tasks: dict[bytes, asyncio.Task[V]] = {}

    def start(self, key: bytes, work: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V]:
        """The work on this key, begun now unless it is under way."""
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work())
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    def __len__(self) -> int:
        """How much is under way."""
        return len(self._tasks)

    async def join(self, key: bytes, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """The outcome of the work on this key; an error of it too."""
        return await asyncio.shield(self.start(key, work))

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _landed(self, key: bytes, done: asyncio.Task[V]) -> None:
        del self._tasks[key]
        # Asked for, so that asyncio does not report an error that nobody waits for any more.
        if not done.cancelled():
            done.exception()
