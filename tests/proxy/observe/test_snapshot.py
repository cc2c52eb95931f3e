"""What one worker tells of itself."""

import asyncio
from collections.abc import Collection

import pytest
import respx

from mappings.core.context import Key
from proxy.errors import StoreError
from proxy.observe.metrics import Metrics
from proxy.observe.snapshot import GAUGES, Snapshot, operations, snapshot
from proxy.store.store import LegacyId, Store
from tests.proxy.conftest import Gateways, legacy_client_of
from tests.proxy.documents import modern_document
from tests.proxy.observe.told import teller

RECORDS = "/api/v1/records.json"


def numbers(told: Snapshot) -> dict[tuple[str, ...], float]:
    """What is told, but for the times."""
    return {(name, *labels): number for name, labels, number in told.counters + told.gauges}


async def test_it_tells_of_requests_calls_losses_and_counts(
    gateways: Gateways, upstream: respx.Router
) -> None:
    app, metrics = gateways.app(), Metrics()
    upstream.get("/health_records").respond(json=[modern_document(gender="unheard of")])
    await legacy_client_of(app).get(RECORDS, params={"colour": "blue"})
    metrics.request("/records", "GET", 200, 0.25)
    metrics.request("/records", "HEAD", 200, 0.5)
    metrics.call("GET /health_records", 200, 0.125)
    app.state.gateway.losses.by_field["email"] += 3
    app.state.gateway.counts.add("refused", "too_large")
    app.state.gateway.counts.add("left")
    app.state.gateway.counts.add("brand_new", "kind")

    whole = await teller(app, metrics)()

    told = numbers(whole)
    assert told["passerelle_requests", "/records", "GET", "200"] >= 1
    assert told["passerelle_requests", "/records", "HEAD", "200"] == 1
    assert told["passerelle_upstream_calls", "GET /health_records", "200"] >= 1
    assert told["passerelle_lost_values", "email", ""] == 3
    assert told["passerelle_unknown_codes", "gender"] == 1
    assert told["passerelle_dropped_parameters",] == 1
    assert told["passerelle_refused", "too_large"] == 1
    assert told["passerelle_clients_left",] == 1
    assert told["passerelle_other_counts", "brand_new", "kind"] == 1
    times = {(name, *labels): row[-1] for name, labels, row in whole.timings}
    assert times["passerelle_request_duration_seconds", "/records"] >= 0.75
    assert times["passerelle_upstream_call_duration_seconds", "GET /health_records"] >= 0.125


async def test_it_tells_how_full_the_gateway_is(gateways: Gateways) -> None:
    app = gateways.app(max_requests=7, max_held_bytes=1000)
    await app.state.gateway.turns.take()
    app.state.gateway.room.take(12)

    told = numbers(await teller(app, Metrics())())

    assert {name: told[name,] for name, _ in GAUGES} == {
        "passerelle_turns_in_flight": 1,
        "passerelle_turns_limit": 7,
        "passerelle_turns_waiting": 0,
        "passerelle_held_bytes": 12,
        "passerelle_held_bytes_limit": 1000,
        "passerelle_upstream_connections_used": 0,
        "passerelle_upstream_connections_idle": 0,
        "passerelle_upstream_connections_limit": 100,
        "passerelle_upstream_calls_waiting": 0,
        "passerelle_tokens_held": 0,
        "passerelle_crosswalk_cached_pairs": 0,
    }


async def test_it_tells_which_breakers_are_open(gateways: Gateways) -> None:
    app = gateways.app(breaker_ratio=1)
    breaker = app.state.gateway.upstream.breakers.of("GET /health_records")
    for admitted in [breaker.admit() for _ in range(20)]:
        breaker.failed(admitted)

    told = numbers(await teller(app, Metrics())())

    breakers = {key[1]: number for key, number in told.items() if "breaker_open" in key[0]}
    assert [operation for operation, number in breakers.items() if number] == [
        "GET /health_records"
    ]
    assert sorted(breakers) == operations(app.state.gateway.loaded.pack)


async def test_every_operation_is_known_before_it_is_asked_for(gateways: Gateways) -> None:
    found = operations(gateways.app().state.gateway.loaded.pack)

    assert "PATCH /health_records/{id}" in found
    assert "POST /health_records/{record}/vaccination_acts" in found
    assert "POST /sharing_requests/{id}/accept" in found


async def test_the_build_is_the_version_the_pack_and_what_was_chosen_in_it(
    gateways: Gateways,
) -> None:
    usual = await teller(gateways.app(), Metrics())()
    again = await teller(gateways.app(), Metrics())()
    other = await teller(gateways.app(options="[names]\nswap = true"), Metrics())()

    assert usual.build[1] == "mesvaccins"
    assert usual.build == again.build
    assert usual.build[:2] == other.build[:2]
    assert usual.build[2] != other.build[2]


async def test_a_worker_that_ends_is_not_ready(gateways: Gateways) -> None:
    app = gateways.app()
    before = await teller(app, Metrics())()
    app.state.wire.draining = True

    after = await teller(app, Metrics())()

    assert (before.not_ready, after.not_ready) == ((), ("draining",))


class Broken(Store):
    """A store whose database is gone."""

    async def known_legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        raise StoreError


class Stuck(Store):
    """A store whose database does not answer."""

    async def known_legacy_ids(self, asked: Collection[Key]) -> dict[Key, LegacyId]:
        await asyncio.Event().wait()
        return {}


@pytest.mark.parametrize("store", [Broken, Stuck])
async def test_a_worker_without_its_store_is_not_ready_and_tells_all_the_same(
    gateways: Gateways, store: type[Store]
) -> None:
    gateway = gateways.app(store=store).state.gateway

    told = await snapshot(gateway, Metrics(), draining=False, patience_seconds=0.01)

    assert told.not_ready == ("store",)
    assert told.gauges
