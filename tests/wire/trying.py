"""The corpus against the program: gateways as processes before an upstream that counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sockets.processes import Process, passerelle
from tests.wire.corpus import LISTED, SERVED_NAMES, Case
from tests.wire.counting import Counting, counting
from tests.wire.peer import lives
from tests.wire.sending import SETTINGS, Sender, Told, by_owner


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a batch of cases."""

    told: Sequence[Told]
    wrong: Sequence[str]
    """One line for each thing that is wrong, with the case's name and never its bytes."""
    requests: int
    reached: Counter[str]
    """How often the upstream was reached, by why it may be; "" where it may not."""
    stray: int
    """What reached the upstream and belongs to no case."""
    alive: bool
    """Whether the process runs, and answered a good request after the batch."""

    @property
    def statuses(self) -> Counter[int]:
        """How often each status was answered; 0 stands for a connection closed in silence."""
        given = Counter(answer.status for it in self.told for answer in it.answers)
        return given + Counter({0: sum(not it.answers for it in self.told)})

    @property
    def summary(self) -> str:
        """The counts, in a line."""
        statuses = ", ".join(
            f"{status}: {count}" for status, count in sorted(self.statuses.items())
        )
        return (
            f"{len(self.told)} cases, {self.requests} requests sent, "
            f"{self.reached['']} forwarded, {self.reached.total() - self.reached['']} allowed, "
            f"by status {statuses}"
        )


@dataclass(frozen=True, slots=True)
class Range:
    """Two gateways to try cases on: one for any Host, and one that serves two names."""

    upstream: Counting
    any_host: Process
    two_hosts: Process

    def attempt(self, cases: Sequence[Case], *, cut: bool, seed: int = 0) -> Tried:
        """Send these cases once, whole or cut into single bytes, and judge them."""
        listed = [case for case in cases if case.group == LISTED.name]
        others = [case for case in cases if case.group != LISTED.name]
        halves = [
            self._attempt(process, some, cut=cut, seed=seed)
            for process, some in ((self.any_host, others), (self.two_hosts, listed))
            if some
        ]
        return Tried(
            told=[it for half in halves for it in half.told],
            wrong=[it for half in halves for it in half.wrong],
            requests=sum(half.requests for half in halves),
            reached=sum((half.reached for half in halves), Counter()),
            stray=sum(half.stray for half in halves),
            alive=all(half.alive for half in halves),
        )

    def _attempt(self, process: Process, cases: Sequence[Case], *, cut: bool, seed: int) -> Tried:
        self.upstream.seen.clear()
        asyncio.run(lives(process.port))
        name = self.upstream.seen[0].values(b"via")[0].rpartition(b" ")[2]
        sender = Sender(process.port, name, cut=cut, seed=seed)
        told = asyncio.run(sender.send(cases))
        alive = asyncio.run(lives(process.port)) and process.running.poll() is None
        seen, stray = by_owner(self.upstream, told)
        wrong = [
            f"{it.case}: {what}"
            for at, it in enumerate(told)
            for what in dict.fromkeys(it.wrong(seen.get(at, [])))
        ]
        reached = Counter({it.case.may_reach: 0 for it in told})
        for at, some in seen.items():
            reached[told[at].case.may_reach] += len(some)
        return Tried(told, wrong, sender.requests, reached, len(stray), alive)


@contextmanager
def firing_range(folder: Path) -> Iterator[Range]:
    """Gateways to try cases on, over at the end."""
    with counting() as upstream:
        settings = {**SETTINGS, "upstream_url": upstream.url}
        hosts = ", ".join(SERVED_NAMES)
        serve = ("serve", "--port", "0")
        with (
            passerelle(folder / "any", *serve, **settings) as any_host,
            passerelle(folder / "two", *serve, **settings, hosts=hosts) as two_hosts,
        ):
            yield Range(upstream, any_host, two_hosts)
