"""Figure 9: the malformed corpus, whole and in single bytes."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from bench.chaos.figure import Figure
from tests.wire.corpus import CORPUS, LISTED
from tests.wire.trying import Tried, firing_range

CASES = 300
FAULTS = (500, 502, 503, 504)
SHOWN = 20


def figure(*, quick: bool) -> Figure:
    """Every case is refused or said why it may pass; the gateway goes on as if nothing was."""
    taken = Figure(9, "malformed")
    cases = CORPUS[::5] if quick else CORPUS
    with tempfile.TemporaryDirectory() as folder, firing_range(Path(folder)) as gateways:
        tried = [gateways.attempt(cases, cut=cut) for cut in (False, True)]
        logs = gateways.any_host.err + gateways.two_hosts.err
    _count(taken, tried)
    statuses = sum((it.statuses for it in tried), Counter())
    wrong = list(dict.fromkeys(line for it in tried for line in it.wrong))
    if not quick:
        taken.demand("cases", f">= {CASES}", len(cases), len(cases) >= CASES)
    taken.none("forwarded without a reason", sum(it.reached[""] + it.stray for it in tried))
    taken.none("answers 5xx of the gateway's own", sum(statuses[it] for it in FAULTS))
    taken.none("wrong in any other way", len(wrong))
    taken.none("failures in the log", logs.count('"event": "failure"') + logs.count("Traceback"))
    alive = all(it.alive for it in tried)
    taken.demand("process, after each batch", "lives and serves", alive, alive)
    for line in wrong[:SHOWN]:
        taken.none(line, 1)
    return taken


def _count(taken: Figure, tried: list[Tried]) -> None:
    told = tried[0].told
    allowed = sum(it.reached.total() - it.reached[""] for it in tried)
    statuses = sum((it.statuses for it in tried), Counter())
    taken.counts |= {
        "cases": len(told),
        "of these for a list of hosts": sum(it.case.group == LISTED.name for it in told),
        "that may pass": sum(bool(it.case.may_reach) for it in told),
        "connections": sum(len(it.told) for it in tried),
        "requests": sum(it.requests for it in tried),
        "forwarded with a reason": allowed,
        "closed in silence": statuses.pop(0, 0),
        **{str(status): count for status, count in sorted(statuses.items())},
    }
