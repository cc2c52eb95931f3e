"""The numbers as Prometheus reads them."""

import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.observe.exposition import exposition
from proxy.observe.families import FAMILIES
from proxy.observe.metrics import BOUNDS
from proxy.observe.totals import Totals
from tests.proxy.observe.told import told

TEXT = "text/plain; version=0.0.4; charset=utf-8"


def scraped(totals: Totals) -> dict[tuple[str, ...], float]:
    """The numbers of a scrape by name and labels, these by their names, as a parser finds them."""
    body, _ = exposition(totals, "")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
    }


def test_counters_gauges_and_durations_come_out_as_they_went_in() -> None:
    totals = Totals()
    snapshot = told(3, breaker=1)
    gateway, pack, options = snapshot.build
    totals.count(snapshot)
    totals.look(snapshot)

    found = scraped(totals)

    assert found["passerelle_requests_total", "GET", "/things/{id}", "200"] == 3
    assert found["passerelle_turns_in_flight",] == 2
    assert found["passerelle_breaker_open", "GET /things/{id}"] == 1
    assert found["passerelle_build_info", gateway, options, pack] == 1
    assert found["passerelle_workers_ready",] == 1
    bucket = "passerelle_request_duration_seconds_bucket"
    assert [found[bucket, str(bound), "/things/{id}"] for bound in (*BOUNDS, "+Inf")] == (
        [1] * (len(BOUNDS) + 1)
    )
    assert found["passerelle_request_duration_seconds_sum", "/things/{id}"] == 0.5
    assert found["passerelle_request_duration_seconds_count", "/things/{id}"] == 1


def test_what_has_no_label_and_every_reason_is_there_before_it_happens() -> None:
    found = scraped(Totals())

    assert found["passerelle_clients_left_total",] == 0
    assert found["passerelle_workers_ready",] == 0
    assert [
        found["passerelle_workers_not_ready", it] for it in ("draining", "store", "silent")
    ] == [
        0,
        0,
        0,
    ]


def test_every_metric_is_named_before_it_has_a_number() -> None:
    text = exposition(Totals(), "")[0].decode()

    for family in FAMILIES:
        assert f"# HELP {family.name}" in text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [("", TEXT), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
    ids=["plain", "openmetrics"],
)
def test_it_comes_in_the_form_that_is_asked_for(accept: str, kind: str) -> None:
    _, content_type = exposition(Totals(), accept)

    assert content_type.startswith(kind)


def test_the_processes_are_added_up_and_what_is_none_is_left_out() -> None:
    alone = scraped(Totals())
    both = scraped(Totals(processes={os.getpid(), os.getppid(), 2**22 + 1}))

    resident = ("process_resident_memory_bytes",)
    assert both[resident] > alone[resident] > 0
    assert both["process_start_time_seconds",] <= alone["process_start_time_seconds",]
