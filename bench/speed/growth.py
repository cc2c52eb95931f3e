"""Passerelle alone, under work that grows: a step for each place on a curve."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic

from bench.speed import clients, crosswalk_rows, curves
from bench.speed.curves import Curve, Grown
from bench.speed.extent import Extent, followed
from bench.speed.golden import Golden, golden, started
from bench.speed.installing import debian, nginx, tell
from bench.speed.load import Sample, told_by_wrk, under_load, wrk
from bench.speed.peers import PEERS, Place, passerelle
from bench.speed.processes import Cores, Running, cores, free_port
from bench.speed.upstream import static_upstream
from bench.speed.workload import (
    ACTS,
    CREATE,
    LIST,
    LISTED,
    READ,
    READ_ONE,
    WHOLE,
    Work,
    dump,
    identity,
    modern_record,
)

CARRIED = 16
"""Connections at which it is told what one core carries."""
LONGEST = 10_000
WARMED = 200
"""Readings before anything is measured, so that what is done only once is done."""
BIG = {"MAX_ANSWER_BYTES": str(128 * 1024**2), "DEADLINE_SECONDS": "60"}
"""What a list of 10,000 records needs beyond the defaults: it has 34 MB."""
CROWDED = {"MAX_WAITING": "1024", "WAIT_SECONDS": "10"}
"""What 1,024 connections need that all ask at once: by default the 151st is refused."""

OPEN_FILES = 8192

Step = tuple[str, Callable[[], None]]


def measured(extent: Extent, folder: Path) -> Grown:
    """A whole run."""
    at = cores()
    if at.gateway == at.rest:
        tell("only one core: the gateway shares it with the load, so the figures are no figures")
    nginx()
    debian("wrk", have="wrk")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(OPEN_FILES, hard), hard))
    right = golden(folder / "golden", at.gateway)
    # What reads here must not take the gateway's core.
    os.sched_setaffinity(0, {at.rest})
    with static_upstream(folder / "upstream", at.rest, WHOLE.answers()) as upstream:
        files = folder / "upstream"
        growth = Growth(extent, at, folder, right, upstream, files, Grown())
        followed(list(growth.steps()), extent.minutes)
    return growth.grown


@dataclass(frozen=True, slots=True)
class Growth:
    """Where it is measured, and what was found."""

    extent: Extent
    at: Cores
    folder: Path
    right: Golden
    upstream: Running
    files: Path
    """What the new API answers, a file for each path."""
    grown: Grown

    def steps(self) -> Iterator[Step]:
        """All there is to do, each under its name."""
        for length in self.extent.lengths:
            yield f"a list of {length:,}", partial(self._list, length)
        yield "connections", self._connections
        yield "2 workers", self._two_workers
        yield f"readings beside a list of {LONGEST:,}", self._beside_a_list
        for rows in self.extent.rows:
            yield f"a crosswalk of {rows:,} rows", partial(self._crosswalk, rows)

    def _list(self, length: int) -> None:
        """What a list costs, and the memory that it takes, in a gateway of its own."""
        part, size = self._listing(length)
        with self._serving(self._store(_acts_of(length)), part, settings=BIG) as serving:
            self._reading(serving, [LIST.path, LIST.path])
            costs = [
                self._cost(serving, repeat(LIST.path), self.extent.seconds) for _ in self._rounds
            ]
            self._add(curves.LISTS, "CPU us", length, costs)
            self._add(curves.MEMORY, "MB afterwards", size / 1e3, [serving.rss_megabytes()])
            self._add(curves.MEMORY, "MB at most", size / 1e3, [serving.peak_megabytes()])

    def _connections(self) -> None:
        """From few to many; what one core carries; and the latency that is added at one."""
        with self._serving(self.right.store, settings=CROWDED) as serving:
            self._load(serving, READ_ONE, CARRIED)
            for count in self.extent.connections:
                seen = [self._load(serving, READ_ONE, count) for _ in self._rounds]
                self._add(curves.CONNECTIONS, "CPU us", count, (it.cpu_us for it in seen))
                self._add(curves.CONNECTIONS, "MB", count, (it.rss_mb for it in seen))
            self._load(serving, CREATE, CARRIED)
            made = [self._load(serving, CREATE, CARRIED) for _ in self._rounds]
            read = [self._load(serving, READ_ONE, CARRIED) for _ in self._rounds]
            alone = [self._load(serving, READ_ONE, 1) for _ in self._rounds]
            bare = [self._bare() for _ in self._rounds]
        self._worked(1, read)
        self.grown.figures |= {
            curves.READINGS: median(it.rps for it in read),
            curves.CREATIONS: median(it.rps for it in made),
            curves.ADDED_P50: median(it.p50_us for it in alone) - median(it[0] for it in bare),
            curves.ADDED_P99: median(it.p99_us for it in alone) - median(it[1] for it in bare),
        }

    def _two_workers(self) -> None:
        with self._serving(self.right.store, workers=2, settings=CROWDED) as serving:
            # The port is open before the workers have begun; the second one may be the later.
            self._reading(serving, repeat(READ_ONE.path, WARMED))
            for _ in range(2):
                self._load(serving, READ_ONE, CARRIED)
            self._worked(2, [self._load(serving, READ_ONE, CARRIED) for _ in self._rounds])

    def _beside_a_list(self) -> None:
        """One client reads the longest list again and again, another one a record."""
        part, _ = self._listing(LONGEST)
        seconds = self.extent.rounds * self.extent.seconds
        with self._serving(self._store(_acts_of(LONGEST)), part, settings=BIG) as serving:
            self._reading(serving, [LIST.path, *repeat(READ_ONE.path, WARMED)])
            quiet = self._reading(serving, repeat(READ_ONE.path), seconds)
            lists: list[clients.Seen] = []
            busy = Thread(
                target=lambda: lists.append(self._reading(serving, repeat(LIST.path), seconds))
            )
            busy.start()
            beside = clients.read(
                serving.port, repeat(READ_ONE.path), until=lambda: not busy.is_alive()
            )
            busy.join()
        self.grown.errors += beside.errors
        self.grown.figures |= {
            "p99 ms of a reading alone": quiet.at(0.99),
            "worst ms of a reading alone": max(quiet.milliseconds),
            f"p99 ms beside a list of {LONGEST:,}": beside.at(0.99),
            curves.WORST: max(beside.milliseconds),
            f"median ms of a list of {LONGEST:,}": lists[0].at(0.5),
        }

    def _crosswalk(self, rows: int) -> None:
        """Readings whose ids lie all over the table: each record once, then each again."""
        records = crosswalk_rows.drawn(rows, self.extent.drawn)
        part = f"rows/{rows}"
        for record in records:
            self._answer(f"{part}/health_records/{record['id']}", dump(record))
        paths = [READ_ONE.path.replace(identity("record", READ), it["id"]) for it in records]
        store = self._store(crosswalk_rows.modern_id(number, rows) for number in range(rows))
        first, again = [], []
        for _ in self._rounds:
            with self._serving(store, part) as serving:
                # The last record stands for all that is done only once; it is not measured.
                self._reading(serving, repeat(paths[-1], WARMED))
                first.append(self._cost(serving, paths[:-1]))
                again.append(self._cost(serving, paths[:-1]))
        self._add(curves.CROSSWALK, "not cached", rows, first)
        self._add(curves.CROSSWALK, "cached", rows, again)
        shutil.rmtree(store)

    @property
    def _rounds(self) -> range:
        return range(self.extent.rounds)

    @contextmanager
    def _serving(
        self, store: Path, part: str = "", workers: int = 1, settings: dict[str, str] | None = None
    ) -> Iterator[Running]:
        """The gateway on this store, before one part of what the new API has."""
        peer = replace(PEERS[0], start=passerelle(workers, INTENT_MINUTES="0", **(settings or {})))
        upstream = f"127.0.0.1:{self.upstream.port}/{part}".rstrip("/")
        place = Place(store, free_port(), upstream, self.right.tables, self.right.operator)
        core = self.at.gateway if workers == 1 else ",".join(map(str, self.at.two))
        with ExitStack() as stack:
            yield started(peer, place, core, stack)

    def _store(self, modern_ids: Iterable[str]) -> Path:
        """A store that knows these vaccinations."""
        made = self.folder / f"store-{free_port()}"
        shutil.copytree(self.right.store, made)
        crosswalk_rows.fill(made, modern_ids)
        return made

    def _listing(self, length: int) -> tuple[str, int]:
        """The part of the new API that has a list of so many, and the size of that."""
        part = f"lists/{length}"
        body = dump([modern_record(number) for number in range(length)])
        self._answer(f"{part}/health_records", body)
        self._answer(f"{part}{READ_ONE.upstream}", dump(modern_record(READ)))
        return part, len(body)

    def _answer(self, path: str, body: bytes) -> None:
        file = self.files / f"{path}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)

    def _load(self, serving: Running, work: Work, connections: int) -> Sample:
        seen = under_load(serving, work, self.at.rest, connections, self.extent.seconds)
        self.grown.errors += seen.errors
        return seen

    def _bare(self) -> tuple[float, float]:
        """The latency of the new API itself at one connection: median and p99."""
        work = replace(READ_ONE, path=READ_ONE.upstream)
        told = told_by_wrk(wrk(self.upstream.port, work, self.at.rest, 1, self.extent.seconds))
        return told["p50"], told["p99"]

    def _reading(
        self, serving: Running, paths: Iterable[str], seconds: float = float("inf")
    ) -> clients.Seen:
        end = monotonic() + seconds
        seen = clients.read(serving.port, paths, until=lambda: monotonic() > end)
        self.grown.errors += seen.errors
        return seen

    def _cost(self, serving: Running, paths: Iterable[str], seconds: float = float("inf")) -> float:
        """CPU microseconds of a reading, one after the other."""
        before = serving.cpu_seconds()
        seen = self._reading(serving, paths, seconds)
        return 1e6 * (serving.cpu_seconds() - before) / len(seen.milliseconds)

    def _worked(self, workers: int, seen: list[Sample]) -> None:
        self._add(curves.WORKERS, "requests/s", workers, (it.rps for it in seen))
        self._add(curves.WORKERS, "CPU us", workers, (it.cpu_us for it in seen))

    def _add(self, curve: Curve, series: str, x: float, values: Iterable[float]) -> None:
        self.grown.add(curve, series, x, values)


def _acts_of(people: int) -> Iterator[str]:
    """The ids of the vaccinations of so many people."""
    # The record that is read alone, and what is measured at other places, is among the first.
    for number in range(max(people, LISTED)):
        for place in range(ACTS):
            yield identity("act", number, place)
