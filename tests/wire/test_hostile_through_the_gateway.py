"""Answers that no new API should give: what a legacy client sees of each, and the one after it."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sockets.people import MODERN_NAMES, RECORDS, legacy_document
from tests.sockets.processes import Process, passerelle
from tests.sockets.wire import Heard, ask, bearer
from tests.wire import matrix
from tests.wire.faults import FaultUpstream, fault_upstream
from tests.wire.hostile import CLOSING, CONTENT, FIELDS, FRAMING, HEADS, HOSTILE, STRANGER, UNTOLD
from tests.wire.modern_api import FULL, digest

DEADLINE_SECONDS = 1.0
READ = f"/api/v1/records/{FULL}.json"
SENTENCES = {
    401: "Vous devez vous authentifier.",
    502: "Le service a donné une réponse inattendue.",
    503: "Le service est momentanément indisponible : réessayez plus tard.",
    504: "Le service n'a pas répondu à temps.",
}
STRANGE = (b"set-cookie", b"evil.example", b"stolen", b"\x1b", STRANGER.encode(), UNTOLD)

RIGHT = {200}
BAD = {502}
LATE = {504}
MAY_BE_RIGHT = {200, 502}
"""What ends where it should may be taken, or given up for what is odd about it."""

UNTIMELY = ("late_answer", "late_bytes", "early_answer", "length_without_body")
"""Faults of the fault upstream that are no bytes alone."""

EXPECTED: dict[str, set[int]] = {
    "extra_bytes": MAY_BE_RIGHT,
    "second_answer": MAY_BE_RIGHT,
    "early_hints": RIGHT,
    "same_lengths": MAY_BE_RIGHT,
    "length_list": MAY_BE_RIGHT,
    "length_short": BAD,
    "chunk_extension": MAY_BE_RIGHT,
    "coding_1_0": MAY_BE_RIGHT,
    "trailers": MAY_BE_RIGHT,
    "no_length": MAY_BE_RIGHT,
    "set_cookie": RIGHT,
    "names": RIGHT,
    "keep_or_close": MAY_BE_RIGHT,
    "crlf_location": RIGHT,
    "escaped_location": RIGHT,
    "crlf_etag": MAY_BE_RIGHT,
    "escape_etag": MAY_BE_RIGHT,
    "next_elsewhere": RIGHT,
    "next_forever": RIGHT,
    "next_strange": RIGHT,
    "retry_after_huge": {503},
    "retry_after_text": {503},
    "retry_after_negative": {503},
    "unauthorized": {401},
    "invalid_deep": {422},
    "late_answer": RIGHT,
    "late_bytes": RIGHT,
    "early_answer": MAY_BE_RIGHT,
    "length_without_body": LATE,
}
"""Every other one is a bad answer."""

OF_LISTS = {
    "next_elsewhere": BAD,
    "next_forever": BAD,
    "next_strange": BAD,
    "other_record": BAD,
    "half_document": BAD,
    "second_answer": MAY_BE_RIGHT,
    "cut_chunk": BAD,
}
OF_CREATIONS = {
    "half_document": BAD,
    "crlf_location": {201},
    "early_answer": {201, 502},
    "cut_length": BAD,
    "redirect_307": BAD,
    "body_204": BAD,
    "bad_gzip": BAD,
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultUpstream]:
    """A new API that answers as it is told."""
    with fault_upstream() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(upstream: FaultUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A gateway before it; what also succeeds is never suspended, so that each answer is met."""
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
        assert not [line for line in process.log if json.loads(line)["event"] == "failure"]


@pytest.fixture(scope="module")
def statuses() -> Iterator[Counter[int]]:
    """How many of each status were seen."""
    counted: Counter[int] = Counter()
    yield counted
    print(f"{counted.total()} hostile answers of {len(HOSTILE) + len(UNTIMELY)} kinds: {counted}")


@pytest.mark.parametrize("name", [*HOSTILE, *UNTIMELY])
def test_a_hostile_answer_to_a_reading_harms_neither_its_caller_nor_the_next(
    name: str, gateway: Process, statuses: Counter[int]
) -> None:
    caller = f"fault-{name}-reads"

    answer = ask(gateway.port, "GET", READ, headers=bearer(caller))

    statuses[answer.status] += 1
    assert answer.status in EXPECTED.get(name, BAD)
    assert_right_or_in_the_old_form(answer)
    if answer.status == 200:
        assert (answer.document["uuid"], answer.document["zip_code"]) == (FULL, digest(caller))
    assert_another_caller_is_served(gateway, name)


@pytest.mark.parametrize("name", OF_LISTS)
def test_a_hostile_answer_to_a_listing_harms_neither_its_caller_nor_the_next(
    name: str, gateway: Process, statuses: Counter[int]
) -> None:
    answer = ask(gateway.port, "GET", RECORDS, headers=bearer(f"fault-{name}-lists"))

    statuses[answer.status] += 1
    assert answer.status in OF_LISTS[name]
    assert_right_or_in_the_old_form(answer)
    assert_another_caller_is_served(gateway, name)


@pytest.mark.parametrize("name", OF_CREATIONS)
def test_a_hostile_answer_to_a_creation_is_told_and_nothing_is_made_twice(
    name: str, gateway: Process, upstream: FaultUpstream, statuses: Counter[int]
) -> None:
    caller = f"fault-{name}-creates"

    answer = ask(gateway.port, "POST", RECORDS, legacy_document(), bearer(caller))

    statuses[answer.status] += 1
    assert answer.status in OF_CREATIONS[name]
    assert_right_or_in_the_old_form(answer)
    assert upstream.times(caller) == {("POST", "/health_records"): 1}
    assert_another_caller_is_served(gateway, name)


def test_the_same_caller_is_served_rightly_after_a_stray_answer(gateway: Process) -> None:
    """Its connections may be its own; what was left on them still is no answer."""
    wrong: list[Any] = []
    for number in range(40):
        caller = bearer("fault-some-of-the-same-caller")
        identity = f"{number:08d}-6b3e-4d57-9a08-71e5f0b3c6d2"
        answer = ask(gateway.port, "GET", f"/api/v1/records/{identity}.json", headers=caller)
        if answer.status == 200 and answer.document["uuid"] != identity:
            wrong.append(answer.status)
        assert answer.status in (200, 502)

    assert wrong == []


def test_there_are_as_many_kinds_as_are_told() -> None:
    kinds = (FRAMING, CLOSING, HEADS, CONTENT, FIELDS)

    assert sum(map(len, kinds)) == len(HOSTILE) >= 35
    assert EXPECTED.keys() <= {*HOSTILE, *UNTIMELY}


def assert_right_or_in_the_old_form(answer: Heard) -> None:
    """Nothing of what was hostile is in an answer; a failure has its sentence."""
    raw = answer.head.lower() + answer.body
    assert not [strange for strange in STRANGE if strange in raw]
    if answer.status >= 400:
        assert matrix.misshapen(answer.status, answer.headers, answer.body) == []
        assert not [name for name in MODERN_NAMES if name in raw]
    if answer.status in SENTENCES:
        assert answer.document == {"error": SENTENCES[answer.status]}


def assert_another_caller_is_served(gateway: Process, name: str) -> None:
    """Somebody else, right after it, reads what is theirs."""
    canary = f"canary-after-{name}"

    answer = ask(gateway.port, "GET", READ, headers=bearer(canary))

    assert (answer.status, answer.document["zip_code"]) == (200, digest(canary))
    assert_right_or_in_the_old_form(answer)
