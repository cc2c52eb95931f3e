"""Chunks carried over on several cores, given back in their order."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, closing
from itertools import chain, islice
from multiprocessing.process import BaseProcess
from typing import cast

from proxy import packs
from proxy.cli.dumps.carrying import Carried, Translator
from proxy.cli.dumps.chunks import Chunk, Numbered
from proxy.cli.dumps.form import UnreadableError
from proxy.cli.dumps.ids import StoredIds
from proxy.cli.dumps.output import Output
from proxy.cli.dumps.plan import Plan
from proxy.settings import pack_settings_of_environment, store_settings_of_environment
from proxy.store.opening import opened

FEW = 4
"""So many chunks are done before another process would have started."""
AHEAD = 2
"""How many chunks wait, or are done and not yet written, for each process."""

Done = Generator[tuple[Chunk, Carried], None, None]


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
    first = list(islice(chunks, FEW))
    if jobs == 1 or len(first) < FEW:
        for chunk in chain(first, chunks):
            yield chunk, own.carry(chunk.records)
    else:
        yield from _by_processes(plan, chain(first, chunks), jobs)


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
    waiting: deque[tuple[Chunk, Future[Carried]]] = deque()
    # No fork: a progress bar moves in a thread of its own.
    spawning = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(jobs, spawning, initializer=_begin, initargs=(plan,))
    try:
        for chunk in chunks:
            waiting.append((chunk, _submitted(executor, chunk.records)))
            if len(waiting) >= AHEAD * jobs:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        executor.shutdown(cancel_futures=True)


def _submitted(executor: ProcessPoolExecutor, records: list[Numbered]) -> Future[Carried]:
    # A process that is started here inherits what is blocked: Ctrl-C is for this one alone.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return executor.submit(_carry, records)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_translators: list[Translator] = []
"""The one of a process that works for another."""
_open = ExitStack()
"""What it needs for as long as it lives."""


def _begin(plan: Plan) -> None:
    """Make ready what carries, once a process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = pack_settings_of_environment()
    loaded = packs.load(settings.pack, settings.pack_options, settings.tables)
    _translators.append(Translator(plan, loaded, ids_of(plan, loaded, _open)))


def _carry(records: list[Numbered]) -> Carried:
    return _translators[0].carry(records)


def _end_with_parent() -> None:
    """A process whose parent was killed would wait for work for ever."""
    cast("BaseProcess", multiprocessing.parent_process()).join()
    os._exit(1)  # pragma: no cover - what counts lines ends here too
