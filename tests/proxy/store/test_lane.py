"""Work that waits for its turn: committed together, failing alone, told only once it is done."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from proxy.errors import StoreError
from proxy.store import lane as lanes
from proxy.store.connection import Connection, Row
from proxy.store.lane import Lane, each_by_itself, in_one_transaction
from proxy.store.sqlite import SqliteConnection

MANY = range(10)


class Watched(SqliteConnection):
    """Notes its statements, and fails where it is told to."""

    def __init__(self, path: Path, statements: list[str], failing: set[str]) -> None:
        self.statements, self.failing = statements, failing
        super().__init__(path, busy_seconds=1)

    def execute(self, statement: str, *values: object) -> list[Row]:
        self.statements.append(statement)
        if statement in self.failing:
            self.failing.remove(statement)
            raise sqlite3.OperationalError
        return super().execute(statement, *values)


@dataclass
class Notes:
    """A table of numbers, written in one lane."""

    path: Path
    statements: list[str] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    opened: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        connection = self.connect()
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE note (number INTEGER PRIMARY KEY)")
        connection.close()
        self.statements.clear()
        self.lane = Lane(self.connect, in_one_transaction, threads=1, together=64)

    def connect(self) -> Watched:
        return Watched(self.path, self.statements, self.failing)

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")

    @property
    def written(self) -> list[int]:
        connection = SqliteConnection(self.path, 1)
        found = [number for (number,) in connection.execute("SELECT number FROM note")]
        connection.close()
        return found

    async def block(self, lane: Lane) -> asyncio.Future[None]:
        """Have work under way that keeps everybody behind it waiting, until `opened`."""
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def work(_connection: Connection) -> None:
            loop.call_soon_threadsafe(begun.set)
            assert self.opened.wait(10)

        asked = lane.ask(work)
        await begun.wait()
        return asked


def writes(number: int) -> Callable[[Connection], int]:
    def work(connection: Connection) -> int:
        connection.execute("INSERT INTO note VALUES (?)", number)
        return number

    return work


def fails(connection: Connection) -> None:
    connection.execute("INSERT INTO note VALUES (1000)")
    raise LookupError


@pytest.fixture
async def notes(tmp_path: Path) -> AsyncIterator[Notes]:
    """An empty table; what was asked of its lane is done at the end."""
    made = Notes(tmp_path / "notes.db")
    yield made
    made.opened.set()
    await made.lane.close()


async def test_writes_that_wait_are_behind_one_commit(notes: Notes) -> None:
    first = await notes.block(notes.lane)
    waiting = [notes.lane.ask(writes(number)) for number in MANY]
    notes.opened.set()

    assert await asyncio.gather(*waiting) == list(MANY)

    assert first.done()
    assert notes.written == list(MANY)
    assert notes.commits == 2


async def test_one_commit_holds_no_more_than_it_may(notes: Notes) -> None:
    lane = Lane(notes.connect, in_one_transaction, threads=1, together=4)
    await notes.block(lane)
    waiting = [lane.ask(writes(number)) for number in MANY]
    notes.opened.set()

    await asyncio.gather(*waiting)

    await lane.close()
    assert notes.commits == 4


async def test_a_write_that_fails_is_undone_alone(notes: Notes) -> None:
    await notes.block(notes.lane)
    before, failing, after = (notes.lane.ask(work) for work in (writes(1), fails, writes(2)))
    notes.opened.set()

    with pytest.raises(LookupError):
        await failing

    assert (await before, await after) == (1, 2)
    assert notes.written == [1, 2]
    with pytest.raises(LookupError):
        await notes.lane.ask(fails)
    assert notes.written == [1, 2]


async def test_a_write_that_the_database_refuses_fails_alone(notes: Notes) -> None:
    await notes.block(notes.lane)
    before, again, after = (notes.lane.ask(writes(number)) for number in (1, 1, 2))
    notes.opened.set()

    with pytest.raises(StoreError, match=r"^the store failed: SQLITE_CONSTRAINT_PRIMARYKEY$"):
        await again

    assert (await before, await after) == (1, 2)
    assert notes.written == [1, 2]


async def test_where_the_commit_fails_all_have_failed_and_nothing_is_written(notes: Notes) -> None:
    def last(_connection: Connection) -> None:
        notes.failing.add("COMMIT")

    await notes.block(notes.lane)
    waiting = [notes.lane.ask(work) for work in (*map(writes, MANY), last)]
    notes.opened.set()

    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert {str(answer) for answer in answers} == {"the store failed: OperationalError"}
    # Each has one of its own, which its caller may raise and note things on.
    assert len({id(answer) for answer in answers}) == len(waiting)
    assert notes.written == []
    assert await notes.lane.ask(writes(99)) == 99


async def test_a_failure_that_ends_the_transaction_fails_all_within(notes: Notes) -> None:
    def rolls_back(connection: Connection) -> None:
        connection.execute("ROLLBACK")
        raise sqlite3.OperationalError

    await notes.block(notes.lane)
    waiting = [notes.lane.ask(work) for work in (writes(1), rolls_back, writes(2))]
    notes.opened.set()

    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert [type(answer) for answer in answers] == [StoreError] * 3
    assert await notes.lane.ask(writes(3)) == 3
    assert notes.written == [3]


async def test_a_caller_that_is_cancelled_does_not_stop_what_it_asked_for(notes: Notes) -> None:
    await notes.block(notes.lane)
    cancelled, other = notes.lane.ask(writes(1)), notes.lane.ask(writes(2))
    cancelled.cancel()
    notes.opened.set()

    await other

    assert notes.written == [1, 2]


async def test_who_waits_for_too_long_is_told_and_nothing_is_done_later(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "BUSY_SECONDS", 0.01)
    first = await notes.block(notes.lane)
    late = notes.lane.ask(writes(1))

    with pytest.raises(StoreError, match=r"^the store failed: TimeoutError$"):
        await late

    notes.opened.set()
    await first
    assert notes.written == []


async def test_who_has_its_turn_is_waited_for(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = threading.Event(), threading.Event()

    def slow(_connection: Connection) -> bool:
        begun.set()
        return ended.wait(10)

    monkeypatch.setattr(lanes, "BUSY_SECONDS", 0)
    await notes.block(notes.lane)
    asked = notes.lane.ask(slow)
    notes.opened.set()
    # Before the loop looks at its timers again.
    assert begun.wait(10)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not asked.done()
    ended.set()

    assert await asked


async def test_what_was_asked_before_the_end_is_done_and_what_comes_later_begins_anew(
    notes: Notes,
) -> None:
    await notes.block(notes.lane)
    waiting = [notes.lane.ask(writes(number)) for number in MANY]
    closing = asyncio.create_task(notes.lane.close())
    await asyncio.sleep(0)
    notes.opened.set()

    await closing

    assert all(done.done() for done in waiting)
    assert await notes.lane.ask(writes(99)) == 99


async def test_as_many_read_at_once_as_there_are_threads(notes: Notes) -> None:
    lane = Lane(notes.connect, each_by_itself, threads=3)
    together = threading.Barrier(3, timeout=10)

    await asyncio.gather(*(lane.ask(lambda _connection: together.wait()) for _ in range(3)))

    await lane.close()
    assert notes.statements == []


def test_a_loop_that_ended_is_told_nothing_and_the_work_is_done(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "notes.db")

    async def ask() -> None:
        await notes.block(notes.lane)
        notes.lane.ask(writes(1))

    asyncio.run(ask())
    notes.opened.set()
    asyncio.run(notes.lane.close())

    assert notes.written == [1]


CRASHING = """
import asyncio, os, sys, threading
from pathlib import Path
from typing import Any
from tests.proxy.store.test_lane import Notes, writes

async def main():
    notes = Notes(Path(sys.argv[1]))
    await notes.lane.ask(writes(1))
    print("committed", flush=True)
    await notes.block(notes.lane)
    waiting = [notes.lane.ask(work) for work in (writes(2), writes(3), lambda _: os._exit(9))]
    for future in waiting:
        future.add_done_callback(lambda _: print("told", flush=True))
    notes.opened.set()
    await asyncio.gather(*waiting)

asyncio.run(main())
"""


def test_a_crash_before_the_commit_has_told_nobody_and_leaves_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "notes.db"

    ended = subprocess.run(
        [sys.executable, "-c", CRASHING, str(path)], check=False, capture_output=True, text=True
    )

    assert (ended.returncode, ended.stdout) == (9, "committed\n")
    connection = SqliteConnection(path, 1)
    assert connection.execute("SELECT number FROM note") == [(1,)]
    connection.close()


async def test_a_system_that_gives_no_thread_once_is_asked_again(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as short_of_threads:
        short_of_threads.setattr(threading.Thread, "start", start)
        with pytest.raises(RuntimeError):
            notes.lane.ask(writes(1))

    assert await notes.lane.ask(writes(2)) == 2


async def test_a_failure_that_no_future_takes_is_told_and_keeps_nobody_waiting(
    notes: Notes,
) -> None:
    def work(_connection: Connection) -> None:
        raise StopIteration

    await notes.block(notes.lane)
    waiting: list[asyncio.Future[Any]] = [notes.lane.ask(work), notes.lane.ask(writes(1))]
    notes.opened.set()

    told = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(told[0], RuntimeError)
    assert told[1] == 1
