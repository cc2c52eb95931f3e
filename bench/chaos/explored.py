"""
The document of the legacy surface: the requests that it allows and forbids, and what it says.

A gateway with all that an operator can give it, before the sandbox, is there to answer them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import requests
import schemathesis
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
from proxy.settings.keys import new_key
from tests.sockets.processes import Process, passerelle
from tests.wire.surface import tables

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

WRAPPERS = {row.wrapper for row in PACK.endpoints if isinstance(row, Endpoint)}
KEY = base64.b64encode(b"logiciel:sesame").decode()
CHEAP = (2, 1, 1)
"""A cost of hashing that nobody has to wait for."""

Case: TypeAlias = schemathesis.Case[Any]


@contextmanager
def before_the_sandbox(folder: Path) -> Iterator[Process]:
    """A gateway that serves every operation of the document."""
    with (
        passerelle(folder / "sandbox", "sandbox", "--port", "0") as sandbox,
        passerelle(
            folder / "gateway",
            *("serve", "--port", "0"),
            upstream_url=sandbox.url,
            token_url=f"{sandbox.url}/realms/professional/protocol/openid-connect/token",
            credentials="exchange",
            applications=str(_applications(folder)),
            tables=str(tables(folder / "tables")),
            keys=new_key(),
            # The same document that is written twice is meant twice.
            intent_minutes="0",
        ) as process,
    ):
        yield process


def _applications(folder: Path) -> Path:
    """One legacy application, known by its key."""
    path = folder / "applications.toml"
    path.write_text(
        f'[applications.logiciel]\nsecret = "{SecretHash.of("sesame", CHEAP)}"\n'
        'client_id = "hospital-software"\nclient_secret = "hospital-secret"\n',
        encoding="utf-8",
    )
    return path


@contextmanager
def application() -> Iterator[requests.Session]:
    """A client with the application's key."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Basic {KEY}"
        yield session


def plant(client: requests.Session, base_url: str) -> dict[str, str]:
    """The ids of a record that is there, and of what lies within it, by the path before them."""

    def made(path: str, document: Any) -> str:
        answer = client.post(f"{base_url}{path}.json", json=document)
        answer.raise_for_status()
        read = answer.json()
        return str(read.get("uuid") or read["id"])

    record = made("/records", PACK.sample.created)
    within = {
        part: made(f"/records/{record}/{part}", document)
        for part, document in PACK.sample.within.items()
    }
    return {"records": record, **within}


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
