"""Interleaved rounds: every gateway in turn, then every one again."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from bench.speed.golden import Golden, ask, differences, golden, started
from bench.speed.installing import MissingError, debian, nginx, tell
from bench.speed.load import Sample, row, told_by_wrk, under_load, wrk
from bench.speed.peers import PEERS, Peer, Place
from bench.speed.processes import Cores, Running, cores, free_port
from bench.speed.upstream import static_upstream
from bench.speed.workload import READ_ONE

CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: int
    """Of each window."""
    works: tuple[str, ...]
    peers: tuple[str, ...] = ()
    """All of them where none is named."""
    always: tuple[str, ...] = ("passerelle",)
    """Measured whoever is named."""

    def wants(self, peer: Peer) -> bool:
        """Whether a peer is to be measured."""
        named = not self.peers or (peer.row or peer.name) in (*self.peers, *self.always)
        return named and any(work in self.works for work in peer.works)


@dataclass(slots=True)
class Measured:
    """What a run showed."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    """Peers that could not be measured, and why."""
    ratios: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    """What passerelle costs over what a peer does, by peer and work, one for each round."""
    added_us: dict[str, float] = field(default_factory=dict)
    """At one connection: the median latency over the bare new API's."""


@dataclass(slots=True)
class Bench:
    """Gateways that run, and what was seen of them."""

    plan: Plan
    right: Golden
    at: Cores
    upstream: Running
    serving: dict[str, Running]
    samples: dict[tuple[str, str], list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """By peer and work, one for each round."""
    wrong: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """How many bodies that were looked at were not right."""
    alone: dict[str, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    """By peer, at one connection."""
    bare: list[float] = field(default_factory=list)
    """The median latency of the new API itself, at one connection."""

    def round(self, peers: Sequence[Peer]) -> None:
        """One window of each work for each gateway, and a look at what it answers then."""
        for name in self.plan.works:
            for peer in peers:
                if name in peer.works:
                    self._window(peer, name)
        bare = wrk(
            self.upstream.port, replace(READ_ONE, path=READ_ONE.upstream), self.at.rest, 1, 1
        )
        self.bare.append(told_by_wrk(bare)["p50"])
        for peer in peers:
            if READ_ONE.name in peer.works:
                seen = under_load(self.serving[peer.name], READ_ONE, self.at.rest, 1, 1)
                self.alone[peer.name].append(seen)

    def _window(self, peer: Peer, name: str) -> None:
        serving, work, key = (
            self.serving[peer.name],
            self.right.workload.works[name],
            (peer.name, name),
        )
        seen = under_load(serving, work, self.at.rest, CONNECTIONS, self.plan.seconds)
        self.samples[key].append(seen)
        self.wrong[key] += peer.translates and ask(serving.port, work) != self.right.answers[name]
        tell(f"  {peer.name} {name}: {seen.cpu_us:.0f} us, {seen.rps:.0f}/s, {seen.errors} errors")

    def warm_up(self, peers: Sequence[Peer]) -> None:
        """A second of each work, so that what is done only once is done."""
        for peer in peers:
            for name in peer.works:
                if name in self.plan.works:
                    serving = self.serving[peer.name]
                    under_load(
                        serving, self.right.workload.works[name], self.at.rest, CONNECTIONS, 1
                    )


def measure(plan: Plan, folder: Path) -> Measured:
    """A whole run, against what the gateway itself answers and sends."""
    nginx()
    return measure_against(golden(folder / "golden", cores().gateway), plan, folder)


def measure_against(right: Golden, plan: Plan, folder: Path) -> Measured:
    """A whole run with what is right."""
    measured, at = Measured(), cores()
    if at.gateway == at.rest:
        tell("only one core: the gateways share it with the load, so the figures are no figures")
    nginx()
    debian("wrk", have="wrk")
    peers = [it for it in PEERS if plan.wants(it) and _is_ready(it, right, at, folder, measured)]
    with ExitStack() as stack:
        upstream = stack.enter_context(
            static_upstream(folder / "upstream", at.rest, right.workload.answers())
        )
        serving = {
            peer.name: started(peer, _place(peer, upstream.port, right, folder), at.gateway, stack)
            for peer in peers
        }
        bench = Bench(plan, right, at, upstream, serving)
        bench.warm_up(peers)
        for number in range(plan.rounds):
            tell(f"round {number + 1} of {plan.rounds}")
            bench.round(peers)
    return _summary(bench, peers, measured)


def _is_ready(peer: Peer, right: Golden, at: Cores, folder: Path, measured: Measured) -> bool:
    """Whether a peer is installed and does the same work; if not, it is said."""
    tell(f"{peer.name}: {peer.what}")
    try:
        peer.install()
        place = _place(peer, 0, right, folder)
        found = differences(peer, place, at.gateway, right) if peer.translates else []
    except (MissingError, RuntimeError, OSError) as error:
        found = [str(error)]
    if found:
        measured.missing[peer.name] = "; ".join(found[:5])
        tell(f"LEFT OUT: {peer.name}: {measured.missing[peer.name]}")
    return not found


def _place(peer: Peer, upstream_port: int, right: Golden, folder: Path) -> Place:
    """A new place for a peer; the gateway's own store has the ids that are right."""
    own = folder / f"{peer.name}-{free_port()}"
    if (peer.row or peer.name) == "passerelle":
        shutil.copytree(right.store, own)
    else:
        own.mkdir()
    upstream = f"127.0.0.1:{upstream_port}"
    name = right.workload.name
    return Place(own, free_port(), upstream, right.tables, right.operator, name)


def _summary(bench: Bench, peers: Sequence[Peer], measured: Measured) -> Measured:
    bare = median(bench.bare)
    for (name, work), samples in bench.samples.items():
        peer = next(it for it in peers if it.name == name)
        wrong, shown = bench.wrong[name, work], peer.row or name
        measured.rows.append(
            row(shown, work, CONNECTIONS, samples, wrong, equal=peer.translates and not wrong)
        )
        ours = bench.samples.get(("passerelle", "create" if work == "create-kept" else work), [])
        if name == "passerelle-kept":
            measured.ratios[shown, work] = _over(samples, ours)
        elif name != "passerelle":
            measured.ratios[shown, work] = _over(ours, samples)
    for name, samples in bench.alone.items():
        peer = next(it for it in peers if it.name == name)
        alone = row(name, READ_ONE.name, 1, samples, 0, equal=peer.translates)
        measured.added_us[name] = alone["p50_us"] - bare
        measured.rows.append({**alone, "added_p50_us": round(alone["p50_us"] - bare)})
    return measured


def _over(costs: Sequence[Sample], others: Sequence[Sample]) -> list[float]:
    """What one costs over the other, round by round."""
    return [it.cpu_us / other.cpu_us for it, other in zip(costs, others, strict=False)]
