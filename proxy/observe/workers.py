"""The other end of `proxy.observe.reporting`: it asks every worker, and adds them up."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import msgspec

from proxy.observe.reporting import ASK, HELLO
from proxy.observe.snapshot import Snapshot
from proxy.observe.totals import Totals

PATIENCE_SECONDS = 3.0
"""How long a worker may take to answer; it waits for its store for a while itself."""

MOST_BYTES = 16 * 1024**2
"""The longest line of a worker: far more than every route with every status takes."""


class Worker:
    """One worker, as seen from the process that asks it."""

    def __init__(self, asked: asyncio.StreamWriter) -> None:
        self._asked = asked
        self._news = asyncio.Event()
        self.last: Snapshot | None = None
        """What it told last."""
        self.ended = False

    async def ask(self, patience_seconds: float) -> Snapshot | None:
        """What it tells now; nothing if it takes too long."""
        news = self._news
        self._asked.write(ASK)
        try:
            async with asyncio.timeout(patience_seconds):
                await news.wait()
        except TimeoutError:
            return None
        return None if self.ended else self.last

    async def listen(self, told: asyncio.StreamReader) -> None:
        """Take what it tells until it has ended."""
        try:
            # A line without an end is one that it could not finish.
            while (line := await told.readline()).endswith(b"\n"):
                self.last = msgspec.json.decode(line, type=Snapshot)
                self._tell()
        except OSError:  # it was killed, and its end of the socket with it
            pass
        finally:
            self.ended = True
            self._tell()
            self._asked.close()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Workers:
    """All workers that have said hello over a line, and what happened in those that ended."""

    def __init__(self, line: socket.socket, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._line = line
        self._patience = patience_seconds
        self._working: set[Worker] = set()
        self._ended = Totals()
        self._listening: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Hear who says hello, from now on to the end."""
        loop = asyncio.get_running_loop()
        self._line.setblocking(False)
        loop.add_reader(self._line, self._hello)
        try:
            yield
        finally:
            loop.remove_reader(self._line)
            listening = list(self._listening)
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)

    async def totals(self) -> Totals:
        """The numbers of all of them now; of one that does not answer, those that it told last."""
        asked = list(self._working)
        answers = await asyncio.gather(*(worker.ask(self._patience) for worker in asked))
        totals = Totals()
        totals.include(self._ended)
        for worker in self._working:
            if worker.last is not None:
                totals.count(worker.last)
        for worker, answer in zip(asked, answers, strict=True):
            if answer is not None:
                totals.look(answer)
            elif not worker.ended:
                totals.not_ready["silent"] += 1
        return totals

    def _hello(self) -> None:
        _, given, _, _ = socket.recv_fds(self._line, len(HELLO), 1)
        task = asyncio.get_running_loop().create_task(self._listen(socket.socket(fileno=given[0])))
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)

    async def _listen(self, own: socket.socket) -> None:
        told, asked = await asyncio.open_unix_connection(sock=own, limit=MOST_BYTES)
        worker = Worker(asked)
        self._working.add(worker)
        try:
            await worker.listen(told)
        finally:
            self._working.discard(worker)
            if worker.last is not None:
                self._ended.count(worker.last)
