"""Adding up what requests and calls did, and how long they took."""

import pytest

from proxy.errors import (
    SuspendedError,
    UpstreamContractError,
    UpstreamError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from proxy.observe.metrics import BOUNDS, Metrics, add, count_of, empty

GET = "GET /things/{id}"


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, 0), (0.001, 0), (0.0011, 1), (10.0, 12), (11.0, 13)]
)
def test_a_request_is_in_the_first_bucket_whose_bound_it_does_not_exceed(
    seconds: float, bucket: int
) -> None:
    metrics = Metrics()

    metrics.request("/things/{id}", "GET", 200, seconds)

    row = metrics.requests["/things/{id}", "GET", 200]
    assert row.index(1) == bucket
    assert row[-1] == seconds
    assert len(row) == len(BOUNDS) + 2


def test_requests_are_counted_by_route_method_and_status() -> None:
    metrics = Metrics()

    for status in (200, 200, 404):
        metrics.request("/things/{id}", "GET", status, 0.25)
    metrics.request("/things", "POST", 201, 0.5)

    assert {key: (count_of(row), row[-1]) for key, row in metrics.requests.items()} == {
        ("/things/{id}", "GET", 200): (2, 0.5),
        ("/things/{id}", "GET", 404): (1, 0.25),
        ("/things", "POST", 201): (1, 0.5),
    }


@pytest.mark.parametrize(("status", "outcome"), [(200, "200"), (599, "599"), (600, "other")])
def test_a_status_that_no_standard_has_is_no_label(status: int, outcome: str) -> None:
    metrics = Metrics()

    metrics.call(GET, status, 0.25)

    assert list(metrics.calls) == [(GET, outcome)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UpstreamTimeoutError(), "timeout"),
        (UpstreamUnreachableError(), "unreachable"),
        (SuspendedError(1), "suspended"),
        (UpstreamContractError([]), "unfit"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_a_call_without_an_answer_is_counted_by_why_there_is_none(
    error: UpstreamError, outcome: str
) -> None:
    metrics = Metrics()

    metrics.call_failed(GET, error, 0.25)

    assert {key: count_of(row) for key, row in metrics.calls.items()} == {(GET, outcome): 1}


def test_rows_add_up() -> None:
    row = empty()

    add(row, [1.0, *[0.0] * len(BOUNDS), 0.5])
    add(row, [1.0, *[0.0] * len(BOUNDS), 0.25])

    assert (row[0], count_of(row), row[-1]) == (2, 2, 0.75)
