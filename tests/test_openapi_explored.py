"""The document of the legacy surface, held against what the gateway before the sandbox answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode

from mappings.core.endpoint import Endpoint
from mappings.core.openapi import legacy_document
from mappings.core.openapi.operations import JSON
from mappings.mesvaccins import PACK
from proxy.credentials.hashes import SecretHash
from proxy.store.seal import new_key
from tests.sockets.processes import Process, passerelle

SCHEMA = schemathesis.openapi.from_dict(legacy_document(PACK))
FOUND: Iterator[Any] = SCHEMA.get_all_operations()
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in FOUND)}
CONFORMANCE = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
NOT_SERVED = 501
"""The one status above 499 that is an answer and no failure."""

SAMPLES = {
    "records": PACK.sample.created,
    **PACK.sample.within,
    "token": {"grant_type": "password", "username": "anatole", "password": "anatole-password"},
}
"""By the last part of the path at which they are written."""

FOR_OTHERS = {
    f"{row.path}{PACK.suffix}"
    for row in PACK.endpoints
    if isinstance(row, Endpoint) and row.action == "run"
}
"""The paths that answer only the professional who was asked."""

WRAPPERS = {row.wrapper for row in PACK.endpoints if isinstance(row, Endpoint)}

Case: TypeAlias = schemathesis.Case[Any]

# Few examples of each of many operations: all of it takes less than half a minute.
explored = settings(
    max_examples=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def tables(folder: Path) -> Path:
    """The operator's tables, with the invented rows of the sample."""
    folder.mkdir()
    for name, rows in PACK.sample.tables.items():
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    return folder


def applications(folder: Path) -> Path:
    """One legacy application, known by its key."""
    path = folder / "applications.toml"
    path.write_text(
        f'[applications.logiciel]\nsecret = "{SecretHash.of("sesame", (2, 1, 1))}"\n'
        'client_id = "hospital-software"\nclient_secret = "hospital-secret"\n',
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A gateway with all that an operator can give it, before the sandbox."""
    folder = tmp_path_factory.mktemp("explored")
    with (
        passerelle(folder / "sandbox", "sandbox", "--port", "0") as sandbox,
        passerelle(
            folder / "gateway",
            *("serve", "--port", "0"),
            upstream_url=sandbox.url,
            token_url=f"{sandbox.url}/realms/professional/protocol/openid-connect/token",
            credentials="exchange",
            applications=str(applications(folder)),
            tables=str(tables(folder / "tables")),
            keys=new_key(),
            # The same document that is written twice is meant twice.
            intent_minutes="0",
        ) as process,
    ):
        yield process


@pytest.fixture(scope="module")
def client(gateway: Process) -> Iterator[requests.Session]:
    """A client with the application's key."""
    key = base64.b64encode(b"logiciel:sesame").decode()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Basic {key}"
        yield session


@pytest.fixture
def planted(client: requests.Session, base_url: str) -> dict[str, str]:
    """The ids of a record that is there, and of what lies within it, by the path before them."""

    def made(path: str, document: Any) -> str:
        answer = client.post(f"{base_url}{path}.json", json=document)
        assert answer.status_code == 201, path
        read = answer.json()
        return str(read.get("uuid") or read["id"])

    record = made("/records", PACK.sample.created)
    within = {
        part: made(f"/records/{record}/{part}", document)
        for part, document in PACK.sample.within.items()
    }
    return {"records": record, **within}


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


def cases(operation: Any, planted: dict[str, str]) -> st.SearchStrategy[Case]:
    """Requests as the document has them, about what is there and what is not; and wrong ones."""
    ids = ids_in(operation.path, planted)
    known = operation.as_strategy(path_parameters=ids)
    wrong = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    if "requestBody" not in operation.definition.raw:
        # Without an id in its path there is nothing that could be wrong.
        return st.one_of(
            known, operation.as_strategy(), *([wrong] if "{" in operation.path else ())
        )
    in_json = operation.as_strategy(path_parameters=ids, media_type=JSON)
    sample = st.just(sample_of(operation.path))
    whole = st.builds(plausible, in_json, sample, st.sets(st.integers(0, 20), max_size=2))
    return st.one_of(whole, whole, known, operation.as_strategy(), wrong)


def plausible(case: Any, sample: dict[str, Any], places: set[int]) -> Case:
    """A request with the sample's document, in which a few members are the drawn ones."""
    if isinstance(case.body, dict):
        members = (it for it in case.body.items() if it[0] not in WRAPPERS)
        case.body = sample | dict(it for place, it in enumerate(members) if place in places)
    return case  # type: ignore[no-any-return]  # what builds it does not tell its type


def ids_in(path: str, planted: dict[str, str]) -> dict[str, str]:
    """The ids for a path: of the record, and of what lies within it."""
    parts = path.removesuffix(PACK.suffix).strip("/").split("/")
    return {
        name.strip("{}"): planted.get(above, "7")
        for above, name in pairwise(parts)
        if name.startswith("{")
    }


def sample_of(path: str) -> dict[str, Any]:
    """The sample's document for what is written at a path."""
    parts = path.removesuffix(PACK.suffix).strip("/").split("/")
    return dict(SAMPLES[[part for part in parts if not part.startswith("{")][-1]])
