"""Threads that have a connection each, and do one after another what waits for them in a line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

from proxy.store.connection import Connection, database_errors, store_error
from proxy.store.engine import BUSY_SECONDS

T = TypeVar("T")
Work: TypeAlias = Callable[[Connection], T]


class Job(Generic[T]):
    """Work that waits for its turn, and what came of it."""

    __slots__ = ("error", "future", "result", "timer", "turn", "work")

    def __init__(self, work: Work[T], future: asyncio.Future[T]) -> None:
        self.work = work
        self.future = future
        self.turn = threading.Lock()
        """Whoever takes it decides: the thread that does the work, or the time that ran out."""
        self.timer: asyncio.TimerHandle | None = None
        self.result: T
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do the work, and note what came of it."""
        try:
            self.result = self.work(connection)
        except StopIteration as error:
            # No future takes this one.
            self.error = RuntimeError("the work raised StopIteration")
            self.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - it is raised where the work was asked for
            self.error = error

    def tell(self) -> None:
        """Give what came of it to the one who waits, in the thread of the loop."""
        if self.timer is not None:
            self.timer.cancel()
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        elif isinstance(self.error, database_errors()):
            self.future.set_exception(store_error(self.error))
        else:
            self.future.set_exception(self.error)


Jobs: TypeAlias = list[Job[Any]]


def each_by_itself(connection: Connection, jobs: Jobs) -> None:
    """Work that only reads: it holds no lock, and begins no transaction."""
    for job in jobs:
        job.run(connection)


def in_one_transaction(connection: Connection, jobs: Jobs) -> None:
    """Work that writes, all of it behind one commit; what fails is rolled back alone."""
    with connection.transaction():
        if len(jobs) == 1:
            jobs[0].result = jobs[0].work(connection)
            return
        for job in jobs:
            connection.execute("SAVEPOINT work")
            job.run(connection)
            if job.error is not None:
                # Raises where the failure has ended the transaction: then all have failed.
                connection.execute("ROLLBACK TO work")
            connection.execute("RELEASE work")


class Lane:
    """
    Does what it is asked, in up to so many threads that are started when they are needed.

    A thread takes up to `together` of those that wait at one time, and tells them at one time.
    What was asked is done, also where the one who asked was cancelled.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        perform: Callable[[Connection, Jobs], None],
        *,
        threads: int,
        together: int = 1,
    ) -> None:
        self._connect = connect
        self._perform = perform
        self._most = threads
        self._together = together
        self._line: SimpleQueue[Job[Any] | asyncio.Future[None]] = SimpleQueue()
        self._threads = 0
        self._asked = 0

    def ask(self, work: Work[T]) -> asyncio.Future[T]:
        """What will come of the work; raises `StoreError`."""
        loop = asyncio.get_running_loop()
        job = Job(work, loop.create_future())
        if self._asked >= self._threads:
            if self._threads < self._most:
                # Counted once it runs: where the system gives no thread, the next one asks again.
                threading.Thread(target=self._run, name="store", daemon=True).start()
                self._threads += 1
            else:
                job.timer = loop.call_later(BUSY_SECONDS, self._give_up, job)
        self._asked += 1
        self._line.put(job)
        return job.future

    async def close(self) -> None:
        """Do what was asked before, and end every thread."""
        loop = asyncio.get_running_loop()
        ends = [loop.create_future() for _ in range(self._threads)]
        for end in ends:
            self._line.put(end)
        self._threads = 0
        await asyncio.gather(*ends)

    def _give_up(self, job: Job[Any]) -> None:
        """It waited for too long, and still waits."""
        if job.turn.acquire(blocking=False):
            job.error = TimeoutError()
            self._tell([job])

    def _tell(self, jobs: Jobs) -> None:
        self._asked -= len(jobs)
        for job in jobs:
            job.tell()

    def _run(self) -> None:
        connection: Connection | None = None
        while isinstance(jobs := self._next(), list):
            connection = self._do(connection, jobs)
            _call(jobs[0].future, self._tell, jobs)
            # Nothing of it stays in memory until the next ones come.
            del jobs
        if connection is not None:
            connection.close()
        _call(jobs, jobs.set_result, None)

    def _next(self) -> Jobs | asyncio.Future[None]:
        """Those whose turn it is, or who waits for the end."""
        jobs: Jobs = []
        while True:
            job = self._line.get()
            if not isinstance(job, Job):
                if not jobs:
                    return job
                self._line.put(job)
                return jobs
            if job.turn.acquire(blocking=False):
                jobs.append(job)
            if jobs and (len(jobs) == self._together or self._line.empty()):
                return jobs

    def _do(self, connection: Connection | None, jobs: Jobs) -> Connection | None:
        try:
            if connection is None or connection.lost:
                connection = self._connect()
            self._perform(connection, jobs)
        except BaseException as error:  # noqa: BLE001 - it is raised where the work was asked for
            for job in jobs:
                job.error = job.error or error
        return connection


def _call(waits: asyncio.Future[Any], what: Callable[[T], object], argument: T) -> None:
    """Call in the thread of the loop; it may be gone, and with it whoever waits."""
    with suppress(RuntimeError):
        waits.get_loop().call_soon_threadsafe(what, argument)
