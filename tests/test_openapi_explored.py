"""The document of the legacy surface, held against what the gateway before the sandbox answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings

from bench.chaos.explored import (
    CONFORMANCE,
    NOT_SERVED,
    OPERATIONS,
    Case,
    application,
    before_the_sandbox,
    cases,
    ids_in,
    plant,
    sample_of,
)
from mappings.core.endpoint import Endpoint
from mappings.core.openapi.operations import JSON
from mappings.mesvaccins import PACK
from tests.sockets.processes import Process

FOR_OTHERS = {
    f"{row.path}{PACK.suffix}"
    for row in PACK.endpoints
    if isinstance(row, Endpoint) and row.action == "run"
}
"""The paths that answer only the professional who was asked."""

# Few examples of each of many operations: all of it takes less than half a minute.
explored = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A gateway with all that an operator can give it, before the sandbox."""
    with before_the_sandbox(tmp_path_factory.mktemp("explored")) as process:
        yield process


@pytest.fixture(scope="module")
def client() -> Iterator[requests.Session]:
    """A client with the application's key."""
    with application() as session:
        yield session


@pytest.fixture
def planted(client: requests.Session, base_url: str) -> dict[str, str]:
    """The ids of a record that is there, and of what lies within it, by the path before them."""
    return plant(client, base_url)


@pytest.fixture(scope="module")
def base_url(gateway: Process) -> str:
    return f"{gateway.url}{PACK.prefixes[0]}"


@pytest.mark.parametrize("label", OPERATIONS)
def test_an_operation_answers_as_the_document_says(
    label: str, client: requests.Session, base_url: str, planted: dict[str, str]
) -> None:
    operation = OPERATIONS[label]
    told = operation.definition.raw["responses"]

    @explored
    @given(case=cases(operation, planted))
    def explore(case: Case) -> None:
        answer = case.call(base_url=base_url, session=client)

        assert answer.status_code < 500 or answer.status_code == NOT_SERVED
        assert str(answer.status_code) in told
        case.validate_response(answer, checks=CONFORMANCE)

    explore()


def test_what_the_sample_asks_for_is_done_as_the_document_says(
    client: requests.Session, base_url: str, planted: dict[str, str]
) -> None:
    for operation in OPERATIONS.values():
        told = operation.definition.raw
        if not told["responses"].keys() & {"200", "201"} or operation.path in FOR_OTHERS:
            continue
        case = operation.Case(path_parameters=ids_in(operation.path, planted))
        if "requestBody" in told:
            case = operation.Case(
                path_parameters=case.path_parameters,
                body=sample_of(operation.path),
                media_type=JSON,
            )

        answer = case.call_and_validate(base_url=base_url, session=client, checks=CONFORMANCE)

        # A professional is asked once: that was done when the record was planted.
        asked = operation.path.endswith("/sharing_requests.json") and "requestBody" in told
        assert answer.status_code == 409 if asked else answer.status_code in (200, 201)
