"""Chunks carried over on several cores, given back in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import cycle, islice
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from proxy import packs
from proxy.cli.dumps.carrying import Carried, Translator
from proxy.cli.dumps.chunks import Chunk, Numbered
from proxy.cli.dumps.form import UnreadableError
from proxy.cli.dumps.ids import StoredIds
from proxy.cli.dumps.output import Output
from proxy.cli.dumps.plan import Plan
from proxy.errors import ConfigurationError, StoreError
from proxy.settings import pack_settings_of_environment, store_settings_of_environment
from proxy.store.opening import opened

FEW = 4
"""So many chunks are done before another process would have started."""
AHEAD = 2
"""How many chunks wait, or are done and not yet written, for each process."""

Done = Generator[tuple[Chunk, Carried], None, None]


class ProcessLostError(Exception):
    """A process that works for this one is gone, or did not come; says which."""


class DefectError(Exception):
    """This program is wrong: says what was raised and where, without the message and its values."""

    @classmethod
    def of(cls, error: Exception) -> DefectError:
        """The one that was raised, or that tells of what was raised."""
        if isinstance(error, cls):
            return error
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno} {last.name}"
        return cls(f"{type(error).__name__} at {place}")


Relayed = ConfigurationError | StoreError | DefectError
"""What a process tells of itself to the one that it works for."""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ids_of(plan: Plan, loaded: packs.Loaded, stack: ExitStack) -> StoredIds | None:
    """The crosswalk of the configured store, where the plan asks for it."""
    if not plan.crosswalk:
        return None
    connection = stack.enter_context(opened(store_settings_of_environment(), fresh=True))
    return StoredIds(connection, loaded.pack.mappings[plan.resource], loaded.pack.uuid_kinds)


def in_order(plan: Plan, chunks: Iterator[Chunk], jobs: int, own: Translator) -> Done:
    """Each chunk with what became of it; few of them are done by this process, by its `own`."""
    first = deque(islice(chunks, max(FEW, jobs)))
    begun = min(jobs, len(first))
    every = _every(first, chunks)
    if jobs == 1 or len(first) < FEW:
        for chunk in every:
            yield chunk, own.carry(chunk.records)
    else:
        yield from _by_processes(plan, every, begun)


def _every(first: deque[Chunk], others: Iterator[Chunk]) -> Iterator[Chunk]:
    """All of them; the first ones are not held any longer than the others."""
    while first:
        yield first.popleft()
    yield from others


def carried_over(
    plan: Plan, chunks: Iterator[Chunk], jobs: int, own: Translator, output: Output
) -> Generator[Carried, None, None]:
    """Each chunk once it is written; raises `UnreadableError` after all that could be read."""
    output.begin(own.header())
    unreadable: list[UnreadableError] = []
    with closing(in_order(plan, _readable(chunks, unreadable), jobs, own)) as done:
        for chunk, carried in done:
            settled = own.settled(chunk.records, carried)
            output.take(chunk, settled)
            yield settled
    for error in unreadable:
        raise error


def _readable(chunks: Iterator[Chunk], unreadable: list[UnreadableError]) -> Iterator[Chunk]:
    """The chunks up to where a file is damaged: they are read ahead of those that are written."""
    try:
        yield from chunks
    except UnreadableError as error:
        unreadable.append(error)


def _by_processes(plan: Plan, chunks: Iterable[Chunk], jobs: int) -> Done:
    waiting: deque[tuple[Chunk, Connection]] = deque()
    with _workers(plan, jobs) as workers:
        for chunk, to in zip(chunks, cycle(workers), strict=False):
            with _living():
                to.send(chunk.records)
            waiting.append((chunk, to))
            if len(waiting) >= AHEAD * jobs:
                yield _answered(*waiting.popleft())
        while waiting:
            yield _answered(*waiting.popleft())


def _answered(chunk: Chunk, by: Connection) -> tuple[Chunk, Carried]:
    with _living():
        answer: Carried | Relayed = by.recv()
    if not isinstance(answer, Carried):
        raise answer
    return chunk, answer


@contextmanager
def _living() -> Iterator[None]:
    """Only the other process has the other end: it is gone where that is closed, however."""
    try:
        yield
    except (EOFError, OSError) as error:
        raise ProcessLostError("a process was killed: too little memory?") from error


@contextmanager
def _workers(plan: Plan, count: int) -> Iterator[list[Connection]]:
    """
    Processes that answer the chunks which they are sent, one after another; over at the end.

    Each has a connection of its own: in a queue that they share, as in `ProcessPoolExecutor`, the
    answer that a killed one has half sent is waited for, for ever.
    """
    with ExitStack() as joined, ExitStack() as closed:
        try:
            workers = [_started(joined, closed) for _ in range(count)]
        except OSError as error:
            raise ProcessLostError(f"a process cannot be started: {error.strerror}") from error
        for worker in workers:
            # Not by what starts it, which waits for ever for one that is killed meanwhile.
            with _living():
                worker.send(plan)
        yield workers


def _started(joined: ExitStack, closed: ExitStack) -> Connection:
    """This end of a connection to a new process, which ends once the connection is closed."""
    # No fork: a progress bar moves in a thread of its own.
    spawning = multiprocessing.get_context("spawn")
    # It would let Ctrl-C through, were it started with the first process.
    resource_tracker.ensure_running()
    ours, theirs = spawning.Pipe()
    closed.callback(ours.close)
    process = spawning.Process(target=_work, args=(theirs,))
    # A process that is started here inherits what is blocked: Ctrl-C is for this one alone.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
    joined.callback(process.join)
    return ours


def _work(asking: Connection) -> None:
    """What a process does that works for another, until that one has closed its end, or is gone."""
    asked: SimpleQueue[list[Numbered] | None] = SimpleQueue()
    with suppress(EOFError, OSError):
        plan: Plan = asking.recv()
        # Neither side may wait for the other to take what it sends.
        threading.Thread(target=_listen, args=(asking, asked), daemon=True).start()
        failure = _failure(plan, asking, asked)
        if failure is not None:
            asking.send(failure)
            # The other one may send some more before it hears of this.
            while asked.get() is not None:
                pass


def _failure(
    plan: Plan, asking: Connection, asked: SimpleQueue[list[Numbered] | None]
) -> Relayed | None:
    """Answer each chunk that is asked for; what has put an end to that, if not the other one."""
    try:
        settings = pack_settings_of_environment()
        loaded = packs.load(settings.pack, settings.pack_options, settings.tables)
        # What the store does wrong is a `StoreError` once this is left.
        with ExitStack() as stack:
            translator = Translator(plan, loaded, ids_of(plan, loaded, stack))
            while (records := asked.get()) is not None:
                asking.send(translator.carry(records))
    except (ConfigurationError, StoreError) as error:
        return error
    except Exception as error:  # noqa: BLE001 - the outermost handler: a traceback shows values
        return DefectError.of(error)
    return None


def _listen(asking: Connection, asked: SimpleQueue[list[Numbered] | None]) -> None:
    with suppress(EOFError, OSError, MemoryError):
        while True:
            asked.put(asking.recv())
    asked.put(None)
