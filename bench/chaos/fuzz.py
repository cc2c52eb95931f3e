"""Figure 10: mutated requests, by a fixed seed."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos.figure import Figure
from bench.chaos.mutations import MUTATIONS, mutated
from tests.sockets.processes import Process
from tests.wire.counting import Counting
from tests.wire.peer import FIELDS, EndedError, Peer, connected, lives
from tests.wire.trying import firing_range

SEED = 20_260_727
REQUESTS = 20_000
QUICK = 1_000
AT_ONCE = 48
CANARY_EVERY = 100
WAIT_SECONDS = 0.25
"""How long an answer is waited for; then the client says that it is done, and waits for the end."""

END_SECONDS = 5.0
FAULTS = (500, 502, 503, 504)
RIGHT = frozenset({501, 505, 508})
"""Statuses of 500 and more that a mutated request may well earn."""


@dataclass(slots=True)
class Run:
    """One run, as it goes."""

    port: int
    statuses: Counter[int] = field(default_factory=Counter)
    canaries: int = 0
    wrong_canaries: int = 0
    malformed_answers: int = 0
    hung: int = 0

    async def run(self, requests: Sequence[bytes]) -> None:
        """Send them all, a few at a time, and a good request after every hundred."""
        waiting = iter(enumerate(requests, start=1))
        await asyncio.gather(*(self._worker(waiting) for _ in range(AT_ONCE)))

    async def _worker(self, waiting: enumerate[bytes]) -> None:
        for number, raw in waiting:
            await self._send(raw)
            if number % CANARY_EVERY == 0:
                self.canaries += 1
                self.wrong_canaries += not await lives(self.port)

    async def _send(self, raw: bytes) -> None:
        async with connected(self.port) as peer:
            await peer.write([raw])
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    await self._hear(peer, bodiless=raw.startswith(b"HEAD"))
                    return
            except TimeoutError:
                self.statuses[0] += 1
            peer.finish()
            try:
                async with asyncio.timeout(END_SECONDS):
                    await peer.end()
            except TimeoutError:
                self.hung += 1

    async def _hear(self, peer: Peer, *, bodiless: bool) -> None:
        """The first answer that is none for the meantime."""
        try:
            while True:
                answer = await peer.read(bodiless=bodiless)
                if answer.status not in range(100, 200):
                    break
        except EndedError as error:
            self.statuses[0] += 1
            self.malformed_answers += error.within and not bodiless
            return
        self.statuses[answer.status] += 1
        self.malformed_answers += any(name not in FIELDS for name, _ in answer.fields)


def figure(*, quick: bool) -> Figure:
    """Whatever comes, the gateway answers or closes, and passes on nothing that is not its own."""
    taken = Figure(10, "fuzz")
    requests = mutated(SEED, QUICK if quick else REQUESTS)
    with tempfile.TemporaryDirectory() as folder, firing_range(Path(folder)) as gateways:
        process, upstream = gateways.any_host, gateways.upstream
        for _ in range(3):
            asyncio.run(lives(process.port))
        before = _open(process, upstream)
        run = Run(process.port)
        asyncio.run(run.run(requests))
        asyncio.run(_settled(process, upstream, before))
        _judge(taken, run, process, upstream, before)
    taken.counts |= {"requests": len(requests), "seed": SEED, "mutations": len(set(MUTATIONS))}
    return taken


def _judge(taken: Figure, run: Run, process: Process, upstream: Counting, before: int) -> None:
    told = {str(status): count for status, count in sorted(run.statuses.items()) if status}
    taken.counts |= {"canaries": run.canaries, "no answer": run.statuses[0], **told}
    unfit = Counter(what for seen in upstream.seen for what in seen.unfit)
    taken.counts["reached the upstream"] = len(upstream.seen)
    faults = [line for line in process.log if '"event": "failure"' in line or "run_asgi" in line]
    taken.demand(
        f"a good request after every {CANARY_EVERY}",
        f"{run.canaries} right",
        run.canaries - run.wrong_canaries,
        bool(run.canaries) and not run.wrong_canaries,
    )
    taken.none("tracebacks and failures in the log", process.err.count("Traceback") + len(faults))
    taken.none("answers 500, 502, 503, 504", sum(run.statuses[it] for it in FAULTS))
    taken.none(
        "other answers 5xx but 501, 505, 508",
        sum(n for it, n in run.statuses.items() if it >= 500 and it not in (*FAULTS, *RIGHT)),
    )
    taken.none("answers in another form", run.malformed_answers)
    taken.none("connections that never end", run.hung)
    taken.none("requests at the upstream that are not ours", sum(unfit.values()))
    taken.counts |= {f"upstream: {what}": count for what, count in unfit.items()}
    after = _open(process, upstream)
    taken.demand("connections open at the end", f"<= {before}", after, after <= before)
    alive = process.running.poll() is None and asyncio.run(lives(process.port))
    taken.demand("process", "lives and serves", alive, alive)


def _open(process: Process, upstream: Counting) -> int:
    """How many sockets the gateway has open, but for those that it keeps to the upstream."""
    folder = Path(f"/proc/{process.running.pid}/fd")
    return sum(_is_socket(place) for place in folder.iterdir()) - upstream.open


def _is_socket(place: Path) -> bool:
    try:
        return str(place.readlink()).startswith("socket:")
    except FileNotFoundError:
        # Closed since it was listed.
        return False


async def _settled(process: Process, upstream: Counting, before: int) -> None:
    """Wait until nothing of the run is open any more, and not for ever."""
    for _ in range(50):
        if _open(process, upstream) <= before:
            return
        await asyncio.sleep(0.1)
