"""Figure 5: whatever way the new API fails, on whichever call, the answer says so, and in time."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

from bench.chaos.clients import Client
from bench.chaos.figure import Figure
from tests.sockets.processes import Process, passerelle
from tests.wire import matrix
from tests.wire.failing import MATRIX
from tests.wire.faults import FaultUpstream, fault_upstream
from tests.wire.modern_api import digest
from tests.wire.surface import OPERATIONS, tables

DEADLINE_SECONDS = 2.0
REFUSE = "refuse"
"""The fault of an upstream that is not there."""

SLOW = "slow"
"""Each call comes back in time; three of them together do not."""

QUICK = ("rst_before", "black_hole", "cut_length", "garbage")
CALLERS = 4
"""Who ask beside the faults, and must notice nothing."""


def figure(*, quick: bool) -> Figure:
    """Every fault on every call of every operation, a fault at a time."""
    figure, outcomes = Figure(5, "faults"), matrix.Outcomes()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {
            "tables": str(tables(folder / "tables")),
            "deadline_seconds": str(DEADLINE_SECONDS),
            "max_requests": "200",
            # A kind of call that also succeeds is never suspended: each case meets its fault.
            "breaker_ratio": "1",
        }
        with fault_upstream() as upstream, _serving(folder / "a", upstream, settings) as process:
            faults = QUICK if quick else MATRIX
            beside = asyncio.run(_faults(process, upstream, faults, outcomes))
        with fault_upstream() as upstream, _serving(folder / "b", upstream, settings) as process:
            asyncio.run(_refused(process, upstream, outcomes))
    _demand(figure, outcomes, beside)
    return figure


def _serving(
    folder: Path, upstream: FaultUpstream, settings: dict[str, str]
) -> AbstractContextManager[Process]:
    return passerelle(folder, "serve", "--port", "0", upstream_url=upstream.url, **settings)


async def _faults(
    process: Process, upstream: FaultUpstream, faults: tuple[str, ...], outcomes: matrix.Outcomes
) -> matrix.Outcomes:
    """A fault at a time, with callers beside it; before and after, all is well."""
    beside = matrix.Outcomes()
    ids = await matrix.legacy_ids(process.port)
    await _all_is_well(process, ids, "before", beside)
    played = matrix.cases(upstream, OPERATIONS, faults, "before")
    for fault in faults:
        met = [case for case in played if case.fault == fault]
        callers = [asyncio.create_task(_beside(process, beside)) for _ in range(CALLERS)]
        await matrix.play(process.port, met, ids, DEADLINE_SECONDS, outcomes)
        for caller in callers:
            caller.cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        await _all_is_well(process, ids, f"after-{fault}", beside)
    together = [
        matrix.Case(case.operation, SLOW, 0, case.written)
        for case in played
        if case.call == 3 and case.fault == faults[0]
    ]
    await matrix.play(process.port, together, ids, DEADLINE_SECONDS, outcomes)
    matrix.upstream_wrongs(upstream, [*played, *together], outcomes)
    return beside


async def _refused(process: Process, upstream: FaultUpstream, outcomes: matrix.Outcomes) -> None:
    """The new API is gone, so that every operation fails at its first call."""
    ids = await matrix.legacy_ids(process.port)
    upstream.stop()
    played = [matrix.Case(operation, REFUSE, 1, written=False) for operation in OPERATIONS]
    await matrix.play(process.port, played, ids, DEADLINE_SECONDS, outcomes)


async def _all_is_well(
    process: Process, ids: dict[str, int], run: str, beside: matrix.Outcomes
) -> None:
    for name, status in (await matrix.healthy(process.port, OPERATIONS, ids, run)).items():
        beside.cases += 1
        if status not in (200, 201, 204):
            beside.told.append(f"{name}, {run}: {status}")


async def _beside(process: Process, beside: matrix.Outcomes) -> None:
    """One caller for whom nothing fails, until cancelled."""
    client = Client(process.port, f"beside-{uuid4()}")
    while True:
        identity = str(uuid4())
        answer = await client.ask("GET", f"/api/v1/records/{identity}.json")
        document = matrix.whole(answer.body) if answer.status == 200 else {}
        beside.cases += 1
        if (document.get("uuid"), document.get("zip_code")) != (identity, digest(client.token)):
            beside.told.append(f"a caller beside: {answer.status}")
        await asyncio.sleep(0.02)


def _demand(figure: Figure, outcomes: matrix.Outcomes, beside: matrix.Outcomes) -> None:
    limit = DEADLINE_SECONDS + matrix.MARGIN_SECONDS
    slowest = outcomes.slowest
    figure.demand("slowest answer", f"<= {limit} s", f"{slowest:.2f} s", slowest <= limit)
    for what in (
        "hung",
        "closed without an answer",
        "500",
        "not mapped",
        "not in the legacy form",
        "503 without Retry-After",
        "half a document",
        "names the new API",
        "written twice",
        "met no fault",
    ):
        figure.none(what, outcomes.wrong[what])
    figure.none("wrong for those whom no fault meets", len(beside.told))
    figure.counts["cases"] = outcomes.cases
    figure.counts["faults"] = len({fault for fault, _ in outcomes.statuses})
    figure.counts["operations"] = len(OPERATIONS)
    figure.counts["right beside them"] = beside.cases - len(beside.told)
    for (fault, status), times in sorted(outcomes.statuses.items()):
        figure.counts[f"{fault} {status}"] = times
    for place, told in enumerate([*outcomes.told, *beside.told][:10]):
        figure.counts[f"wrong {place + 1}"] = told
