"""Whichever way the new API fails, on whichever call: an answer in the old form, and in time."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sockets.processes import Process, passerelle
from tests.wire import matrix
from tests.wire.failing import MATRIX
from tests.wire.faults import FaultUpstream, fault_upstream
from tests.wire.surface import OPERATIONS

DEADLINE_SECONDS = 0.5
CHOSEN = tuple(
    operation
    for operation in OPERATIONS
    if operation.name in ("read record", "create record", "put record", "delete record")
)
CALLS = 5


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultUpstream]:
    """A new API that fails as it is told."""
    with fault_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(upstream: FaultUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A gateway before it; what also succeeds is never suspended, so that each fault is met."""
    with passerelle(
        tmp_path_factory.mktemp("gateway"),
        "serve",
        "--port",
        "0",
        upstream_url=upstream.url,
        deadline_seconds=str(DEADLINE_SECONDS),
        breaker_ratio="1",
    ) as process:
        yield process


async def test_every_fault_on_every_call_is_told_in_the_old_form_and_in_time(
    gateway: Process, upstream: FaultUpstream
) -> None:
    outcomes = matrix.Outcomes()
    await matrix.healthy(gateway.port, CHOSEN, {}, "before")
    played, after = matrix.cases(upstream, CHOSEN, MATRIX, "before"), set()

    for fault in MATRIX:
        met = [case for case in played if case.fault == fault]
        await matrix.play(gateway.port, met, {}, DEADLINE_SECONDS, outcomes)
        healthy = await matrix.healthy(gateway.port, CHOSEN, {}, f"after-{fault}")
        after |= set(healthy.values())

    matrix.upstream_wrongs(upstream, played, outcomes)
    print(f"{outcomes.cases} cases, {len(MATRIX)} faults: {dict(outcomes.statuses)}")
    assert outcomes.cases == CALLS * len(MATRIX)
    assert outcomes.told == []
    assert after == {200, 201, 204}


def test_a_new_api_that_is_gone_is_told_in_the_old_form_and_in_time(tmp_path: Path) -> None:
    outcomes = matrix.Outcomes()
    played = [matrix.Case(operation, "refuse", 1, written=False) for operation in CHOSEN]
    with (
        fault_upstream() as leaving,
        passerelle(tmp_path, "serve", "--port", "0", upstream_url=leaving.url) as process,
    ):
        before = asyncio.run(matrix.healthy(process.port, CHOSEN, {}, "before"))
        leaving.stop()
        asyncio.run(matrix.play(process.port, played, {}, DEADLINE_SECONDS, outcomes))

    assert set(before.values()) == {200, 201, 204}
    assert outcomes.told == []
    assert outcomes.statuses == {("refuse", "502"): len(CHOSEN)}


def test_a_credential_chooses_the_fault_and_the_call_that_meets_it(
    gateway: Process, upstream: FaultUpstream
) -> None:
    (put,) = [operation for operation in CHOSEN if operation.name == "put record"]
    first, second = [matrix.Case(put, "tls", call, written=False) for call in (1, 2)]

    asyncio.run(matrix.play(gateway.port, [first, second], {}, 5, matrix.Outcomes()))

    record = put.path.removeprefix("/api/v1/records").removesuffix(".json")
    calls = [("GET", f"/health_records{record}"), ("PATCH", f"/health_records{record}")]
    assert set(upstream.times(first.token)) == {calls[0]}
    assert list(upstream.times(second.token)) == calls
    assert upstream.times(second.token)[calls[1]] == 1
